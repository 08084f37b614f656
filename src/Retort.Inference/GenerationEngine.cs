using Retort.Core;
using Retort.Models;
using Retort.Tensors;

namespace Retort.Inference;

/// <summary>Sizes of an engine; memory is taken once, from these.</summary>
public sealed record EngineSettings
{
    /// <summary>Sequences decoded together.</summary>
    public int MaxSequences { get; init; } = 32;

    /// <summary>Longest prompt and completion together, in tokens; 0: the model's context.</summary>
    public int MaxLength { get; init; }

    /// <summary>Prompt tokens fed in one step.</summary>
    public int PrefillTokens { get; init; } = 512;

    /// <summary>Tokens that end a completion.</summary>
    public IReadOnlyList<int> StopTokens { get; init; } = [];

    /// <summary>These settings, checked for a model of so many tokens.</summary>
    public EngineSettings Validated(int vocabularySize, string where = "engine")
    {
        Check(MaxSequences >= 1, "maxSequences", MaxSequences, "at least 1");
        Check(PrefillTokens >= 0, "prefillTokens", PrefillTokens, "at least 0");
        foreach (var token in StopTokens)
        {
            Check(token >= 0 && token < vocabularySize, "stopTokens", token, $"tokens of the vocabulary, 0 to {vocabularySize - 1}");
        }

        return this;

        void Check(bool valid, string field, int value, string expected)
        {
            if (!valid)
            {
                throw UserError.Request($"{where}.{field}", $"is {value}", expected);
            }
        }
    }
}

/// <summary>
/// Generation with continuous batching on the trainer's own weights: every step feeds one token of each running
/// sequence and a chunk of the waiting prompts; a finished sequence's place is taken at the next step. A completion's bits depend on
/// its request alone (law 1). A decode step allocates no managed memory.
/// </summary>
public sealed class GenerationEngine : IDisposable
{
    /// <summary>Prompts whose further samples wait for a place while their prefix is held.</summary>
    private const int MaxBegunPrompts = 4;

    private static readonly ulong SamplePurpose = CounterRandom.Hash("generation/sample");

    private readonly Transformer model;
    private readonly EngineSettings settings;
    private readonly Tape tape;
    private readonly KvPages pages;
    private readonly PageAllocator allocator;
    private readonly StepLayout layout;
    private readonly Slot[] slots;
    private readonly Queue<PromptState> waiting = new();
    private readonly List<PromptState> begun = new(MaxBegunPrompts);
    private readonly bool[] isStop;
    private readonly int[] tokens, positions, logitRows, drawn;
    private readonly float[] logprobs;
    private readonly SamplingRow[] sampling;
    private readonly Slot[] sampled;
    private int numSubmitted;

    /// <summary>An engine over a model's weights, which it shares.</summary>
    public GenerationEngine(Transformer model, EngineSettings settings)
    {
        (this.model, this.settings) = (model, settings.Validated(model.Config.VocabularySize));
        MaxLength = settings.MaxLength == 0 ? model.Config.MaxPositions : settings.MaxLength;
        if (MaxLength < 2 || MaxLength > model.Config.MaxPositions)
        {
            throw UserError.Request("engine.maxLength", $"is {MaxLength}", $"2 to the model's context of {model.Config.MaxPositions}");
        }

        var numSlots = settings.MaxSequences;
        var maxRows = settings.MaxSequences + settings.PrefillTokens;
        slots = [.. Enumerable.Range(0, numSlots).Select(_ => new Slot(MaxLength))];
        var numPages = NumPages(settings, MaxLength);
        allocator = new PageAllocator(numPages);
        pages = new KvPages(model.Device, model.Config.NumLayers, numPages, model.Heads);
        layout = new StepLayout(numSlots, Slot.PagesFor(MaxLength));
        tape = new Tape(model.Device, model.Parameters, ActivationBytes(model.Config, maxRows, settings.MaxSequences), isRecording: false);
        isStop = new bool[model.Config.VocabularySize];
        foreach (var token in settings.StopTokens)
        {
            isStop[token] = true;
        }

        (tokens, positions) = (new int[maxRows], new int[maxRows]);
        (logitRows, drawn, logprobs) = (new int[numSlots], new int[numSlots], new float[numSlots]);
        (sampling, sampled) = (new SamplingRow[numSlots], new Slot[numSlots]);
    }

    /// <summary>Called with each completion as it ends.</summary>
    public Action<Completion>? Completed { get; set; }

    /// <summary>Called with each token as it is drawn.</summary>
    public Action<DrawnToken>? Drawn { get; set; }

    /// <summary>Longest prompt and completion together.</summary>
    public int MaxLength { get; }

    /// <summary>Whether any request is waiting or running.</summary>
    public bool IsBusy { get; private set; }

    /// <summary>Tokens drawn so far.</summary>
    public long NumDrawn { get; private set; }

