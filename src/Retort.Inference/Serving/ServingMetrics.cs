using System.Diagnostics.Metrics;

namespace Retort.Inference.Serving;

/// <summary>
/// What is measured while serving, under the names that users of vLLM know, with a dot where Prometheus shows a colon: instruments may
/// have no colon. Times are seconds.
/// </summary>
internal sealed class ServingMetrics : IDisposable
{
    private static readonly InstrumentAdvice<double> Latency = new()
    {
        HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.25, 2.5, 5, 10, 20, 40, 80, 160, 320],
    };

    private static readonly InstrumentAdvice<double> TokenLatency = new()
    {
        HistogramBucketBoundaries = [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
    };

    private readonly Counter<long> promptTokens, generationTokens, finished;
    private readonly Histogram<double> queue, prefill, decode, firstToken, interToken, perToken, endToEnd;
    private readonly TimeProvider time;

    public ServingMetrics(TimeProvider time, Func<EngineStatistics> now)
    {
        this.time = time;
        Gauge("vllm.num_requests_running", "Sequences being generated.", s => s.Running);
        Gauge("vllm.num_requests_waiting", "Sequences that have not begun.", s => s.Waiting);
        Gauge("retort.num_requests_paused", "Sequences put aside by preemption.", s => s.Paused);
        Gauge("vllm.kv_cache_usage_perc", "Share of the key/value blocks in use; 1 is all.",
            s => s.NumBlocks == 0 ? 0 : (double)s.UsedBlocks / s.NumBlocks);
        Total("vllm.num_preemptions_total", "Times that a sequence was put aside.", s => s.Preemptions);
        Total("retort.recomputed_tokens_total", "Tokens fed again after a preemption.", s => s.RecomputedTokens);
        Total("vllm.prefix_cache_queries_total", "Prompt tokens looked for in the prefix cache.", s => s.PrefixQueries);
        Total("vllm.prefix_cache_hits_total", "Prompt tokens found in the prefix cache.", s => s.PrefixHits);
        promptTokens = Meter.CreateCounter<long>("vllm.prompt_tokens_total", null, "Prompt tokens of the requests that began.");
        generationTokens = Meter.CreateCounter<long>("vllm.generation_tokens_total", null, "Tokens drawn.");
        finished = Meter.CreateCounter<long>("vllm.request_success_total", null, "Sequences that ended, by reason.");
        queue = Times("vllm.request_queue_time_seconds", "From arrival to the first step.", Latency);
        prefill = Times("vllm.request_prefill_time_seconds", "From the first step to the first token.", Latency);
        decode = Times("vllm.request_decode_time_seconds", "From the first token to the last.", Latency);
        firstToken = Times("vllm.time_to_first_token_seconds", "From arrival to the first token.", Latency);
        interToken = Times("vllm.inter_token_latency_seconds", "From one token of a sequence to its next.", TokenLatency);
        perToken = Times("vllm.request_time_per_output_token_seconds", "A sequence's mean time from token to token.", TokenLatency);
        endToEnd = Times("vllm.e2e_request_latency_seconds", "From arrival to the end.", Latency);

        void Gauge(string name, string text, Func<EngineStatistics, double> value) =>
            Meter.CreateObservableGauge(name, () => value(now()), null, text);

        void Total(string name, string text, Func<EngineStatistics, long> value) =>
            Meter.CreateObservableCounter(name, () => value(now()), null, text);

        Histogram<double> Times(string name, string text, InstrumentAdvice<double> advice) =>
            Meter.CreateHistogram(name, null, text, null, advice);
    }

    public Meter Meter { get; } = new("Retort.Serving");

    public void Began(int numPromptTokens, RequestTiming timing)
    {
        promptTokens.Add(numPromptTokens);
        queue.Record(Seconds(timing.Arrival, timing.Scheduled));
        prefill.Record(Seconds(timing.Scheduled, timing.FirstToken));
        firstToken.Record(Seconds(timing.Arrival, timing.FirstToken));
    }

    /// <summary><paramref name="previous"/>: when the sequence's token before it was drawn; 0 for its first.</summary>
    public void Drew(long previous, long now)
    {
        generationTokens.Add(1);
        if (previous != 0)
        {
            interToken.Record(Seconds(previous, now));
        }
    }

    public void Ended(string reason, int numSequences = 1) =>
        finished.Add(numSequences, new KeyValuePair<string, object?>("finished_reason", reason));

    /// <summary>The last of a request's samples has ended, and none of them was given up.</summary>
    public void Ended(RequestTiming timing, int numTokens, int numSamples)
    {
        endToEnd.Record(Seconds(timing.Arrival, timing.End));
        if (timing.FirstToken != 0)
        {
            decode.Record(Seconds(timing.FirstToken, timing.LastToken));
            if (numTokens > numSamples)
            {
                perToken.Record(Seconds(timing.FirstToken, timing.LastToken) * numSamples / (numTokens - numSamples));
            }
        }
    }

    public void Dispose() => Meter.Dispose();

    private double Seconds(long from, long to) => time.GetElapsedTime(from, to).TotalSeconds;
}
