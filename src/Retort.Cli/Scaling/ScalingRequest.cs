using Retort.Analysis;
using Retort.Cli.Commands;
using Retort.Core;

namespace Retort.Cli.Scaling;

/// <summary>The two lists of a sweep and how its intervals are made.</summary>
/// <param name="ChainTokens">S, ascending; null: chosen from what there is room for.</param>
/// <param name="Samples">N, ascending; null: 1, 2, 4, ... 32 or as many as there are.</param>
/// <param name="Bootstrap">Intervals.</param>
internal sealed record ScalingRequest(IReadOnlyList<int>? ChainTokens, IReadOnlyList<int>? Samples, BootstrapSettings Bootstrap)
{
    public const string Where = "eval scaling", DefaultSamples = "1,2,4,8,16,32";

    private const int MostSamples = 100_000, MostCells = 4096;

    /// <summary>Reads "1,2,4": whole numbers from <paramref name="least"/> on, sorted.</summary>
    public static IReadOnlyList<int>? ReadList(string option, string? list, int least) => list is null ? null : [.. SimulateCommand.Numbers(
        option, list, value => value >= least && value == Math.Floor(value) && value <= (option == "--samples" ? MostSamples : int.MaxValue),
        $"whole, of {least} or above" + (option == "--samples" ? $", at most {MostSamples}" : "")).Select(value => (int)value).Order()];

    /// <summary>N where nothing was asked, at most <paramref name="most"/>.</summary>
    public IReadOnlyList<int> SamplesUpTo(int most)
    {
        if (Samples is not null)
        {
            return Samples[^1] <= most ? Samples : throw UserError.Request("--samples", $"is {Samples[^1]}", $"at most {most}, the samples there are of a problem");
        }

        var list = DefaultSamples.Split(',').Select(int.Parse).Where(n => n < most).ToList();
        return list.Count < DefaultSamples.Split(',').Length ? [.. list, most] : list;
    }

    /// <summary>S where nothing was asked: an eighth, a quarter, three eighths, half, three quarters and all of <paramref name="room"/>.</summary>
    public IReadOnlyList<int> ChainTokensWithin(int room, string reason)
    {
        if (ChainTokens is not null)
        {
            return ChainTokens[^1] <= room ? ChainTokens : throw UserError.Request("--chain-tokens", $"is {ChainTokens[^1]}", $"at most {room}: {reason}");
        }

        return [.. ((int[])[1, 2, 3, 4, 6, 8]).Select(eighths => Math.Max(1, (int)((long)room * eighths / 8))).Distinct()];
    }

    /// <summary>Refuses a sweep whose cells nobody could look at.</summary>
    public static void RequireCells(IReadOnlyList<int> budgets, IReadOnlyList<int> samples)
    {
        if ((long)budgets.Count * samples.Count > MostCells)
        {
            throw UserError.Request(Where, $"{budgets.Count} x {samples.Count} cells", $"at most {MostCells}");
        }
    }
}
