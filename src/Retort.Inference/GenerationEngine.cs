using Retort.Core;
using Retort.Inference.Kv;
using Retort.Inference.Lengths;
using Retort.Inference.Scheduling;
using Retort.Models;
using Retort.Tensors;

namespace Retort.Inference;

/// <summary>
/// Generation with continuous batching on the trainer's own weights: before every step a <see cref="Scheduler"/> chooses who is in it;
/// the step feeds one token of each running sequence and chunks of prompts. A completion's bits depend on its request alone (law 1):
/// not on policy, preemption, cached prefixes or neighbours. A decode step allocates no managed memory.
/// </summary>
public sealed class GenerationEngine : IDisposable
{
    private readonly Transformer model;
    private readonly EngineSettings settings;
    private readonly TimeProvider time;
    private readonly long began;
    private readonly Tape tape;
    private readonly KvPages pages;
    private readonly ILengthPredictor? predictor;
    private readonly LengthRefiner? refiner;
    private readonly HostPages hostPages;
    private readonly PagedKv kv;
    private readonly Scheduler scheduler;
    private readonly StepLayout layout;
    private readonly Dictionary<int, RequestState> requests = [];
    private readonly bool[] isStop;
    private readonly int[] tokens, positions, logitRows;
    private readonly SamplerRows sampling;
    private readonly PredictedIds? ids;
    private readonly Sequence[] sampled;
    private int numSubmitted;

    /// <summary>
    /// An engine over a model's weights, which it shares. <paramref name="predictor"/> predicts lengths for policies that look at them
    /// (none: a request's own limit); it stays its owner's. <paramref name="time"/> is read at arrivals, for policies that look at waiting.
    /// </summary>
    public GenerationEngine(
        Transformer model, EngineSettings settings, ILengthPredictor? predictor = null, TimeProvider? time = null)
    {
        this.predictor = predictor;
        (this.model, this.settings, this.time) = (model, settings.Validated(model.Config), time ?? TimeProvider.System);
        settings = this.settings;
        began = this.time.GetTimestamp();
        var (numPlaces, maxRows) = (settings.MaxSequences, settings.MaxRows);
        kv = new PagedKv(settings.NumPages, settings.NumHostPages, settings.CachesPrefixes);
        scheduler = new Scheduler(settings.Policy, new SchedulerLimits(numPlaces, maxRows, settings.WatermarkPages), kv);
        pages = new KvPages(model.Device, model.Config.NumLayers, settings.NumPages, model.Heads, settings.KvFormat);
        refiner = predictor?.CreateRefiner(numPlaces, settings.NumPages);
        hostPages = new HostPages(pages, settings.NumHostPages, refiner?.Sums);
        layout = new StepLayout(numPlaces, PageCount.For(settings.MaxLength));
        tape = new Tape(model.Device, model.Parameters, ActivationBytes(model.Config, maxRows, numPlaces), isRecording: false);
        isStop = new bool[model.Config.VocabularySize];
        foreach (var token in settings.StopTokens)
        {
            isStop[token] = true;
        }

        (tokens, positions) = (new int[maxRows], new int[maxRows]);
        (logitRows, sampled) = (new int[numPlaces], new Sequence[numPlaces]);
        sampling = new SamplerRows(numPlaces, model.Config.VocabularySize);
        ids = model.Config.PredictsPositions ? new PredictedIds(numPlaces) : null;
    }

    /// <summary>Called with each completion as it ends.</summary>
    public Action<Completion>? Completed { get; set; }

    /// <summary>Called with each token as it is drawn.</summary>
    public Action<DrawnToken>? Drawn { get; set; }

    /// <summary>Longest prompt and completion together.</summary>
    public int MaxLength => settings.MaxLength;

    /// <summary>Whether any request is waiting or running.</summary>
    public bool IsBusy => scheduler.IsBusy;

    /// <summary>Tokens drawn so far.</summary>
    public long NumDrawn { get; private set; }

    /// <summary>Rows fed through the model so far: prompt tokens, drawn tokens and those computed again.</summary>
    public long NumFed { get; private set; }

