using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Retort.Core;
using Retort.Inference.Serving;
using Retort.Models;
using Retort.Models.Checkpoints;
using Retort.Models.Tokenizers;
using Retort.Tensors.Cpu;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace Retort.Inference.Chat;

/// <summary>
/// A model in this process as the .NET ecosystem's chat client. Many requests may run at once: they share the engine's steps, and none
/// changes another's tokens. What an option asks for is done or refused, never passed over. Wrong requests are
/// <see cref="UserError"/>s.
/// </summary>
public sealed class RetortChatClient : IChatClient, IAsyncDisposable
{
    private readonly EngineHost host;
    private readonly ITokenizer tokenizer;
    private readonly IChatTemplate template;
    private readonly HashSet<int> stopTokens;
    private readonly ChatClientMetadata metadata;
    private readonly IReadOnlyList<IDisposable> owned;
    private long numRequests;

    /// <summary>A client of a running engine, which stays its owner's.</summary>
    /// <param name="host">Runs the model.</param>
    /// <param name="tokenizer">The model's.</param>
    /// <param name="template">Turns conversations into prompts.</param>
    /// <param name="stopTokens">The engine's stop tokens, which are no text; null: the tokenizer's end token.</param>
    /// <param name="modelId">What the model is called.</param>
    public RetortChatClient(
        EngineHost host, ITokenizer tokenizer, IChatTemplate template, IReadOnlyList<int>? stopTokens = null, string? modelId = null)
        : this(host, tokenizer, template, stopTokens ?? (tokenizer.EosId is { } end ? [end] : []), modelId, [])
    {
    }

