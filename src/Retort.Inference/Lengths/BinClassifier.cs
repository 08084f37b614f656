using Retort.Core;
using Retort.Models.Checkpoints;
using Retort.Tensors;

namespace Retort.Inference.Lengths;

/// <summary>Linear, ReLU, Linear to a logit for each bin (specification, section 2.3). A row's bits are its own.</summary>
public sealed class BinClassifier : IDisposable
{
    private readonly Parameter inner, innerBias, output, outputBias;

    /// <summary>Weights of zero.</summary>
    public BinClassifier(Device device, int numInputs, int innerSize)
    {
        (Device, NumInputs, InnerSize) = (device, numInputs, innerSize);
        inner = Parameters.Matrix("inner", innerSize, numInputs);
        output = Parameters.Matrix("output", LengthBins.Count, innerSize);
        innerBias = Parameters.Vector("innerBias", innerSize);
        outputBias = Parameters.Vector("outputBias", LengthBins.Count);
        Parameters.Allocate(device);
    }

    /// <summary>Where it computes.</summary>
    public Device Device { get; }

    /// <summary>Features of a row.</summary>
    public int NumInputs { get; }

    /// <summary>Width of the hidden layer.</summary>
    public int InnerSize { get; }

    /// <summary>The weights.</summary>
    public ParameterSet Parameters { get; } = new();

    /// <summary>Arena bytes that <see cref="Forward"/> needs for so many rows, the rows themselves included.</summary>
    public static long ForwardBytes(int numInputs, int innerSize, int maxRows) =>
        sizeof(float) * (long)maxRows * (1 + numInputs + 2L * innerSize + LengthBins.Count) + 5 * Storage.Alignment;

    /// <summary>Features [rows, inputs] to logits [rows, bins].</summary>
    public Variable Forward(Tape tape, Variable features) =>
        tape.Linear(tape.Relu(tape.Linear(features, inner, innerBias)), output, outputBias);

    /// <summary>The same for generation: features [rows, inputs] to logits [rows, bins] by way of hidden [rows, inner], all its caller's.</summary>
    internal void Classify(Tensor features, Tensor hidden, Tensor logits)
    {
        Device.Linear(features, inner.MatrixIn(Parameters.Values), innerBias.In(Parameters.Values), default, hidden);
        Device.Relu(hidden, hidden);
        Device.Linear(hidden, output.MatrixIn(Parameters.Values), outputBias.In(Parameters.Values), default, logits);
    }

    /// <summary>Random weights: matrices N(0, 1/in), biases 0. Equal names give equal weights.</summary>
    public void Initialize(ulong seed, string name)
    {
        foreach (var matrix in (Parameter[])[inner, output])
        {
            var values = new float[matrix.Count];
            var random = CounterRandom.For(seed, $"init/{name}/{matrix.Name}");
            foreach (ref var value in values.AsSpan())
            {
                value = (float)(random.NextGaussian() / Math.Sqrt(matrix.Columns));
            }

            Device.WritePanels(values, matrix.MatrixIn(Parameters.Values), 0);
        }

        Device.Fill(innerBias.In(Parameters.Values), 0);
        Device.Fill(outputBias.In(Parameters.Values), 0);
    }

    /// <summary>
    /// Turns a network over standardised features, (x - mean) * scale, into one over x: the hidden layer takes the rest over.
    /// </summary>
    public void Absorb(ReadOnlySpan<double> mean, ReadOnlySpan<double> scale)
    {
        var (weights, bias) = (new float[inner.Count], new float[InnerSize]);
        Device.ReadPanels(inner.MatrixIn(Parameters.Values), 0, weights);
        Device.Read(innerBias.In(Parameters.Values), bias);
        for (var o = 0; o < InnerSize; o++)
        {
            double sum = bias[o];
            for (var i = 0; i < NumInputs; i++)
            {
                ref var weight = ref weights[o * NumInputs + i];
                var scaled = weight * scale[i];
                sum -= scaled * mean[i];
                weight = (float)scaled;
            }

            bias[o] = (float)sum;
        }

        Device.WritePanels(weights, inner.MatrixIn(Parameters.Values), 0);
        Device.Write(innerBias.In(Parameters.Values), bias);
    }

    /// <summary>The tensors under names that begin with <paramref name="prefix"/>: inner.weight [inner, inputs] and so on.</summary>
    public IEnumerable<TensorToWrite> TensorsToWrite(string prefix) => Named(prefix).Select(tensor => new TensorToWrite(
        tensor.Name, tensor.Shape, destination => Read(tensor.Parameter, destination)));

    /// <summary>Reads them back; a tensor that is missing, has another shape or is not finite is a <see cref="UserError"/>.</summary>
    public void Load(SafetensorsFile file, string prefix)
    {
        foreach (var (name, shape, parameter) in Named(prefix))
        {
            if (!file.Shape(name).SequenceEqual(shape))
            {
                throw UserError.Request($"{file.Path}: tensor '{name}'",
                    $"has shape [{string.Join(", ", file.Shape(name))}]", $"[{string.Join(", ", shape)}]");
            }

            var values = new float[parameter.Count];
            file.Read(name, values);
            if (parameter.IsPanels)
            {
                Device.WritePanels(values, parameter.MatrixIn(Parameters.Values), 0);
            }
            else
            {
                Device.Write(parameter.In(Parameters.Values), values);
            }
        }
    }

    /// <summary>Softmax of one row of logits, in double.</summary>
    public static void Softmax(ReadOnlySpan<float> logits, Span<double> probabilities)
    {
        var max = Max(logits);
        for (var i = 0; i < logits.Length; i++)
        {
            probabilities[i] = logits[i] - (double)max;
        }

        ExactMath.Exp(probabilities, probabilities);
        var sum = 0.0;
        foreach (var power in probabilities)
        {
            sum += power;
        }

        foreach (ref var probability in probabilities)
        {
            probability /= sum;
        }
    }

    /// <summary>The largest logit.</summary>
    internal static float Max(ReadOnlySpan<float> logits)
    {
        var max = float.NegativeInfinity;
        foreach (var logit in logits)
        {
            max = Math.Max(max, logit);
        }

        return max;
    }

    /// <summary>The weights on the host: matrices [inner, inputs] and [bins, inner].</summary>
    internal (float[] Inner, float[] InnerBias, float[] Output, float[] OutputBias) ReadWeights()
    {
        return (Values(inner), Values(innerBias), Values(output), Values(outputBias));

        float[] Values(Parameter parameter)
        {
            var values = new float[parameter.Count];
            Read(parameter, values);
            return values;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Parameters.Dispose();

    private (string Name, int[] Shape, Parameter Parameter)[] Named(string prefix) =>
    [
        (prefix + ".inner.weight", [InnerSize, NumInputs], inner),
        (prefix + ".inner.bias", [InnerSize], innerBias),
        (prefix + ".output.weight", [LengthBins.Count, InnerSize], output),
        (prefix + ".output.bias", [LengthBins.Count], outputBias),
    ];

    private void Read(Parameter parameter, Span<float> destination)
    {
        if (parameter.IsPanels)
        {
            Device.ReadPanels(parameter.MatrixIn(Parameters.Values), 0, destination);
        }
        else
        {
            Device.Read(parameter.In(Parameters.Values), destination);
        }
    }
}
