using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Retort.Inference.Serving;

namespace Retort.Server.Api;

/// <summary>
/// A span for each generation, a child of the caller's by the W3C header traceparent. Attributes are those of OpenTelemetry's conventions
/// for generative AI; the latencies are seconds, named as vLLM names them.
/// </summary>
internal static class GenerationTrace
{
    public const string SourceName = "Retort.Server";

    private static readonly ActivitySource Source = new(SourceName);

    public static Activity? Start(HttpRequest request, GenerationCall call, ServedModel model, string id, bool isChat)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        var operation = isChat ? "chat" : "text_completion";
        ActivityContext.TryParse(request.Headers["traceparent"], request.Headers["tracestate"], isRemote: true, out var parent);
        return Source.StartActivity($"{operation} {model.Name}", ActivityKind.Server, parent)?
            .SetTag("gen_ai.operation.name", operation)
            .SetTag("gen_ai.request.model", model.Name)
            .SetTag("gen_ai.response.model", model.Name)
            .SetTag("gen_ai.response.id", id)
            .SetTag("gen_ai.request.choice.count", call.NumChoices)
            .SetTag("gen_ai.request.max_tokens", call.Sampling.MaxNewTokens)
            .SetTag("gen_ai.request.temperature", call.Sampling.Temperature)
            .SetTag("gen_ai.request.top_p", call.Sampling.TopP)
            .SetTag("gen_ai.request.seed", unchecked((long)call.Seed))
            .SetTag("gen_ai.usage.input_tokens", call.NumPromptTokens);
    }

    public static void End(Activity? span, TimeProvider time, GenerationStream stream, IReadOnlyList<ChoiceText> choices)
    {
        if (span is null)
        {
            return;
        }

        span.SetTag("gen_ai.usage.output_tokens", choices.Sum(choice => choice.NumTokens));
        span.SetTag("gen_ai.response.finish_reasons", choices.Select(choice => choice.FinishReason ?? "abort").ToArray());
        var timing = stream.Timings[0];
        Latency("time_in_queue", timing.Arrival, timing.Scheduled);
        Latency("time_in_model_prefill", timing.Scheduled, timing.FirstToken);
        Latency("time_to_first_token", timing.Arrival, timing.FirstToken);
        Latency("time_in_model_decode", timing.FirstToken, timing.LastToken);
        Latency("e2e", timing.Arrival, timing.End);

        void Latency(string name, long from, long to)
        {
            if (from != 0 && to != 0)
            {
                span.SetTag("gen_ai.latency." + name, time.GetElapsedTime(from, to).TotalSeconds);
            }
        }
    }
}
