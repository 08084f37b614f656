using Retort.Core;
using Retort.Inference.Lengths;
using Retort.Tensors;

namespace Retort.Training.Lengths;

/// <summary>A smoothing and the tokens from one refinement to the next.</summary>
internal sealed record SmoothingCase(BinSmoothing Smoothing, int RefineEvery);

/// <summary>
/// Measures predictors on every decode step of requests: |estimate - tokens still to come| before each token is drawn, averaged over all
/// steps. Estimates are those the engine would have had: the same beliefs.
/// </summary>
internal sealed class PredictorEvaluation(
    IReadOnlyList<LengthProbe> probes, IReadOnlyList<SmoothingCase> smoothings, LengthBins bins, PredictorSettings settings)
{
    private readonly Dictionary<ServedRequest, int> places = [];
    private double[][] raw = [];
    private double[][][] smoothed = [];

    /// <summary>Errors of probe <paramref name="index"/>, each step by itself, summed over each request's steps.</summary>
    public double[] Raw(int index) => raw[index];

    /// <summary>Errors of probe <paramref name="index"/> under smoothing <paramref name="smoothing"/>, summed over each request's steps.</summary>
    public double[] Smoothed(int index, int smoothing) => smoothed[index][smoothing];

    /// <summary>True and predicted bin of every step: the last probe's under the first smoothing.</summary>
    public BinCounts Bins { get; } = new();

    /// <summary>
    /// Errors of a predictor that counts down from a length of its own, summed over each request's steps; its bins are added to
    /// <paramref name="counts"/>.
    /// </summary>
    public static double[] CountingDown(
        IEnumerable<ServedRequest> requests, LengthBins bins, Func<ServedRequest, double> length, BinCounts? counts = null) => Sums(requests, request =>
    {
        var belief = new LengthBelief(length(request), request.MaxNewTokens);
        return step =>
        {
            counts?.Add(bins, request.Length - step, belief.Remaining(step));
            return belief.Remaining(step);
        };
    });

    /// <summary>Errors of the midpoint of the true bin, summed over each request's steps.</summary>
    public static double[] TrueBin(IEnumerable<ServedRequest> requests, LengthBins bins) => Sums(
        requests, request => step => Math.Clamp(bins.Midpoint(bins.Label(request.Length - step)), 0, request.MaxNewTokens - step));

    private static double[] Sums(IEnumerable<ServedRequest> requests, Func<ServedRequest, Func<int, double>> estimates) =>
        [.. requests.Select(request =>
        {
            var estimate = estimates(request);
            return Enumerable.Range(0, request.Length).Sum(step => Math.Abs(estimate(step) - (request.Length - step)));
        })];

    /// <summary>Runs the probes over the requests.</summary>
    public void Run(HiddenReplay replay, IReadOnlyList<ServedRequest> requests, IProgressReporter progress, CancellationToken cancellation)
    {
        using var phase = progress.Begin("measure", requests.Count, "requests");
        foreach (var (place, request) in requests.Index())
        {
            places.Add(request, place);
        }

        raw = [.. probes.Select(_ => new double[requests.Count])];
        smoothed = [.. probes.Select(_ => smoothings.Select(_ => new double[requests.Count]).ToArray())];
        var longest = requests.Max(request => request.Length);
        var network = probes[0].Network;
        var bytes = BinClassifier.ForwardBytes(network.NumInputs, settings.InnerSize, longest);
        var tapes = probes.Select(probe => new Tape(network.Device, probe.Network.Parameters, bytes, isRecording: false)).ToList();
        var logits = new float[longest * LengthBins.Count];
        int[] steps = [.. Enumerable.Range(0, longest)];
        var finished = 0L;
        try
        {
            replay.Run(
                requests,
                (layer, request, rows) =>
                {
                    for (var i = 0; i < probes.Count; i++)
                    {
                        if (probes[i].Layer == layer)
                        {
                            tapes[i].Reset();
                            var vectors = tapes[i].Take(request.Length, network.NumInputs);
                            replay.CopyVectors(request, rows, steps.AsSpan(0, request.Length), vectors);
                            var output = logits.AsSpan(0, request.Length * LengthBins.Count);
                            network.Device.Read(probes[i].Network.Forward(tapes[i], tapes[i].Input(vectors)).Value, output);
                            Add(i, request, output);
                        }
                    }
                },
                done => phase.Report(finished += done),
                cancellation);
        }
        finally
        {
            tapes.ForEach(tape => tape.Dispose());
        }
    }

    private void Add(int probe, ServedRequest request, ReadOnlySpan<float> logits)
    {
        var place = places[request];
        LengthBelief[] beliefs = [.. smoothings.Select(_ => new LengthBelief(1, request.MaxNewTokens))];
        Span<double> weights = stackalloc double[LengthBins.Count];
        for (var step = 0; step < request.Length; step++)
        {
            var remaining = request.Length - step;
            var row = logits.Slice(step * LengthBins.Count, LengthBins.Count);
            BinClassifier.Softmax(row, weights);
            raw[probe][place] += Math.Abs(Math.Clamp(bins.Mean(weights), 0, request.MaxNewTokens - step) - remaining);
            for (var i = 0; i < beliefs.Length; i++)
            {
                if (step % smoothings[i].RefineEvery == 0)
                {
                    smoothings[i].Smoothing.Weigh(row, beliefs[i].RefinedAt < 0, weights);
                    beliefs[i].Refine(bins, step, weights);
                }

                smoothed[probe][i][place] += Math.Abs(beliefs[i].Remaining(step) - remaining);
            }

            if (probe == probes.Count - 1)
            {
                Bins.Add(bins, remaining, beliefs[0].Remaining(step));
            }
        }
    }
}
