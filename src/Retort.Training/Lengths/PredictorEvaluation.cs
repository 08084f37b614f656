using Retort.Core;
using Retort.Inference.Lengths;
using Retort.Tensors;

namespace Retort.Training.Lengths;

/// <summary>
/// Measures predictors on every decode step of requests: |estimate - tokens still to come| before each token is drawn, averaged over all
/// steps. Estimates are those the engine would have had: the same beliefs, refined at every step.
/// </summary>
internal sealed class PredictorEvaluation(IReadOnlyList<LengthProbe> probes, LengthBins bins, PredictorSettings settings)
{
    private readonly double[] raw = new double[probes.Count], smoothed = new double[probes.Count];

    /// <summary>Decode steps of the requests.</summary>
    public long Steps { get; private set; }

    /// <summary>Error of probe <paramref name="index"/>, each step by itself.</summary>
    public double Raw(int index) => raw[index] / Steps;

    /// <summary>Error of probe <paramref name="index"/>, smoothed over the steps.</summary>
    public double Smoothed(int index) => smoothed[index] / Steps;

    /// <summary>Error of a predictor that counts down from a length of its own.</summary>
    public static double CountingDown(IEnumerable<ServedRequest> requests, Func<ServedRequest, double> length)
    {
        var (sum, steps) = (0.0, 0L);
        foreach (var request in requests)
        {
            var belief = new LengthBelief(length(request), request.MaxNewTokens);
            for (var step = 0; step < request.Length; step++, steps++)
            {
                sum += Math.Abs(belief.Remaining(step) - (request.Length - step));
            }
        }

        return sum / steps;
    }

    /// <summary>Error of the midpoint of the true bin.</summary>
    public static double TrueBin(IEnumerable<ServedRequest> requests, LengthBins bins)
    {
        var (sum, steps) = (0.0, 0L);
        foreach (var request in requests)
        {
            for (var step = 0; step < request.Length; step++, steps++)
            {
                var remaining = request.Length - step;
                sum += Math.Abs(Math.Clamp(bins.Midpoint(bins.Label(remaining)), 0, request.MaxNewTokens - step) - remaining);
            }
        }

        return sum / steps;
    }

    /// <summary>Runs the probes over the requests.</summary>
    public void Run(HiddenReplay replay, IReadOnlyList<ServedRequest> requests, IProgressReporter progress, CancellationToken cancellation)
    {
        using var phase = progress.Begin("measure", requests.Count, "requests");
        Steps = requests.Sum(request => (long)request.Length);
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
        var belief = new LengthBelief(1, request.MaxNewTokens);
        Span<double> probabilities = stackalloc double[LengthBins.Count];
        for (var step = 0; step < request.Length; step++)
        {
            var remaining = request.Length - step;
            BinClassifier.Softmax(logits.Slice(step * LengthBins.Count, LengthBins.Count), probabilities);
            raw[probe] += Math.Abs(Math.Clamp(bins.Mean(probabilities), 0, request.MaxNewTokens - step) - remaining);
            belief.Refine(bins, step, probabilities);
            smoothed[probe] += Math.Abs(belief.Remaining(step) - remaining);
        }
    }
}
