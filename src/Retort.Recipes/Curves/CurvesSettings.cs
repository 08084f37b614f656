using Retort.Analysis;

namespace Retort.Recipes.Curves;

/// <summary>How samples are looked at.</summary>
public sealed record CurvesSettings
{
    /// <summary>Numbers of samples k, ascending, each at most the fewest samples of a problem; null: 1, 2, 4, ... and all.</summary>
    public IReadOnlyList<int>? Ks { get; init; }

    /// <summary>The temperature of what is shown at one temperature; null: the one nearest 1.</summary>
    public double? At { get; init; }

    /// <summary>How the intervals are made.</summary>
    public BootstrapSettings Bootstrap { get; init; } = BootstrapSettings.Default;

    internal IReadOnlyList<int> KsUpTo(int fewest)
    {
        if (Ks is not null)
        {
            return Ks;
        }

        var ks = new List<int>();
        for (var k = 1; k < fewest; k *= 2)
        {
            ks.Add(k);
        }

        return [.. ks, fewest];
    }

    /// <summary>Index of <see cref="At"/>, which must be there; of two equally near 1 the lower.</summary>
    internal int IndexIn(IReadOnlyList<double> temperatures) => At is { } at
        ? temperatures.ToList().IndexOf(at)
        : Enumerable.Range(0, temperatures.Count).MinBy(i => Math.Round(Math.Abs(temperatures[i] - 1), 9));
}