    /// <summary>Rows fed through the model so far: prompt tokens and drawn tokens.</summary>
    public long NumFed { get; private set; }

    /// <summary>Bytes of native memory an engine of these sizes takes beside the weights.</summary>
    public static long Bytes(ModelConfig config, EngineSettings settings)
    {
        var maxLength = settings.MaxLength == 0 ? config.MaxPositions : settings.MaxLength;
        var heads = new HeadShape(config.NumHeads, config.NumKvHeads, config.HeadDim);
        return KvPages.Bytes(config.NumLayers, NumPages(settings, maxLength), heads)
            + ActivationBytes(config, settings.MaxSequences + settings.PrefillTokens, settings.MaxSequences);
    }

    /// <summary>Queues a request; returns its index.</summary>
    public int Submit(GenerationRequest request)
    {
        var sampled = request.Sampling.Validated();
        if (request.Prompt.Length == 0 || request.Prompt.Length >= MaxLength)
        {
            throw UserError.Request(
                "prompt", $"has {request.Prompt.Length} tokens", $"1 to {MaxLength - 1}, so that one more fits the context");
        }

        if (request.NumSamples < 1)
        {
            throw UserError.Request("samples", $"is {request.NumSamples}", "at least 1");
        }

        if (request.Prompt.AsSpan().ContainsAnyExceptInRange(0, model.Config.VocabularySize - 1))
        {
            throw UserError.Request("prompt", "holds a token outside the vocabulary", $"0 to {model.Config.VocabularySize - 1}");
        }

        var maxLength = (int)Math.Min((long)request.Prompt.Length + sampled.MaxNewTokens, MaxLength);
        waiting.Enqueue(new PromptState(numSubmitted, request, maxLength));
        IsBusy = true;
        return numSubmitted++;
    }

    /// <summary>
    /// Ends a request between steps: its samples vanish, their memory is free at once and nothing more is said of it. An
    /// index that is not live (completed already) is passed over.
    /// </summary>
    public void Cancel(int request)
    {
        foreach (var slot in slots)
        {
            if (slot.Prompt?.Index == request)
            {
                slot.End(allocator);
            }
        }

        for (var i = begun.Count - 1; i >= 0; i--)
        {
            if (begun[i].Index == request)
            {
                begun[i].LetGo(allocator);
                begun.RemoveAt(i);
            }
        }

        for (var count = waiting.Count; count > 0; count--)
        {
            if (waiting.Dequeue() is var prompt && prompt.Index != request)
            {
                waiting.Enqueue(prompt);
            }
        }
    }

    /// <summary>Runs until every request is completed. <paramref name="cancellation"/> is looked at between steps.</summary>
    public void Run(CancellationToken cancellation = default)
    {
        while (IsBusy)
        {
            cancellation.ThrowIfCancellationRequested();
            Step();
        }
    }

    /// <summary>One iteration: admit, feed, draw, finish. Returns the tokens drawn.</summary>
    public int Step()
    {
        Admit();
        var numSampled = Compose(out var numRows);
        if (numRows > 0)
        {
            Forward(numRows, numSampled);
        }

        for (var i = 0; i < numSampled; i++)
        {
            Accept(sampled[i], drawn[i], logprobs[i]);
        }

        IsBusy = waiting.Count > 0 || begun.Count > 0 || Array.Exists(slots, slot => slot.Prompt is not null);
        return numSampled;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        tape.Dispose();
        pages.Dispose();
    }

    /// <summary>Every slot's pages, and those of the prompts whose samples are beginning: pages never run out.</summary>
    private static int NumPages(EngineSettings settings, int maxLength) =>
        (settings.MaxSequences + MaxBegunPrompts) * Slot.PagesFor(maxLength);

    private static long ActivationBytes(ModelConfig config, int maxRows, int maxLogitRows)
    {
        using var device = new CountingDevice();
        using var model = new Transformer(config, device);
        using var tape = new Tape(device, model.Parameters, long.MaxValue / 4, isRecording: false);
        var layout = new StepLayout(1, Slot.PagesFor(maxRows));
        using var pages = new KvPages(device, config.NumLayers, 1, model.Heads);
        layout.Add(0, maxRows, new int[Slot.PagesFor(maxRows)]);
        model.Forward(tape, ModelInput.Step(
            tape.TakeInts(maxRows), tape.TakeInts(maxRows), tape.TakeInts(maxLogitRows), layout, pages));
        return tape.PeakBytes;
    }

