using System.Globalization;
using Retort.Cli.Progress;
using Retort.Core;
using Retort.Inference;
using Retort.Models;
using Retort.Tensors.Cpu;

namespace Retort.Cli.Scaling;

/// <summary>What a sweep will cost, all completions at full length.</summary>
/// <param name="Completions">Problems times the most samples.</param>
/// <param name="Tokens">Drawn, at most.</param>
/// <param name="Flops">At most; null where a server does the work.</param>
/// <param name="PeakBytes">Memory here.</param>
/// <param name="Seconds">Expected duration, at most; null where a server does the work.</param>
internal sealed record ScalingPrice(long Completions, long Tokens, double? Flops, double PeakBytes, double? Seconds)
{
    /// <summary>The share of peak that small models reach while they generate.</summary>
    private const double RolloutShare = 0.1;

    /// <summary>The runtime with this program loaded.</summary>
    private const long RuntimeBytes = 90L << 20;

    // A token's id, its log-probability and its text; a completion's objects.
    private const int BytesPerToken = 16, BytesPerCompletion = 300;

    /// <summary>Of completions that the engine draws.</summary>
    /// <param name="config">The model.</param>
    /// <param name="problems">Problems.</param>
    /// <param name="samples">The most samples of each.</param>
    /// <param name="promptTokens">Of the longest prompt.</param>
    /// <param name="newTokens">Of the longest completion.</param>
    /// <param name="batch">Sequences decoded together.</param>
    /// <param name="threads">Threads.</param>
    public static ScalingPrice Of(ModelConfig config, int problems, int samples, int promptTokens, int newTokens, int batch, int threads)
    {
        var prompt = GenerationCost.Flops(config, promptTokens);
        var flops = problems * (prompt + samples * (GenerationCost.Flops(config, promptTokens + newTokens) - prompt));
        var engine = GenerationEngine.Bytes(config, new EngineSettings
        {
            MaxSequences = (int)Math.Min(batch, (long)problems * samples),
            MaxLength = Math.Min(config.MaxPositions, promptTokens + newTokens),
        });
        var price = OfServer(problems, samples, newTokens);
        return price with
        {
            Flops = flops,
            PeakBytes = price.PeakBytes + engine + 4.0 * config.ParameterCount.Total,
            Seconds = flops / (1e9 * MachineMeter.PeakGflops(threads) * RolloutShare),
        };
    }

    /// <summary>Of completions that a server draws.</summary>
    public static ScalingPrice OfServer(int problems, int samples, int newTokens)
    {
        var completions = (long)problems * samples;
        return new(
            completions, completions > long.MaxValue / newTokens ? long.MaxValue : completions * newTokens, null,
            RuntimeBytes + (double)completions * (BytesPerCompletion + (double)BytesPerToken * newTokens), null);
    }

    /// <summary>Refuses what this machine cannot hold, before any work.</summary>
    public void RequireMemory(string where)
    {
        var available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (PeakBytes > available || Completions > Array.MaxLength)
        {
            throw UserError.Request(
                where, $"{Amounts.Of(Completions)} completions of up to {Amounts.Of(Tokens / (double)Completions)} tokens would take about {Amounts.Of(PeakBytes)}B of memory",
                $"at most the {Amounts.Of(available)}B of this machine: fewer --problems, --samples or --chain-tokens");
        }
    }

    public void Write(CliHost host, IReadOnlyList<(string Name, object? Value)> settings, bool json)
    {
        if (json)
        {
            host.Output.WriteLine(JsonText.Of(new
            {
                Config = settings.ToDictionary(one => one.Name, one => one.Value),
                Completions,
                Tokens,
                Flops,
                PeakBytes = (long)PeakBytes,
                ExpectedSeconds = Seconds,
            }));
            return;
        }

        var rows = new List<string[]>(settings.Where(one => one.Value is not null).Select(one => (string[])[one.Name.Replace('_', ' '), Text(one.Value!)]))
        {
            (string[])["completions", Completions.ToString("N0", CultureInfo.InvariantCulture)],
            (string[])["tokens", "at most " + Amounts.Of(Tokens)],
        };
        if (Flops is { } flops)
        {
            rows.Add(["FLOPs", "at most " + flops.ToString("0.00e0", CultureInfo.InvariantCulture)]);
        }

        rows.Add(["peak memory", "about " + Amounts.Of(PeakBytes) + "B"]);
        if (Seconds is { } seconds)
        {
            rows.Add(["expected time", $"at most about {Amounts.Of(TimeSpan.FromSeconds(Math.Min(seconds, 1e9)))}, at {RolloutShare:P0} of peak"]);
        }

        TextTable.Write(host.Output, host.Width, rows);
    }

    private static string Text(object value) => value is IEnumerable<int> list ? string.Join(", ", list) : Convert.ToString(value, CultureInfo.InvariantCulture)!;
}
