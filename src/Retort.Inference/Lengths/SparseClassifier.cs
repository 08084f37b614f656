using System.Numerics;

namespace Retort.Inference.Lengths;

/// <summary>
/// A <see cref="BinClassifier"/>'s logits of one row that is mostly zeros, on the host, from the weights it had when this was made. The bits are
/// those of the device's product: terms in the same order, and fma(0, w, acc) is acc.
/// </summary>
internal sealed class SparseClassifier
{
    private readonly Layer inner, output;
    private readonly float[] hidden;

    /// <summary>Copies the weights, a row an input.</summary>
    public SparseClassifier(BinClassifier network)
    {
        var (innerWeights, innerBias, outputWeights, outputBias) = network.ReadWeights();
        (inner, output) = (new(innerWeights, innerBias), new(outputWeights, outputBias));
        hidden = new float[network.InnerSize];
    }

    /// <summary>Features [inputs] to logits [bins].</summary>
    public void Classify(ReadOnlySpan<float> features, Span<float> logits)
    {
        inner.Apply(features, hidden);
        foreach (ref var value in hidden.AsSpan())
        {
            value = Math.Max(0, value);
        }

        output.Apply(hidden, logits);
    }

    /// <summary>y = W x + bias by columns of W, padded to whole vectors.</summary>
    private sealed class Layer
    {
        private readonly float[] columns, bias, sums;

        public Layer(float[] weights, float[] bias)
        {
            var (outputs, inputs) = (bias.Length, weights.Length / bias.Length);
            this.bias = bias;
            sums = new float[(outputs + Vector<float>.Count - 1) / Vector<float>.Count * Vector<float>.Count];
            columns = new float[inputs * sums.Length];
            for (var i = 0; i < inputs; i++)
            {
                for (var o = 0; o < outputs; o++)
                {
                    columns[i * sums.Length + o] = weights[o * inputs + i];
                }
            }
        }

        public void Apply(ReadOnlySpan<float> x, Span<float> y)
        {
            Array.Clear(sums);
            for (int i = 0, zeros; (zeros = x[i..].IndexOfAnyExcept(0f)) >= 0; i++)
            {
                i += zeros;
                AddColumn(i, x[i]);
            }

            for (var o = 0; o < bias.Length; o++)
            {
                y[o] = sums[o] + bias[o];
            }
        }

        private void AddColumn(int input, float value)
        {
            var column = columns.AsSpan(input * sums.Length, sums.Length);
            for (var o = 0; o < sums.Length; o += Vector<float>.Count)
            {
                var sum = Vector.FusedMultiplyAdd(new Vector<float>(value), new Vector<float>(column[o..]), new Vector<float>(sums, o));
                sum.CopyTo(sums, o);
            }
        }
    }
}
