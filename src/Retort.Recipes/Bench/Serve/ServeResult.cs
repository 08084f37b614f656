using System.Text.Json;
using System.Text.RegularExpressions;
using Retort.Analysis;

namespace Retort.Recipes.Bench.Serve;

/// <summary>What went wrong in the same words, whatever numbers they tell.</summary>
/// <param name="Error">The words of the first.</param>
/// <param name="Requests">How often.</param>
public sealed record ServeFault(string Error, int Requests);

/// <summary>
/// One run. Latencies count from when a request was due, not from when it was sent, so that a late client cannot hide a wait,
/// and cover the requests that were answered to their end.
/// </summary>
public sealed partial record ServeResult
{
    // The last token of an answer often has no chunk; one chunk in twenty may hold two tokens that make a character.
    private const double SeveralTokensShare = 0.05;

    /// <summary>Requests a second that were to be sent; null: a burst or a trace.</summary>
    public required double? Rate { get; init; }

    /// <summary>Requests sent, or tried to.</summary>
    public required int Requests { get; init; }

    /// <summary>Answered to their end.</summary>
    public required int Done { get; init; }

    /// <summary>See <see cref="ServeStatus.Failed"/>.</summary>
    public required int Failed { get; init; }

    /// <summary>See <see cref="ServeStatus.Rejected"/>.</summary>
    public required int Rejected { get; init; }

    /// <summary>See <see cref="ServeStatus.Unfinished"/>.</summary>
    public required int Unfinished { get; init; }

    /// <summary>From the first request's due time to the last one's end.</summary>
    public required double DurationSeconds { get; init; }

    /// <summary>Done a second.</summary>
    public double? RequestsPerSecond => PerSecond(Done);

    /// <summary>Of the done requests whose usage the server told; null: it told none.</summary>
    public required long? PromptTokens { get; init; }

    /// <summary>As <see cref="PromptTokens"/>.</summary>
    public required long? OutputTokens { get; init; }

    /// <summary>Done requests without a usage: their tokens are missing in the sums.</summary>
    public required int WithoutUsage { get; init; }

    /// <summary>Output tokens a second.</summary>
    public double? OutputTokensPerSecond => PerSecond(OutputTokens);

    /// <summary>Prompt and output tokens a second.</summary>
    public double? TokensPerSecond => PerSecond(PromptTokens + OutputTokens);

    /// <summary>From due to the first chunk with text.</summary>
    public required Spread? TimeToFirstTokenSeconds { get; init; }

    /// <summary>Between chunks with text of one answer, all answers together.</summary>
    public required Spread? InterTokenSeconds { get; init; }

    /// <summary>Chunks held several tokens, so that <see cref="InterTokenSeconds"/> are times between chunks, not tokens.</summary>
    public required bool ChunksHoldSeveralTokens { get; init; }

    /// <summary>From due to the answer's end.</summary>
    public required Spread? EndToEndSeconds { get; init; }

    /// <summary>From due to when the request went into an open connection, of all requests that did: how late the client was.</summary>
    public required Spread? SendLagSeconds { get; init; }

    /// <summary>By the server's own account.</summary>
    public required ServerUse Server { get; init; }

    /// <summary>Why requests failed or were rejected, the most frequent first.</summary>
    public required IReadOnlyList<ServeFault> Faults { get; init; }

    /// <summary>Sums up a run.</summary>
    public static ServeResult Of(double? rate, IReadOnlyList<ServeOutcome> outcomes, ServerUse server)
    {
        var done = outcomes.Where(outcome => outcome.Status == ServeStatus.Done).ToList();
        var told = done.Where(outcome => outcome.OutputTokens is not null).ToList();
        var chunks = told.Sum(outcome => (long)outcome.ChunkSeconds.Count);
        var hidden = told.Sum(outcome => Math.Max(0, outcome.OutputTokens!.Value - 1 - outcome.ChunkSeconds.Count));
        return new ServeResult
        {
            Rate = rate,
            Requests = outcomes.Count,
            Done = done.Count,
            Failed = outcomes.Count(outcome => outcome.Status == ServeStatus.Failed),
            Rejected = outcomes.Count(outcome => outcome.Status == ServeStatus.Rejected),
            Unfinished = outcomes.Count(outcome => outcome.Status == ServeStatus.Unfinished),
            DurationSeconds = outcomes.Count == 0 ? 0 : outcomes.Max(outcome => outcome.EndSeconds) - outcomes.Min(outcome => outcome.DueSeconds),
            PromptTokens = told.Count == 0 ? null : told.Sum(outcome => (long)(outcome.PromptTokens ?? 0)),
            OutputTokens = told.Count == 0 ? null : told.Sum(outcome => (long)outcome.OutputTokens!.Value),
            WithoutUsage = done.Count - told.Count,
            TimeToFirstTokenSeconds = SpreadOf(
                done.Where(outcome => outcome.ChunkSeconds.Count > 0).Select(outcome => outcome.ChunkSeconds[0] - outcome.DueSeconds)),
            InterTokenSeconds = SpreadOf(done.SelectMany(outcome => outcome.ChunkSeconds.Zip(outcome.ChunkSeconds.Skip(1), (a, b) => b - a))),
            ChunksHoldSeveralTokens = hidden > SeveralTokensShare * chunks,
            EndToEndSeconds = SpreadOf(done.Select(outcome => outcome.EndSeconds - outcome.DueSeconds)),
            SendLagSeconds = SpreadOf(outcomes.Select(outcome => outcome.SentSeconds - outcome.DueSeconds).OfType<double>()),
            Server = server,
            Faults = [.. outcomes.Where(outcome => outcome.Error is not null).GroupBy(outcome => Numbers().Replace(outcome.Error!, "0"))
                .Select(group => new ServeFault(group.First().Error!, group.Count())).OrderByDescending(fault => fault.Requests)],
        };
    }

    /// <summary>One JSON object that repeats <paramref name="inputs"/> and holds <paramref name="results"/>.</summary>
    public static string ToJson(IReadOnlyDictionary<string, object?> inputs, IReadOnlyList<ServeResult> results) =>
        JsonSerializer.Serialize(new { Inputs = inputs, Results = results }, ServeJson.Options);

    /// <summary>Null: there are none.</summary>
    private static Spread? SpreadOf(IEnumerable<double> seconds) => seconds.ToArray() is { Length: > 0 } some ? Spread.Of(some) : null;

    /// <summary>Numbers but the status: messages that differ in those alone are of one kind.</summary>
    [GeneratedRegex(@"(?<!HTTP \d*)\d+", RegexOptions.CultureInvariant)]
    private static partial Regex Numbers();

    private double? PerSecond(double? count) => DurationSeconds > 0 ? count / DurationSeconds : null;
}
