namespace Retort.Recipes.Bench.Serve;

/// <summary>What the server's own /metrics say about a run; null: it does not publish that.</summary>
/// <param name="Preemptions">Times a running request was put aside.</param>
/// <param name="RecomputedTokens">Tokens read again after a preemption.</param>
/// <param name="PromptTokens">Tokens read.</param>
/// <param name="GenerationTokens">Tokens drawn.</param>
/// <param name="KvUseMean">Share of the KV memory in use, 0 to 1: mean of one sample a second.</param>
/// <param name="KvUsePeak">The largest of them.</param>
/// <param name="RunningPeak">Most requests in the batch, of the same samples.</param>
/// <param name="WaitingPeak">Most requests in the queue.</param>
public sealed record ServerUse(
    long? Preemptions, long? RecomputedTokens, long? PromptTokens, long? GenerationTokens, double? KvUseMean, double? KvUsePeak,
    long? RunningPeak, long? WaitingPeak)
{
    // Names of vLLM (https://docs.vllm.ai, "Production metrics"); the KV use had another one in its first engine.
    private const string PreemptionsName = "vllm:num_preemptions_total", RecomputedName = "retort:recomputed_tokens_total",
        PromptName = "vllm:prompt_tokens_total", GenerationName = "vllm:generation_tokens_total",
        KvName = "vllm:kv_cache_usage_perc", OldKvName = "vllm:gpu_cache_usage_perc",
        RunningName = "vllm:num_requests_running", WaitingName = "vllm:num_requests_waiting";

    /// <summary>From the metrics before a run, during it and after it; null: they could not be read.</summary>
    internal static ServerUse Of(PrometheusText? before, IReadOnlyList<PrometheusText> during, PrometheusText? after)
    {
        var kv = Samples(page => page.Mean(KvName) ?? page.Mean(OldKvName));
        return new ServerUse(
            Growth(PreemptionsName), Growth(RecomputedName), Growth(PromptName), Growth(GenerationName),
            kv.Count > 0 ? kv.Average() : null, kv.Count > 0 ? kv.Max() : null, Peak(RunningName), Peak(WaitingName));

        // A counter that appears during the run began at 0.
        long? Growth(string name) =>
            before is not null && after?.Sum(name) is { } end ? (long)Math.Round(end - (before.Sum(name) ?? 0)) : null;

        List<double> Samples(Func<PrometheusText, double?> read) => [.. during.Select(read).OfType<double>()];

        long? Peak(string name) => Samples(page => page.Sum(name)) is { Count: > 0 } values ? (long)Math.Round(values.Max()) : null;
    }
}
