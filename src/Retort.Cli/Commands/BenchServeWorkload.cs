using Retort.Core;
using Retort.Recipes.Bench.Serve;

namespace Retort.Cli.Commands;

/// <summary>Everything that decides a run's requests. Only the rate differs between the runs of one call.</summary>
internal sealed record BenchServeWorkload
{
    /// <summary>Requests where neither a trace nor a file of prompts says how many.</summary>
    public const int DefaultRequests = 100;

    /// <summary>Words of a made-up prompt.</summary>
    public static readonly WholeRange DefaultPromptWords = new(16, 64);

    /// <summary>Tokens of an answer.</summary>
    public static readonly WholeRange DefaultMaxTokens = new(128, 128);

    public required float Burstiness { get; init; }

    public required ulong Seed { get; init; }

    public required WholeRange PromptWords { get; init; }

    public required WholeRange MaxTokens { get; init; }

    public int? Requests { get; init; }

    public IReadOnlyList<string>? Prompts { get; init; }

    public IReadOnlyList<TraceRequest>? Trace { get; init; }

    /// <summary>The requests in the order they are due; <paramref name="rate"/> is null for a burst or a trace.</summary>
    public IReadOnlyList<ServeRequest> Build(double? rate)
    {
        var count = Trace is null ? Requests ?? Prompts?.Count ?? DefaultRequests : Math.Min(Requests ?? int.MaxValue, Trace.Count);
        var due = Trace is not null ? [.. Trace.Take(count).Select(line => line.ArrivalSeconds - Trace[0].ArrivalSeconds)]
            : rate is { } perSecond ? Arrivals.Random(count, perSecond, Burstiness, Seed)
            : Arrivals.Burst(count);
        return [.. due.Select((seconds, index) => Request(index, seconds))];
    }

    /// <summary>Request i draws its lengths from the stream (seed, "bench serve/lengths", i).</summary>
    private ServeRequest Request(int index, double dueSeconds)
    {
        var random = CounterRandom.For(Seed, "bench serve/lengths", (ulong)index);
        var (words, tokens) = (PromptWords.Draw(ref random), MaxTokens.Draw(ref random));
        var traced = Trace?[index];
        var prompt = traced?.Prompt ?? (traced?.PromptTokens is null ? Prompts?[index % Prompts.Count] : null)
            ?? SyntheticPrompt.Of(Seed, index, traced?.PromptTokens ?? words);
        return new ServeRequest(dueSeconds, prompt, traced?.OutputTokens ?? tokens);
    }
}
