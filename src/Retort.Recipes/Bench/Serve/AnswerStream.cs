using System.Net.ServerSentEvents;

namespace Retort.Recipes.Bench.Serve;

/// <summary>An answer as it comes in: server-sent events, each given the time at which it was there.</summary>
internal sealed class AnswerStream(RunClock clock)
{
    /// <summary>Seconds of each chunk with text.</summary>
    public List<double> ChunkSeconds { get; } = [];

    public int? PromptTokens { get; private set; }

    public int? OutputTokens { get; private set; }

    public string? FinishReason { get; private set; }

    /// <summary>What went wrong, or null. A stream has ended well if it said so, by "[DONE]" or by a reason to finish.</summary>
    public string? Error { get; private set; }

    /// <summary>Reads to the end. Throws what the stream throws; what came before stays.</summary>
    public async Task Read(Stream stream, CancellationToken cancellation)
    {
        var parser = SseParser.Create(stream, (_, data) => StreamChunk.Parse(data));
        var ended = false;
        await foreach (var item in parser.EnumerateAsync(cancellation))
        {
            var chunk = item.Data;
            if (chunk.HasText)
            {
                ChunkSeconds.Add(clock.Seconds);
            }

            PromptTokens = chunk.PromptTokens ?? PromptTokens;
            OutputTokens = chunk.OutputTokens ?? OutputTokens;
            FinishReason = chunk.FinishReason ?? FinishReason;
            Error = chunk.Error;
            ended = chunk.IsEnd;
            if (ended || Error is not null)
            {
                break;
            }
        }

        if (!ended && Error is null && FinishReason is null)
        {
            Error = "the stream ended before the answer did";
        }
    }
}
