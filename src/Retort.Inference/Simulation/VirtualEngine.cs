using Retort.Core;
using Retort.Inference.Kv;
using Retort.Inference.Scheduling;
using Retort.Tensors;

namespace Retort.Inference.Simulation;

/// <summary>A request to a <see cref="VirtualEngine"/>. Lengths are in tokens.</summary>
/// <param name="ArrivalSeconds">On the virtual clock.</param>
/// <param name="PromptTokens">At least 1.</param>
/// <param name="OutputTokens">Drawn before it ends, at least 1.</param>
/// <param name="PredictedTokens">What is predicted at arrival.</param>
/// <param name="Remaining">
/// Recorded predictions from hidden states: what is believed to remain after 1, 2, ... tokens, for all tokens but the last at least. Null: those of
/// <see cref="VirtualEngineSettings.Refined"/>.
/// </param>
public readonly record struct VirtualRequest(
    double ArrivalSeconds, int PromptTokens, int OutputTokens, double PredictedTokens, IReadOnlyList<double>? Remaining = null);

/// <summary>What became of a request. Times are in seconds from its arrival.</summary>
/// <param name="QueueSeconds">To the first step it was in.</param>
/// <param name="FirstTokenSeconds">To its first token.</param>
/// <param name="EndSeconds">To its last.</param>
/// <param name="NumPreemptions">Times it lost its place or its pages.</param>
/// <param name="NumRecomputed">Tokens fed again after their keys were given up.</param>
public readonly record struct VirtualOutcome(
    double QueueSeconds, double FirstTokenSeconds, double EndSeconds, int NumPreemptions, int NumRecomputed);

/// <summary>
/// What a step costs, in seconds: fixed, and for every row that decodes, prompt token that is read and page moved to or from the host.
/// </summary>
public readonly record struct StepCost(double Fixed, double DecodeRow, double PrefillToken, double SwapPage)
{
    /// <summary>What prediction adds to a prompt token that is read for the first time.</summary>
    public double PredictedPromptToken { get; init; }

    /// <summary>What refining beliefs adds to a decoded row whose sequence may still be displaced.</summary>
    public double RefinedRow { get; init; }

    /// <summary>Cost of one prompt token over that of one decoded token with all places busy (paper section 7.4).</summary>
    public double Kappa(int places) => PrefillToken / (Fixed / places + DecodeRow);
}

/// <summary>
/// Remaining length as read from hidden states: the true one times exp(sigma Z), Z a stationary standard normal sequence over the
/// request's tokens with correlation <paramref name="Correlation"/> from one to the next. It belongs to the request: whatever the
/// policy does, equal seeds give equal predictions.
/// </summary>
/// <param name="Sigma">Of the logarithm of the error; 0: the truth.</param>
/// <param name="Correlation">From token to token, 0 to below 1.</param>
/// <param name="Seed">Of all requests' errors.</param>
public readonly record struct RefinedLengths(double Sigma, double Correlation, ulong Seed);

/// <summary>Sizes and rules of a <see cref="VirtualEngine"/>.</summary>
public sealed record VirtualEngineSettings
{
    /// <summary>Who runs when.</summary>
    public required SchedulerPolicy Policy { get; init; }

    /// <summary>Where lengths come from; a policy that looks at none is not harmed by any.</summary>
    public LengthSource Lengths { get; init; }

    /// <summary>Predictions of <see cref="LengthSource.HiddenStates"/>.</summary>
    public RefinedLengths Refined { get; init; }

    /// <summary>Places: sequences in one step.</summary>
    public int Places { get; init; } = 8;

    /// <summary>Tokens a step may hold beside one for each place.</summary>
    public int PrefillTokens { get; init; } = 512;

    /// <summary>Tokens whose keys and values fit the cache; 0: no limit.</summary>
    public int KvTokens { get; init; }

    /// <summary>Tokens that fit the host's pool, for <see cref="KvMode.Swap"/>.</summary>
    public int HostKvTokens { get; init; }

    /// <summary>What a step costs.</summary>
    public StepCost Cost { get; init; } = new(1, 0, 0, 0);
}

/// <summary>What a run of a <see cref="VirtualEngine"/> measured.</summary>
/// <param name="Outcomes">In the order of the requests.</param>
/// <param name="Completions">When requests ended on the virtual clock, in that order of time.</param>
/// <param name="NumEvictions">Times a request lost its pages because they ran out.</param>
/// <param name="MeanKvTokens">Tokens with keys in the cache, averaged over the time from the first arrival to the last completion.</param>
/// <param name="PeakKvTokens">The most of them in any step.</param>
public sealed record VirtualRun(
    IReadOnlyList<VirtualOutcome> Outcomes, IReadOnlyList<double> Completions, long NumEvictions, double MeanKvTokens, long PeakKvTokens);

/// <summary>
/// The engine with a cost in the place of a model: the same scheduler, pages and steps, token by token, under a virtual clock
/// (paper section 5, item 10). A step's tokens are there when it ends; requests that arrive meanwhile wait for the next.
/// </summary>
public static class VirtualEngine
{
    // A million pages: more than anybody simulates, little to keep count of.
    private const int NoLimitTokens = 1 << 24;

