using Retort.Inference.Lengths;
using Retort.Tensors;

namespace Retort.Training.Lengths;

/// <summary>Rows of features with the bin each belongs to.</summary>
internal abstract class ClassifierData
{
    /// <summary>Features of a row.</summary>
    public abstract int NumInputs { get; }

    /// <summary>Rows to learn from.</summary>
    public abstract int[] Training { get; }

    /// <summary>Rows that choose the epoch.</summary>
    public abstract int[] Validation { get; }

    /// <summary>The bin of a row.</summary>
    public abstract int Label(int sample);

    /// <summary>Writes rows, [samples, inputs]. The tape has room for as many integers.</summary>
    public abstract void Fill(Tape tape, ReadOnlySpan<int> samples, Tensor destination);

    /// <summary>The absolute error of an expected length, summed over the steps a row stands for, and how many those are.</summary>
    public abstract (double Sum, int Steps) Error(int sample, double expected);

    /// <summary>What was done to the features beforehand, if the network is to take it over.</summary>
    public virtual (double[] Mean, double[] Scale)? Standardisation => null;
}

/// <summary>One layer's vectors, standardised; the label is what remains.</summary>
internal sealed class VectorData : ClassifierData
{
    private readonly VectorStore store;
    private readonly LengthBins bins;
    private readonly Tensor vectors;

    public VectorData(Device device, VectorStore store, int layer, LengthBins bins)
    {
        (this.store, this.bins, vectors) = (store, bins, store.Of(layer));
        (Training, Validation) = (store.Samples(RequestPart.Training), store.Samples(RequestPart.Validation));
        Standardisation = store.Standardise(device, layer, Training);
    }

    public override int NumInputs => vectors.Columns;

    public override int[] Training { get; }

    public override int[] Validation { get; }

    public override (double[] Mean, double[] Scale)? Standardisation { get; }

    public override int Label(int sample) => bins.Label(Remaining(sample));

    public override void Fill(Tape tape, ReadOnlySpan<int> samples, Tensor destination)
    {
        var indices = tape.TakeInts(samples.Length);
        tape.Device.Write(indices, samples);
        tape.Device.GatherRows(vectors, indices, destination);
    }

    public override (double Sum, int Steps) Error(int sample, double expected)
    {
        var (request, step) = store[sample];
        return (Math.Abs(Math.Clamp(expected, 0, request.MaxNewTokens - step) - Remaining(sample)), 1);
    }

    private int Remaining(int sample) => store[sample].Request.Length - store[sample].Step;
}

/// <summary>Prompts; the label is the whole length, the error that of counting it down.</summary>
internal sealed class PromptData(
    IReadOnlyList<ServedRequest> requests, PromptFeatures features, LengthBins bins, PredictorSettings settings) : ClassifierData
{
    /// <summary>
    /// Few prompts come several times an epoch, at most as often as a probe sees their requests: a baseline that is not trained
    /// proves nothing.
    /// </summary>
    private const int LeastBatches = 200;

    private readonly int[] indices = new int[features.MostNonzero];
    private readonly float[] values = new float[features.MostNonzero], row = new float[features.Count];

    /// <summary>Rows of an epoch, at most.</summary>
    public static long MostRows(int requests, PredictorSettings settings) =>
        Math.Max(requests, Math.Min(LeastBatches * (long)settings.BatchVectors + requests, (long)requests * settings.StepsPerRequest));

    public override int NumInputs => features.Count;

    public override int[] Training { get; } = Repeated(Samples(requests, RequestPart.Training), settings);

    public override int[] Validation { get; } = Samples(requests, RequestPart.Validation);

    public override int Label(int sample) => bins.Label(requests[sample].Length);

    public override void Fill(Tape tape, ReadOnlySpan<int> samples, Tensor destination)
    {
        for (var i = 0; i < samples.Length; i++)
        {
            Array.Clear(row);
            var count = features.Write(requests[samples[i]].Prompt, indices, values);
            for (var feature = 0; feature < count; feature++)
            {
                row[indices[feature]] = values[feature];
            }

            tape.Device.Write(destination.Slice(i, 1), row);
        }
    }

    public override (double Sum, int Steps) Error(int sample, double expected)
    {
        var request = requests[sample];
        var (belief, sum) = (new LengthBelief(expected, request.MaxNewTokens), 0.0);
        for (var step = 0; step < request.Length; step++)
        {
            sum += Math.Abs(belief.Remaining(step) - (request.Length - step));
        }

        return (sum, request.Length);
    }

    private static int[] Repeated(int[] samples, PredictorSettings settings)
    {
        var times = (LeastBatches * settings.BatchVectors + samples.Length - 1) / samples.Length;
        return [.. Enumerable.Repeat(samples, Math.Min(times, settings.StepsPerRequest)).SelectMany(sample => sample)];
    }

    private static int[] Samples(IReadOnlyList<ServedRequest> requests, RequestPart part) =>
        [.. Enumerable.Range(0, requests.Count).Where(i => requests[i].Part == part)];
}