    /// <summary>Gives free places to waiting samples: first the others of prompts already begun, then new prompts.</summary>
    private void Admit()
    {
        for (var i = 0; i < begun.Count;)
        {
            var prompt = begun[i];
            while (prompt.IsPrefixCached && prompt.NextSample < prompt.Request.NumSamples && FreeSlot() is { } slot)
            {
                BeginSharingSample(prompt, slot);
            }

            if (prompt.NextSample < prompt.Request.NumSamples)
            {
                i++;
                continue;
            }

            prompt.LetGo(allocator);
            begun.RemoveAt(i);
        }

        while (waiting.TryPeek(out var prompt)
            && (prompt.Request.NumSamples == 1 || begun.Count < MaxBegunPrompts) && FreeSlot() is { } slot)
        {
            waiting.Dequeue();
            Begin(prompt, slot, []);
            if (prompt.Request.NumSamples > 1)
            {
                prompt.Hold(slot.Pages, allocator);
                prompt.IsPrefixCached = prompt.PrefixLength == 0;
                begun.Add(prompt);
            }
        }
    }

    private void Begin(PromptState prompt, Slot slot, ReadOnlySpan<int> sharedPages)
    {
        slot.Begin(prompt, prompt.NextSample, allocator, sharedPages);
        slot.Random = CounterRandom.For(prompt.Request.Seed, SamplePurpose, (ulong)prompt.NextSample);
        prompt.NextSample++;
    }

    /// <summary>Shares the prefix's full pages and copies the one that the sample will write into.</summary>
    private void BeginSharingSample(PromptState prompt, Slot slot)
    {
        var fullPages = prompt.PrefixLength / KvPages.PageTokens;
        Begin(prompt, slot, prompt.PrefixPages[..fullPages]);
        if (prompt.PrefixLength % KvPages.PageTokens != 0)
        {
            pages.CopyPage(model.Device, prompt.PrefixPages[fullPages], slot.Pages[fullPages]);
        }

        slot.NumCached = prompt.PrefixLength;
    }

    /// <summary>Lays out the step's rows; returns how many sequences draw a token.</summary>
    private int Compose(out int numRows)
    {
        layout.Clear();
        numRows = 0;
        var (numSampled, prefillBudget) = (0, settings.PrefillTokens);
        foreach (var slot in slots)
        {
            if (slot.Prompt is null)
            {
                continue;
            }

            var pending = slot.NumPending;
            var count = Math.Min(pending, 1 + prefillBudget);
            prefillBudget -= count - 1;
            layout.Add(slot.NumCached, count, slot.Pages);
            for (var end = slot.NumCached + count; slot.NumCached < end; slot.NumCached++)
            {
                tokens[numRows] = slot.TokenAt(slot.NumCached);
                positions[numRows++] = slot.NumCached;
            }

            slot.Prompt.IsPrefixCached |= slot.NumCached >= slot.Prompt.PrefixLength;
            NumFed += count;
            if (count == pending)
            {
                var s = slot.Prompt.Request.Sampling;
                logitRows[numSampled] = numRows - 1;
                sampling[numSampled] = new SamplingRow(s.Temperature, s.TopK, s.TopP, s.MinP, slot.Random.NextSingle());
                sampled[numSampled++] = slot;
            }
        }

        return numSampled;
    }

    private void Forward(int numRows, int numSampled)
    {
        tape.Reset();
        if (numSampled == 0)
        {
            // A step of prompt chunks only: one row of logits is computed and not looked at.
            logitRows[0] = numRows - 1;
        }

        var input = ModelInput.Step(
            Put(tokens.AsSpan(0, numRows)), Put(positions.AsSpan(0, numRows)), Put(logitRows.AsSpan(0, Math.Max(1, numSampled))),
            layout, pages);
        var logits = model.Forward(tape, input);
        if (numSampled > 0)
        {
            model.Device.Sample(logits.Value, sampling.AsSpan(0, numSampled), drawn, logprobs);
        }
    }

    private IntTensor Put(ReadOnlySpan<int> values)
    {
        var tensor = tape.TakeInts(values.Length);
        model.Device.Write(tensor, values);
        return tensor;
    }

    /// <summary>Adds a drawn token to its sequence; ends the sequence if it is done.</summary>
    private void Accept(Slot slot, int token, float logprob)
    {
        if (float.IsNaN(logprob))
        {
            throw UserError.Environment("sampling", "the model's logits are not numbers", "a model whose training did not diverge");
        }

        NumDrawn++;
        slot.Tokens[slot.NumNew] = token;
        slot.Logprobs[slot.NumNew++] = logprob;
        var prompt = slot.Prompt!;
        Drawn?.Invoke(new DrawnToken(prompt.Index, slot.Sample, token, logprob, []));
        var stops = isStop[token] && !prompt.Request.IgnoresStop;
        if (stops || prompt.Request.Prompt.Length + slot.NumNew == prompt.MaxLength)
        {
            Completed?.Invoke(new Completion(
                prompt.Index, slot.Sample, slot.Tokens[..slot.NumNew], slot.Logprobs[..slot.NumNew],
                stops ? FinishReason.Stop : FinishReason.Length));
            slot.End(allocator);
        }
    }

    private Slot? FreeSlot()
    {
        foreach (var slot in slots)
        {
            if (slot.Prompt is null)
            {
                return slot;
            }
        }

        return null;
    }
}
