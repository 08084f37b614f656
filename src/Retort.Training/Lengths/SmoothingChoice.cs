using Retort.Inference.Lengths;

namespace Retort.Training.Lengths;

/// <summary>Chooses a predictor's smoothing: the bins' shares from the training requests, the power by the error on the validation requests.</summary>
internal static class SmoothingChoice
{
    /// <summary>Powers that are tried.</summary>
    private static readonly double[] Powers = [1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005];

    /// <summary>A smoothing a power.</summary>
    public static IReadOnlyList<SmoothingCase> Candidates(
        IEnumerable<ServedRequest> training, LengthBins bins, int refineEvery)
    {
        // A step for each bin beside those seen: no share is 0.
        var counts = new double[LengthBins.Count];
        Array.Fill(counts, 1);
        foreach (var request in training)
        {
            for (var remaining = 1; remaining <= request.Length; remaining++)
            {
                counts[bins.Label(remaining)]++;
            }
        }

        double[] shares = [.. counts.Select(count => count / counts.Sum())];
        return [.. Powers.Select(power => new SmoothingCase(new BinSmoothing(shares, power), refineEvery))];
    }

    /// <summary>The candidate with the lowest error on the evaluation's requests.</summary>
    public static SmoothingCase Best(IReadOnlyList<SmoothingCase> candidates, PredictorEvaluation evaluation) =>
        candidates[Enumerable.Range(0, candidates.Count).MinBy(i => evaluation.Smoothed(0, i).Sum())];
}