    /// <summary>Of those, rows that had been fed before and whose keys were given up.</summary>
    public long NumRecomputed { get; private set; }

    /// <summary>Pages moved to the host's pool so far.</summary>
    public long NumSwapped { get; private set; }

    /// <summary>
    /// Prompt tokens of the sequences that began with a prefix cache to look into; siblings that share a held prompt are not among them.
    /// </summary>
    public long NumPrefixAsked { get; private set; }

    /// <summary>Of those, tokens whose keys were there.</summary>
    public long NumPrefixFound { get; private set; }

    /// <summary>Who is live; read between steps.</summary>
    public Scheduler Scheduler => scheduler;

    /// <summary>Who holds which page; read between steps.</summary>
    public PagedKv Kv => kv;

    /// <summary>
    /// Bytes of memory an engine of these sizes takes beside the weights: native, and the host's pool.
    /// <paramref name="probeInnerSize"/>: the hidden layer's width of the probe that refines lengths, 0 without one.
    /// </summary>
    public static long Bytes(ModelConfig config, EngineSettings settings, int probeInnerSize = 0)
    {
        settings = settings.Validated(config);
        var heads = new HeadShape(config.NumHeads, config.NumKvHeads, config.HeadDim);
        return KvPages.Bytes(config.NumLayers, settings.NumPages + settings.NumHostPages, heads, settings.KvFormat)
            + ActivationBytes(config, settings.MaxRows, settings.MaxSequences)
            + (probeInnerSize == 0 ? 0 : LengthRefiner.Bytes(
                config.HiddenSize, probeInnerSize, settings.MaxSequences, settings.NumPages + settings.NumHostPages));
    }

    /// <summary>Queues a request; returns its index.</summary>
    public int Submit(GenerationRequest request)
    {
        var wanted = request.Sampling.Validated();
        if (request.Prompt.Length == 0 || request.Prompt.Length >= MaxLength)
        {
            throw UserError.Request(
                "prompt", $"has {request.Prompt.Length} tokens", $"1 to {MaxLength - 1}, so that one more fits the context");
        }

        if (request.NumSamples < 1)
        {
            throw UserError.Request("samples", $"is {request.NumSamples}", "at least 1");
        }

        if (request.Prompt.AsSpan().ContainsAnyExceptInRange(0, model.Config.NumTokens - 1))
        {
            throw UserError.Request("prompt", "holds a token outside the vocabulary", $"0 to {model.Config.NumTokens - 1}");
        }

        SamplerRows.Check(request, model.Config.VocabularySize);
        var maxLength = (int)Math.Min((long)request.Prompt.Length + wanted.MaxNewTokens, PositionRoom.Check(request, model.Config, MaxLength));
        var state = new RequestState(numSubmitted++, request, maxLength, model.Config.PredictsPositions, time.GetElapsedTime(began).TotalSeconds);
        state.Belief = predictor?.Begin(request.Prompt, maxLength - request.Prompt.Length, (ulong)state.Index, request.KnownLength)
            ?? new LengthBelief(maxLength - request.Prompt.Length, maxLength - request.Prompt.Length);
        requests.Add(state.Index, state);
        Begin(state, state.PrefixLength == 0 ? request.NumSamples : 1);
        return state.Index;
    }

    /// <summary>
    /// Ends a request between steps: its samples vanish, their memory is free at once and nothing more is said of it. An
    /// index that is not live (completed already) is passed over.
    /// </summary>
    public void Cancel(int request)
    {
        if (requests.Remove(request, out var state))
        {
            state.Live.ForEach(scheduler.Remove);
            state.Live.Clear();
            kv.LetGo(state.Prefix);
        }
    }

