using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Retort.Core;
using Retort.Inference.Serving;

namespace Retort.Server.Api;

/// <summary>/v1/completions and /v1/chat/completions: a body in, an answer or a stream of chunks out.</summary>
internal sealed class GenerationEndpoint
{
    private static readonly JsonWriterOptions JsonOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };
    private static readonly ulong SeedPurpose = CounterRandom.Hash("serve/request");

    private readonly EngineHost host;
    private readonly ServedModel model;
    private readonly ServerOptions options;
    private readonly TokenNames names;
    private readonly CallLimits limits;
    private readonly string idStem;
    private long numCalls;

    public GenerationEndpoint(EngineHost host, ServedModel model, ServerOptions options)
    {
        (this.host, this.model, this.options, names) = (host, model, options, new TokenNames(model.Tokenizer));
        var longestToken = Enumerable.Range(0, model.Tokenizer.VocabularySize)
            .Max(token => Math.Max(model.Tokenizer.TokenText(token).Length, model.Tokenizer.TextBytes(token, continues: true).Length));
        // What can never be taken is not told to come back.
        var maxChoices = Math.Min(options.MaxChoices, host.MaxLiveSequences);
        limits = new CallLimits(model, host.MaxLength, (long)host.MaxLength * (longestToken + 1), maxChoices, 0);
        idStem = host.Time.GetUtcNow().ToUnixTimeMilliseconds().ToString("x", CultureInfo.InvariantCulture);
    }

    public async Task HandleAsync(HttpContext context, bool isChat)
    {
        var number = Interlocked.Increment(ref numCalls);
        // 53 bits, so that every JSON reader can give the reported seed back.
        var seed = CounterRandom.For(options.Seed, SeedPurpose, (ulong)number).NextUInt64() >> 11;
        var call = await ReadAsync(context.Request, limits with { DefaultSeed = seed }, isChat).ConfigureAwait(false);
        var id = string.Create(CultureInfo.InvariantCulture, $"{(isChat ? "chatcmpl" : "cmpl")}-{idStem}-{number}");
        var created = host.Time.GetUtcNow().ToUnixTimeSeconds();
        Answer answer = isChat ? new ChatAnswer(call, model, names, id, created) : new CompletionAnswer(call, model, names, id, created);
        using var span = GenerationTrace.Start(context.Request, call, model, id, isChat);
        ChoiceText[] choices = [.. call.Prompts.SelectMany(prompt => Enumerable.Range(0, call.NumSamples).Select(_ => new ChoiceText(call, model, prompt)))];
        var stream = host.Submit(call.ToRequests());
        try
        {
            await (call.Streams ? StreamAsync(context, answer, choices, stream) : AnswerAsync(context, answer, choices, stream)).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            span?.SetStatus(ActivityStatusCode.Error, fault.GetType().Name);
            throw;
        }
        finally
        {
            // Whoever left early leaves nothing running; to what has ended this does nothing.
            stream.Cancel();
            GenerationTrace.End(span, host.Time, stream, choices);
        }
    }

    private static async Task<GenerationCall> ReadAsync(HttpRequest request, CallLimits limits, bool isChat)
    {
        // A browser can send other types across origins without asking; a server on this machine must not take those.
        if (!request.HasJsonContentType())
        {
            throw new ApiError(415, "The body's type is not JSON; send 'Content-Type: application/json'.", code: "unsupported_media_type");
        }

        if (request.Headers.ContentEncoding is { Count: > 0 } encoding && encoding != "identity")
        {
            throw new ApiError(415, $"The body is encoded as {encoding}; send it as it is.", code: "unsupported_media_type");
        }

        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, request.HttpContext.RequestAborted).ConfigureAwait(false);
        using var document = JsonFields.Parse(body.GetBuffer().AsMemory(0, (int)body.Length));
        var fields = JsonFields.Of(document.RootElement);
        return isChat ? GenerationCall.OfChat(fields, limits) : GenerationCall.OfCompletion(fields, limits);
    }

    private async Task AnswerAsync(HttpContext context, Answer answer, ChoiceText[] choices, GenerationStream stream)
    {
        for (var numOpen = choices.Length; numOpen > 0 && await stream.Events.WaitToReadAsync(context.RequestAborted).ConfigureAwait(false);)
        {
            while (stream.Events.TryRead(out var happened))
            {
                numOpen -= Apply(answer.Call, choices, stream, happened, out _) ? 1 : 0;
            }
        }

        context.Response.ContentType = "application/json";
        using (var json = new Utf8JsonWriter(context.Response.BodyWriter, JsonOptions))
        {
            answer.WriteWhole(json, choices, Prompts(answer.Call));
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }

    private async Task StreamAsync(HttpContext context, Answer answer, ChoiceText[] choices, GenerationStream stream)
    {
        var (output, aborted, call) = (context.Response.BodyWriter, context.RequestAborted, answer.Call);
        using var json = new Utf8JsonWriter(Stream.Null, JsonOptions);
        var (numOpen, hasBegun, prompts) = (choices.Length, new bool[choices.Length], Prompts(call));
        try
        {
            while (numOpen > 0 && await stream.Events.WaitToReadAsync(aborted).ConfigureAwait(false))
            {
                if (!context.Response.HasStarted)
                {
                    context.Response.ContentType = "text/event-stream";
                    context.Response.Headers.CacheControl = "no-cache";
                }

                while (stream.Events.TryRead(out var happened))
                {
                    var ended = Apply(call, choices, stream, happened, out var index);
                    if (index < 0)
                    {
                        continue;
                    }

                    numOpen -= ended ? 1 : 0;
                    var (text, tokens) = choices[index].Take();
                    if (call.Echoes && !hasBegun[index])
                    {
                        text = prompts[index / call.NumSamples] + text;
                    }

                    if (text.Length > 0 || tokens.Count > 0 || ended || !hasBegun[index])
                    {
                        WriteEvent(output, json, writer => answer.WriteChunk(
                            writer, index, text, tokens, choices[index].FinishReason, isFirst: !hasBegun[index]));
                        hasBegun[index] = true;
                    }
                }

                await FlushAsync(output, aborted).ConfigureAwait(false);
            }
        }
        catch (Exception fault) when (context.Response.HasStarted && fault is EngineFailedException or HostStoppedException)
        {
            // Too late for a status: the error is the stream's last event, and there is no [DONE].
            WriteEvent(output, json, ApiError.Of(fault).Write);
            await FlushAsync(output, aborted).ConfigureAwait(false);
            return;
        }

        if (call.IncludesUsage)
        {
            WriteEvent(output, json, writer => answer.WriteUsageChunk(writer, choices));
        }

        output.Write("data: [DONE]\n\n"u8);
        await FlushAsync(output, aborted).ConfigureAwait(false);
    }

    /// <summary>
    /// Takes an event to its choice. Returns whether that ended the choice; <paramref name="index"/> is -1 for what comes after a stop string.
    /// </summary>
    private static bool Apply(GenerationCall call, ChoiceText[] choices, GenerationStream stream, in TokenEvent happened, out int index)
    {
        index = happened.Request * call.NumSamples + happened.Sample;
        var choice = choices[index];
        if (choice.FinishReason is not null)
        {
            index = -1;
            return false;
        }

        if (happened.End is { } reason)
        {
            choice.End(reason);
        }
        else if (choice.Add(happened.Token, happened.Logprob, happened.Top))
        {
            stream.Finish(happened.Request, happened.Sample);
        }

        return choice.FinishReason is not null;
    }

    private string[] Prompts(GenerationCall call) =>
        call.Echoes ? [.. call.Prompts.Select(prompt => model.Tokenizer.Decode(prompt))] : [];

    private static void WriteEvent(PipeWriter output, Utf8JsonWriter json, Action<Utf8JsonWriter> write)
    {
        output.Write("data: "u8);
        json.Reset(output);
        write(json);
        json.Flush();
        output.Write("\n\n"u8);
    }

    private static async ValueTask FlushAsync(PipeWriter output, CancellationToken aborted)
    {
        if ((await output.FlushAsync(aborted).ConfigureAwait(false)).IsCompleted)
        {
            throw new OperationCanceledException("the reader has gone");
        }
    }
}