    /// <summary>Serves requests, in order of arrival, to the last.</summary>
    /// <exception cref="ArgumentException">Requests are not in order of arrival, or one never fits the pages.</exception>
    public static VirtualRun Run(
        VirtualEngineSettings settings, IReadOnlyList<VirtualRequest> requests, CancellationToken cancellation = default)
    {
        var paged = settings is { KvTokens: 0, HostKvTokens: 0 }
            ? null
            : new PagedKv(
                (settings.KvTokens == 0 ? NoLimitTokens : settings.KvTokens) / KvPages.PageTokens, settings.HostKvTokens / KvPages.PageTokens);
        var scheduler = new Scheduler(
            settings.Policy, new SchedulerLimits(settings.Places, settings.Places + settings.PrefillTokens), paged ?? (IKvLedger)new UnlimitedKv());
        var outcomes = new VirtualOutcome[requests.Count];
        var completions = new List<double>(requests.Count);
        var (now, next, kvTime, peak) = (0.0, 0, 0.0, 0L);
        while (next < requests.Count || scheduler.IsBusy)
        {
            cancellation.ThrowIfCancellationRequested();
            if (!scheduler.IsBusy)
            {
                now = Math.Max(now, requests[next].ArrivalSeconds);
            }

            for (; next < requests.Count && requests[next].ArrivalSeconds <= now; next++)
            {
                if (next > 0 && requests[next].ArrivalSeconds < requests[next - 1].ArrivalSeconds)
                {
                    throw new ArgumentException($"request {next} arrives before request {next - 1}", nameof(requests));
                }

                scheduler.Add(Live.Of(requests[next], next, settings));
            }

            var plan = scheduler.Plan();
            var cost = settings.Cost.Fixed + settings.Cost.SwapPage * (paged?.Transfers.Length ?? 0);
            paged?.ClearTransfers();
            foreach (var rows in plan.Rows)
            {
                var live = (Live)rows.Sequence;
                live.BeganAt = double.IsNaN(live.BeganAt) ? now : live.BeganAt;
                cost += live.NumPending > 1 ? settings.Cost.PrefillToken * rows.NumTokens
                    : settings.Cost.DecodeRow + (live.IsProtected || live.NumGenerated == 0 ? 0 : settings.Cost.RefinedRow);
                cost += settings.Cost.PredictedPromptToken * live.ReadPrompt(live.NumCached + rows.NumTokens);
            }

            now += cost;
            foreach (var rows in plan.Rows)
            {
                var live = (Live)rows.Sequence;
                var draws = rows.Draws;
                live.NumCached += rows.NumTokens;
                if (draws)
                {
                    live.Draw(now);
                }
            }

            var kv = CachedTokens(scheduler);
            kvTime += kv * cost;
            peak = Math.Max(peak, kv);
            foreach (var rows in plan.Rows)
            {
                var live = (Live)rows.Sequence;
                if (live.IsDone)
                {
                    scheduler.Remove(live);
                    outcomes[live.Order] = live.Outcome(now);
                    completions.Add(now);
                }
            }
        }

        var span = now - (requests.Count > 0 ? requests[0].ArrivalSeconds : 0);
        return new(outcomes, completions, scheduler.NumEvictions, span > 0 ? kvTime / span : 0, peak);
    }

    private static long CachedTokens(Scheduler scheduler)
    {
        var tokens = 0L;
        foreach (var sequence in scheduler.Running)
        {
            tokens += sequence.NumCached;
        }

        foreach (var sequence in scheduler.Waiting)
        {
            tokens += sequence.Phase == SequencePhase.Swapped ? 0 : sequence.NumCached;
        }

        return tokens;
    }

    private sealed class Live : ScheduledSequence
    {
        private static readonly ulong Purpose = CounterRandom.Hash("simulate/refined lengths");

        private VirtualRequest request;
        private VirtualEngineSettings settings = null!;
        private CounterRandom random;
        private double error, firstAt;
        private int promptRead;

        public double BeganAt { get; set; } = double.NaN;

        public bool IsDone => NumGenerated == request.OutputTokens;

        public static Live Of(in VirtualRequest request, int order, VirtualEngineSettings settings)
        {
            var predicted = settings.Lengths == LengthSource.Oracle ? request.OutputTokens : request.PredictedTokens;
            var live = new Live
            {
                Order = order,
                ArrivalSeconds = request.ArrivalSeconds,
                NumPromptTokens = request.PromptTokens,
                MaxLength = request.PromptTokens + request.OutputTokens,
                PredictedLength = predicted,
                PredictedRemaining = predicted,
                request = request,
                settings = settings,
            };
            if (settings.Lengths == LengthSource.HiddenStates)
            {
                live.random = CounterRandom.For(settings.Refined.Seed, Purpose, (ulong)order);
                live.error = live.random.NextGaussian();
            }

            return live;
        }

        /// <summary>Its first so many tokens are in the cache; returns how many of them are of its prompt and were never read before.</summary>
        public int ReadPrompt(int numTokens)
        {
            var before = promptRead;
            promptRead = Math.Max(before, Math.Min(numTokens, NumPromptTokens));
            return promptRead - before;
        }

        /// <summary>A token is there: the engine knows one more and looks again at what remains.</summary>
        public void Draw(double now)
        {
            firstAt = NumGenerated++ == 0 ? now : firstAt;
            if (settings.Lengths == LengthSource.HiddenStates && request.Remaining is { } remaining)
            {
                PredictedRemaining = IsDone ? 0 : remaining[NumGenerated - 1];
            }
            else if (settings.Lengths == LengthSource.HiddenStates)
            {
                var (sigma, correlation) = (settings.Refined.Sigma, settings.Refined.Correlation);
                error = correlation * error + Math.Sqrt(1 - correlation * correlation) * random.NextGaussian();
                PredictedRemaining = (request.OutputTokens - NumGenerated) * ExactMath.Exp(sigma * error);
            }
            else
            {
                PredictedRemaining = Math.Max(0, PredictedLength - NumGenerated);
            }
        }

        public VirtualOutcome Outcome(double now) => new(
            BeganAt - ArrivalSeconds, firstAt - ArrivalSeconds, now - ArrivalSeconds, NumPreemptions, NumRecomputed);
    }
}