    /// <summary>Ends one sample of a request, as <see cref="Cancel(int)"/> does all of them.</summary>
    public void Cancel(int request, int sample)
    {
        if (!requests.TryGetValue(request, out var state))
        {
            return;
        }

        // The one that ends may be the one the others wait for, or may not be there yet: none waits any more.
        Begin(state, state.Request.NumSamples);
        if (state.Live.Find(live => live.Sample == sample) is { } sequence)
        {
            End(sequence);
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

    /// <summary>
    /// Completes requests on an idle engine: all samples, in the order (request, sample). <paramref name="finished"/> is told how many are
    /// there. Cancelled or failing, it leaves none of them live.
    /// </summary>
    public Completion[] Complete(
        IReadOnlyList<GenerationRequest> wanted, Action<int>? finished = null, CancellationToken cancellation = default)
    {
        if (IsBusy)
        {
            throw new InvalidOperationException("requests are waiting or running");
        }

        var (starts, total, first, done, others) = (new int[wanted.Count], 0, numSubmitted, 0, Completed);
        for (var r = 0; r < starts.Length; r++)
        {
            (starts[r], total) = (total, total + wanted[r].NumSamples);
        }

        var completions = new Completion[total];
        Completed = completion =>
        {
            completions[starts[completion.Request - first] + completion.Sample] = completion;
            finished?.Invoke(++done);
        };
        try
        {
            foreach (var request in wanted)
            {
                Submit(request);
            }

            Run(cancellation);
            return completions;
        }
        catch
        {
            for (var request = first; request < numSubmitted; request++)
            {
                Cancel(request);
            }

            throw;
        }
        finally
        {
            Completed = others;
        }
    }

    /// <summary>One iteration: choose, feed, draw, finish. Returns the tokens drawn.</summary>
    public int Step()
    {
        var plan = scheduler.Plan();
        foreach (var transfer in kv.Transfers)
        {
            hostPages.Move(model.Device, transfer);
            NumSwapped += transfer.Kind == KvTransferKind.ToHost ? 1 : 0;
        }

        kv.ClearTransfers();
        var numSampled = Compose(plan);
        if (plan.NumTokens > 0)
        {
            Forward(plan.NumTokens, numSampled);
            refiner?.Refine();
        }

        foreach (var rows in plan.Rows)
        {
            kv.Register(rows.Sequence);
        }

        for (var i = 0; i < numSampled; i++)
        {
            Accept(sampled[i], sampling.Token(i), sampling.Logprob(i), ids?.Id(i) ?? 0, sampling.Top(i));
        }

        return numSampled;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        tape.Dispose();
        refiner?.Dispose();
        pages.Dispose();
    }

    private static long ActivationBytes(ModelConfig config, int maxRows, int maxLogitRows)
    {
        using var device = new CountingDevice();
        using var model = new Transformer(config, device);
        using var tape = new Tape(device, model.Parameters, long.MaxValue / 4, isRecording: false);
        var layout = new StepLayout(1, PageCount.For(maxRows));
        using var pages = new KvPages(device, config.NumLayers, 1, model.Heads);
        layout.Add(0, maxRows, new int[PageCount.For(maxRows)]);
        var hidden = model.Hidden(tape, ModelInput.Step(
            tape.TakeInts(maxRows), tape.TakeInts(maxRows), tape.TakeInts(maxLogitRows), layout, pages));
        model.Logits(tape, hidden);
        if (config.PredictsPositions)
        {
            model.PositionLogits(tape, hidden);
        }

        return tape.PeakBytes;
    }

    /// <summary>Makes samples of a request live, up to <paramref name="count"/> in all.</summary>
    private void Begin(RequestState state, int count)
    {
        while (state.NumCreated < count)
        {
            scheduler.Add(state.Create());
        }
    }

    /// <summary>Lays out the step's rows; returns how many sequences draw a token.</summary>
    private int Compose(StepPlan plan)
    {
        layout.Clear();
        sampling.Clear();
        refiner?.Begin(layout);
        var (numRows, numSampled) = (0, 0);
        foreach (var rows in plan.Rows)
        {
            var sequence = (Sequence)rows.Sequence;
            if (sequence.TryBegin() && settings.CachesPrefixes && sequence.Request.Prefix.NumTokens == 0)
            {
                NumPrefixAsked += sequence.NumPromptTokens;
                NumPrefixFound += sequence.NumCached;
            }

            if (rows.Draws)
            {
                logitRows[numSampled] = numRows + rows.NumTokens - 1;
                sampling.Add(sequence.Request.Request, sequence.Random.NextSingle());
                sampled[numSampled++] = sequence;
            }

            layout.Add(sequence.NumCached, rows.NumTokens, sequence.Pages);
            if (!settings.CachesPrefixes)
            {
                // No later prompt can begin with what is generated here.
                refiner?.SumUpTo(layout.NumSequences - 1, sequence.NumPromptTokens);
            }

            if (rows.Draws && !sequence.SharesPromptBelief() && !sequence.IsProtected)
            {
                refiner?.Add(layout.NumSequences - 1, sequence.Belief, sequence.NumPromptTokens, sequence.NumGenerated);
            }

            sequence.KnownTokens.Slice(sequence.NumCached, rows.NumTokens).CopyTo(tokens.AsSpan(numRows));
            for (var end = sequence.NumCached + rows.NumTokens; sequence.NumCached < end; sequence.NumCached++)
            {
                positions[numRows++] = sequence.IdAt(sequence.NumCached);
            }

            SharePrefixOf(sequence);
        }

        NumFed += numRows;
        NumRecomputed += plan.NumRecomputed;
        return numSampled;
    }

    /// <summary>The other samples can begin once the first has the prompt's keys; their hold on these ends when all have begun.</summary>
    private void SharePrefixOf(Sequence sequence)
    {
        var state = sequence.Request;
        if (state.NumCreated < state.Request.NumSamples && sequence.NumCached >= state.PrefixLength)
        {
            kv.Hold(state.Prefix, sequence, state.PrefixLength);
            Begin(state, state.Request.NumSamples);
        }
        else if (state.Prefix.NumTokens > 0 && state.NumBegun == state.Request.NumSamples)
        {
            kv.LetGo(state.Prefix);
        }
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
            layout, pages) with
        { Tap = refiner };
        var hidden = model.Hidden(tape, input);
        var logits = model.Logits(tape, hidden);
        if (numSampled > 0)
        {
            sampling.Draw(model.Device, logits.Value);
            ids?.Draw(model.Device, model.PositionLogits(tape, hidden).Value, numSampled);
        }
    }

    private IntTensor Put(ReadOnlySpan<int> values)
    {
        var tensor = tape.TakeInts(values.Length);
        model.Device.Write(tensor, values);
        return tensor;
    }

    /// <summary>Adds a drawn token to its sequence; ends the sequence if it is done.</summary>
    private void Accept(Sequence sequence, int token, float logprob, int predictedId, ReadOnlySpan<TokenLogprob> top)
    {
        if (float.IsNaN(logprob))
        {
            throw UserError.Environment("sampling", "the model's logits are not numbers", "a model whose training did not diverge");
        }

        if (sequence.Phase == SequencePhase.Ended)
        {
            // Cancelled by what another token of this step made somebody do.
            return;
        }

        NumDrawn++;
        var state = sequence.Request;
        state.PromptBelief ??= sequence.Belief.Copy();
        sequence.Add(token, logprob, predictedId);
        Drawn?.Invoke(new DrawnToken(state.Index, sequence.Sample, token, logprob, top));
        var stops = isStop[token] && !state.Request.IgnoresStop;
        if ((stops || sequence.NumPromptTokens + sequence.NumGenerated == sequence.MaxLength) && sequence.Phase != SequencePhase.Ended)
        {
            End(sequence);
            Completed?.Invoke(new Completion(
                state.Index, sequence.Sample, sequence.NewTokens, sequence.NewLogprobs,
                stops ? FinishReason.Stop : FinishReason.Length)
            { PositionIds = sequence.NewIds });
        }
    }

    private void End(Sequence sequence)
    {
        var state = sequence.Request;
        scheduler.Remove(sequence);
        state.Live.Remove(sequence);
        if (state.Live.Count == 0 && state.NumCreated == state.Request.NumSamples)
        {
            kv.LetGo(state.Prefix);
            requests.Remove(state.Index);
        }
    }
}
