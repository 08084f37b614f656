using System.Numerics;

namespace Retort.Inference.Lengths;

/// <summary>
/// A <see cref="BinClassifier"/>'s logits of one row that is mostly zeros, on the host, from the weights it had when this was made. The bits are
/// those of the device's product: terms in the same order, and fma(0, w, acc) is acc for finite weights.
/// </summary>
internal sealed class SparseClassifier
{
    private readonly Layer inner, output;
    private readonly float[] hidden, logits;
    private readonly int[] all;

    /// <summary>Copies the weights, a row an input.</summary>
    public SparseClassifier(BinClassifier network)
    {
        var (innerWeights, innerBias, outputWeights, outputBias) = network.ReadWeights();
        (inner, output) = (new(innerWeights, innerBias), new(outputWeights, outputBias));
        (hidden, logits) = (new float[inner.Width], new float[output.Width]);
        all = [.. Enumerable.Range(0, network.InnerSize)];
    }

    /// <summary>The features that are not 0, by ascending <paramref name="inputs"/>, to logits [bins].</summary>
    public void Classify(ReadOnlySpan<int> inputs, ReadOnlySpan<float> values, Span<float> bins)
    {
        inner.Apply(inputs, values, hidden);
        foreach (ref var value in hidden.AsSpan())
        {
            value = Math.Max(0, value);
        }

        output.Apply(all, hidden, logits);
        logits.AsSpan(0, bins.Length).CopyTo(bins);
    }

    /// <summary>y = W x + bias by columns of W, padded to whole vectors.</summary>
    private sealed class Layer
    {
        private readonly float[] columns, bias;

        public Layer(float[] weights, float[] bias)
        {
            var (outputs, inputs) = (bias.Length, weights.Length / bias.Length);
            Width = (outputs + Vector<float>.Count - 1) / Vector<float>.Count * Vector<float>.Count;
            (columns, this.bias) = (new float[inputs * Width], new float[Width]);
            bias.CopyTo(this.bias, 0);
            for (var i = 0; i < columns.Length; i++)
            {
                columns[i] = i % Width < outputs ? weights[i % Width * inputs + i / Width] : 0;
            }
        }

        public int Width { get; }

        public void Apply(ReadOnlySpan<int> inputs, ReadOnlySpan<float> values, float[] y)
        {
            for (var o = 0; o < Width; o += Vector<float>.Count)
            {
                var sum = Vector<float>.Zero;
                for (var i = 0; i < inputs.Length; i++)
                {
                    sum = Vector.FusedMultiplyAdd(new Vector<float>(values[i]), new Vector<float>(columns, inputs[i] * Width + o), sum);
                }

                (sum + new Vector<float>(bias, o)).CopyTo(y, o);
            }
        }
    }
}