    private RetortChatClient(
        EngineHost host, ITokenizer tokenizer, IChatTemplate template, IReadOnlyList<int> stopTokens, string? modelId,
        IReadOnlyList<IDisposable> owned)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(template);
        (this.host, this.tokenizer, this.template, this.stopTokens, this.owned) = (host, tokenizer, template, [.. stopTokens], owned);
        metadata = new ChatClientMetadata("retort", null, modelId);
    }

    /// <summary>
    /// Opens a checkpoint with an engine of its own. A model without a chat template is a <see cref="UserError"/> unless
    /// <paramref name="template"/> is given, which goes before the checkpoint's.
    /// </summary>
    /// <param name="path">A checkpoint folder, or a llama2.c file with its tokenizer beside it.</param>
    /// <param name="template">Turns conversations into prompts; null: the checkpoint's.</param>
    /// <param name="threads">Threads that compute; 0: one a core.</param>
    /// <param name="maxSequences">Requests answered together; further ones wait.</param>
    public static RetortChatClient Open(string path, IChatTemplate? template = null, int threads = 0, int maxSequences = 8)
    {
        using var source = Checkpoint.Open(path);
        var tokenizer = Tokenizer.Open(path);
        template ??= ChatTemplate.Open(path)
            ?? throw UserError.Request(
                path, "has no chat template",
                "chat_template.jinja or chat_template in tokenizer_config.json, or a template given to the client");
        var stopTokens = source.StopTokens(tokenizer);
        var owned = new List<IDisposable>();
        try
        {
            var device = Own(new CpuDevice(threads));
            var model = Own(ModelStore.Load(source, device));
            var engine = new GenerationEngine(model, new EngineSettings { MaxSequences = maxSequences, StopTokens = stopTokens });
            var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
            return new RetortChatClient(new EngineHost(engine), tokenizer, template, stopTokens, name, owned);
        }
        catch
        {
            owned.ForEach(part => part.Dispose());
            throw;
        }

        T Own<T>(T part)
            where T : IDisposable
        {
            owned.Insert(0, part);
            return part;
        }
    }

    /// <inheritdoc/>
    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        await GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var prompt = tokenizer.EncodeChat(template, Conversation(messages, options ?? new ChatOptions()));
        var number = Interlocked.Increment(ref numRequests);
        return Stream(Request(prompt, options ?? new ChatOptions(), number), new StopStrings(Stops(options)), number, cancellationToken);
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : new object[] { this, metadata, host, tokenizer, template }.FirstOrDefault(serviceType.IsInstanceOfType);
    }

    /// <summary>Gives back the engine and the model, where the client opened them; what still runs ends with an error.</summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    /// <inheritdoc cref="Dispose"/>
    public async ValueTask DisposeAsync()
    {
        if (owned.Count > 0)
        {
            await host.DisposeAsync().ConfigureAwait(false);
        }

        foreach (var part in owned)
        {
            part.Dispose();
        }
    }

    private async IAsyncEnumerable<ChatResponseUpdate> Stream(
        GenerationRequest request, StopStrings stop, long number, [EnumeratorCancellation] CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var (id, created) = (FormattableString.Invariant($"retort-{number}"), host.Time.GetUtcNow());
        var decoder = tokenizer.CreateDecoder(continues: true);
        var stream = host.Submit(request);
        var (numTokens, reason) = (0, null as ChatFinishReason?);
        try
        {
            await foreach (var happened in stream.Events.ReadAllAsync(cancellation).ConfigureAwait(false))
            {
                cancellation.ThrowIfCancellationRequested();
                numTokens += happened.End is null ? 1 : 0;
                var text = happened.End is not null ? stop.Append(decoder.Flush()) + stop.Flush()
                    : stopTokens.Contains(happened.Token) ? "" : stop.Append(decoder.Append(happened.Token));
                if (text.Length > 0)
                {
                    yield return Update(new TextContent(text), null);
                }

                reason = stop.HasStopped || happened.End == FinishReason.Stop ? ChatFinishReason.Stop
                    : happened.End is null ? null : ChatFinishReason.Length;
                if (reason is not null)
                {
                    break;
                }
            }

            if (stop.HasStopped)
            {
                stream.Finish(0, 0);
            }

            var usage = new UsageDetails
            {
                InputTokenCount = request.Prompt.Length,
                OutputTokenCount = numTokens,
                TotalTokenCount = request.Prompt.Length + numTokens,
            };
            yield return Update(new UsageContent(usage), reason);
        }
        finally
        {
            // Also when the reader goes away, or is told to; what has ended is not touched.
            if (reason is null)
            {
                stream.Cancel();
            }
        }

        ChatResponseUpdate Update(AIContent content, ChatFinishReason? finish) => new(ChatRole.Assistant, [content])
        {
            ResponseId = id,
            MessageId = id,
            ModelId = metadata.DefaultModelId,
            CreatedAt = created,
            FinishReason = finish,
        };
    }

    private static List<Models.Tokenizers.ChatMessage> Conversation(IEnumerable<ChatMessage> messages, ChatOptions options)
    {
        var conversation = new List<Models.Tokenizers.ChatMessage>();
        if (options.Instructions is { Length: > 0 } instructions)
        {
            conversation.Add(new(ChatRole.System.Value, instructions));
        }

        foreach (var message in messages)
        {
            if (message.Contents.FirstOrDefault(content => content is not TextContent) is { } other)
            {
                throw UserError.Request("messages", $"hold {other.GetType().Name}", "text");
            }

            conversation.Add(new(message.Role.Value, message.Text));
        }

        return conversation;
    }

    /// <summary>Without a seed a client's n-th request draws from stream n: the same program says the same again.</summary>
    private GenerationRequest Request(int[] prompt, ChatOptions options, long number)
    {
        Refuse(options.Tools is { Count: > 0 }, "tools", "none: this client calls no functions");
        Refuse(options.ResponseFormat is ChatResponseFormatJson, "responseFormat", "text");
        Refuse(options.FrequencyPenalty is not (null or 0), "frequencyPenalty", "0");
        Refuse(options.PresencePenalty is not (null or 0), "presencePenalty", "0");
        Refuse(options.ConversationId is not null, "conversationId", "the whole conversation as messages");
        Refuse(options.ModelId is { } model && model != metadata.DefaultModelId, "modelId", metadata.DefaultModelId ?? "none");
        var sampling = new SamplingSettings
        {
            Temperature = options.Temperature ?? 1,
            TopP = options.TopP ?? 1,
            TopK = options.TopK ?? 0,
            MaxNewTokens = options.MaxOutputTokens ?? int.MaxValue,
        };
        var random = CounterRandom.For(0, "chat/seed", (ulong)number);
        return new GenerationRequest(prompt, sampling.Validated("options"), (ulong?)options.Seed ?? random.NextUInt64());

        static void Refuse(bool refused, string option, string expected)
        {
            if (refused)
            {
                throw UserError.Request($"options.{option}", "is not supported", expected);
            }
        }
    }

    private static IReadOnlyList<string> Stops(ChatOptions? options) => options?.StopSequences is not { } stops ? []
        : !stops.Any(string.IsNullOrEmpty) ? [.. stops] : throw UserError.Request("options.stopSequences", "hold an empty text", "some text each");
}
