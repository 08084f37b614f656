using Retort.Core;
using Retort.Tensors;

namespace Retort.Training.Lengths;

/// <summary>Hidden vectors of some layers at sampled steps of requests, in native memory, with what remained at each.</summary>
internal sealed class VectorStore : IDisposable
{
    private readonly Storage owner;
    private readonly Dictionary<int, Tensor> vectors = [];
    private readonly Dictionary<ServedRequest, (int First, int[] Steps)> places = [];
    private readonly List<(ServedRequest Request, int Step)> samples = [];

    /// <summary>Room for the requests' sampled steps.</summary>
    public VectorStore(Device device, int hiddenSize, IReadOnlyList<int> layers, IReadOnlyList<ServedRequest> requests, PredictorSettings settings)
    {
        // The same share of every request's steps: equally many of each would show the network short requests too often, and what it
        // then takes for likely is not what it will meet while serving.
        var (later, seen) = (requests.Sum(request => request.Length - 1L), 0L);
        var wanted = Math.Min(later, (settings.StepsPerRequest - 1L) * requests.Count);
        foreach (var request in requests)
        {
            var before = seen;
            seen += request.Length - 1;
            var steps = SampleSteps(request, later == 0 ? 0 : (int)(seen * wanted / later - before * wanted / later), settings.Seed);
            places.Add(request, (samples.Count, steps));
            samples.AddRange(steps.Select(step => (request, step)));
        }

        var bytes = sizeof(float) * (long)samples.Count * hiddenSize;
        owner = device.Allocate(layers.Count * bytes);
        for (var i = 0; i < layers.Count; i++)
        {
            vectors.Add(layers[i], Device.View(owner, i * bytes, samples.Count, hiddenSize));
        }
    }

    /// <summary>Vectors a layer.</summary>
    public int Count => samples.Count;

    /// <summary>The requests, in their order.</summary>
    public IEnumerable<ServedRequest> Requests => places.Keys;

    /// <summary>Bytes of native memory, at most, for so many requests.</summary>
    public static long Bytes(int hiddenSize, int layers, int requests, PredictorSettings settings) =>
        sizeof(float) * (long)Math.Min(settings.StepsPerRequest, settings.MaxLength) * requests * hiddenSize * layers;

    /// <summary>All vectors of a layer, [samples, hidden].</summary>
    public Tensor Of(int layer) => vectors[layer];

    /// <summary>A sample's request and the tokens that had been generated.</summary>
    public (ServedRequest Request, int Step) this[int sample] => samples[sample];

    /// <summary>Samples of requests that are for <paramref name="part"/>.</summary>
    public int[] Samples(RequestPart part) => [.. Enumerable.Range(0, Count).Where(i => samples[i].Request.Part == part)];

    /// <summary>Fills the store.</summary>
    public void Fill(HiddenReplay replay, IProgressReporter progress, CancellationToken cancellation)
    {
        using var phase = progress.Begin("read hidden states", places.Count, "requests");
        var finished = 0L;
        replay.Run(
            Requests,
            (layer, request, rows) =>
            {
                if (vectors.TryGetValue(layer, out var all))
                {
                    var (first, steps) = places[request];
                    replay.CopyVectors(request, rows, steps, all.Slice(first, steps.Length));
                }
            },
            done => phase.Report(finished += done),
            cancellation);
    }

    /// <summary>
    /// Standardises a layer's vectors in place, x = (x - mean) * scale, by the given samples' mean and standard deviation. An element that
    /// does not vary gets scale 0. Layers may be standardised side by side, each by its own lane.
    /// </summary>
    public (double[] Mean, double[] Scale) Standardise(Device lane, int layer, int[] training)
    {
        var all = vectors[layer];
        var row = new float[all.Columns];
        var (mean, scale) = (new double[row.Length], new double[row.Length]);
        foreach (var sample in training)
        {
            lane.Read(all.Slice(sample, 1), row);
            for (var i = 0; i < row.Length; i++)
            {
                mean[i] += row[i] / (double)training.Length;
            }
        }

        foreach (var sample in training)
        {
            lane.Read(all.Slice(sample, 1), row);
            for (var i = 0; i < row.Length; i++)
            {
                scale[i] += (row[i] - mean[i]) * (row[i] - mean[i]) / training.Length;
            }
        }

        for (var i = 0; i < scale.Length; i++)
        {
            scale[i] = scale[i] > 1e-20 ? 1 / Math.Sqrt(scale[i]) : 0;
        }

        for (var sample = 0; sample < Count; sample++)
        {
            lane.Read(all.Slice(sample, 1), row);
            for (var i = 0; i < row.Length; i++)
            {
                row[i] = (float)((row[i] - mean[i]) * scale[i]);
            }

            lane.Write(all.Slice(sample, 1), row);
        }

        return (mean, scale);
    }

    /// <inheritdoc/>
    public void Dispose() => owner.Dispose();

    /// <summary>Step 0 and so many others drawn at random without repetition, ascending.</summary>
    private static int[] SampleSteps(ServedRequest request, int numLater, ulong seed)
    {
        int[] later = [.. Enumerable.Range(1, request.Length - 1)];
        var random = CounterRandom.For(seed, "predictor/steps", (ulong)request.Index);
        random.Shuffle(later.AsSpan());
        return [0, .. later.Take(numLater).Order()];
    }
}
