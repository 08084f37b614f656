using System.Globalization;
using Retort.Analysis;
using Retort.Recipes.Bench.Serve;

namespace Retort.Cli.Commands;

/// <summary>Runs of <c>retort bench serve</c> as three tables: a line a run, what the server says of itself, and a line a run for each kind of latency.</summary>
internal static class BenchServeTable
{
    private const string Unknown = "-";

    private static readonly int[] RunWidths = [8, 8, 7, 9, 9, 11, 10, 10];
    private static readonly int[] ServerWidths = [8, 8, 11, 8, 8];
    private static readonly int[] LatencyWidths = [-14, 8, 11, 11, 11, 11];

    public static IEnumerable<string> Lines(IReadOnlyList<ServeResult> results)
    {
        yield return Line(RunWidths, "rate", "done", "failed", "rejected", "seconds", "requests/s", "output/s", "tokens/s");
        foreach (var result in results)
        {
            yield return Line(
                RunWidths, Rate(result), Count(result.Done), Count(result.Failed), Count(result.Rejected), Text(result.DurationSeconds, "0.0"),
                Text(result.RequestsPerSecond, "0.00"), Text(result.OutputTokensPerSecond, "N0"), Text(result.TokensPerSecond, "N0"));
            foreach (var note in Notes(result))
            {
                yield return "  " + note;
            }
        }

        yield return "";
        yield return Line(ServerWidths, "rate", "preempt", "recomputed", "KV mean", "KV peak");
        foreach (var result in results)
        {
            yield return Line(
                ServerWidths, Rate(result), Count(result.Server.Preemptions), Count(result.Server.RecomputedTokens),
                Text(result.Server.KvUseMean, "0.000"), Text(result.Server.KvUsePeak, "0.000"));
        }

        yield return "";
        yield return Line(LatencyWidths, "milliseconds", "rate", "mean", "p50", "p90", "p99");
        foreach (var (name, spread) in (IEnumerable<(string, Func<ServeResult, Spread?>)>)[
            ("first token", result => result.TimeToFirstTokenSeconds),
            (results.Any(result => result.ChunksHoldSeveralTokens) ? "inter-chunk" : "inter-token", result => result.InterTokenSeconds),
            ("end-to-end", result => result.EndToEndSeconds),
            ("send lag", result => result.SendLagSeconds)])
        {
            foreach (var result in results)
            {
                var times = spread(result);
                yield return Line(
                    LatencyWidths, name, Rate(result), Milliseconds(times?.Mean), Milliseconds(times?.Median), Milliseconds(times?.P90),
                    Milliseconds(times?.P99));
            }
        }
    }

    private static IEnumerable<string> Notes(ServeResult result)
    {
        foreach (var fault in result.Faults)
        {
            yield return $"{fault.Requests} x {fault.Error}";
        }

        if (result.Unfinished > 0)
        {
            yield return $"{result.Unfinished} unfinished when the run was interrupted";
        }

        if (result.WithoutUsage > 0)
        {
            yield return $"{result.WithoutUsage} answers without a usage: their tokens are not counted";
        }
    }

    private static string Rate(ServeResult result) => Text(result.Rate, "0.###");

    private static string Count(long? value) => Text(value, "0");

    private static string Milliseconds(double? seconds) => Text(seconds * 1000, "N1");

    private static string Text(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? Unknown;

    private static string Line(int[] widths, params string[] cells) =>
        string.Join(' ', cells.Select((cell, i) => widths[i] < 0 ? cell.PadRight(-widths[i]) : cell.PadLeft(widths[i]))).TrimEnd();
}
