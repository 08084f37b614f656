namespace Retort.Analysis.Sampling;

/// <summary>The gain of the problems whose precision before lay in one bin.</summary>
/// <param name="Name">The bin as an interval: "(0.2,0.4]".</param>
/// <param name="Problems">Problems in it.</param>
/// <param name="Gain">Mean precision after less before, over these problems; null where there are none. One alone has no interval: its ends are NaN.</param>
public readonly record struct GainBin(string Name, int Problems, Interval? Gain);

/// <summary>
/// Where a change of the model helped: problems grouped by their precision before. The precision before is itself an estimate, so the
/// lowest bins gain and the highest lose a little even where nothing changed; a second sampling of the model before shows how much.
/// </summary>
public static class GainBins
{
    private static readonly (string Name, Func<double, bool> Holds)[] Bins =
    [
        ("0", p => p <= 0), ("(0,0.2]", p => p is > 0 and <= 0.2), ("(0.2,0.4]", p => p is > 0.2 and <= 0.4),
        ("(0.4,0.6]", p => p is > 0.4 and <= 0.6), ("(0.6,0.8]", p => p is > 0.6 and <= 0.8), ("(0.8,1)", p => p is > 0.8 and < 1),
        ("1", p => p >= 1),
    ];

    /// <summary>The seven bins {0}, (0,.2], ..., (.8,1), {1}, each with its problems' gain; problems of a bin are resampled together.</summary>
    /// <param name="before">Precision of every problem before.</param>
    /// <param name="after">Precision of the same problems after.</param>
    /// <param name="settings">How the intervals are made.</param>
    public static GainBin[] Of(IReadOnlyList<double> before, IReadOnlyList<double> after, BootstrapSettings? settings = null)
    {
        if (before.Count != after.Count)
        {
            throw new ArgumentException($"The lists have {before.Count} and {after.Count} problems.", nameof(after));
        }

        return [.. Bins.Select(bin =>
        {
            var gains = before.Zip(after).Where(pair => bin.Holds(pair.First)).Select(pair => pair.Second - pair.First).ToArray();
            return new GainBin(bin.Name, gains.Length, gains.Length switch
            {
                0 => null,
                1 => new Interval(gains[0], double.NaN, double.NaN, 1),
                _ => Bootstrap.Mean(gains, settings),
            });
        })];
    }
}
