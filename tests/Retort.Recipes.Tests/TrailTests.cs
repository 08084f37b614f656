using System.Text.Json;
using Retort.Core;
using Retort.Inference;
using Retort.Inference.Scheduling;
using Retort.Inference.Simulation;
using Retort.Recipes.Configuration;
using Retort.Recipes.Experiment;
using Retort.Recipes.Report;
using Retort.Recipes.Trail;
using Retort.Tensors.Cpu;

namespace Retort.Recipes.Tests;

/// <summary>The recipe at its smallest: plumbing, continuation, prices, and that a replay is the engine.</summary>
public sealed class TrailTests() : RecipeTests(
    new TrailRecipe(), Enumerable.Range(1, 10).Select(i => $"C{i}"), "counted.seeds=2", "live.calibrationSeconds=0.002")
{
    protected override void CheckSmoke(RecipeOutcome outcome, RunReport report)
    {
        Assert.Contains("kappa", outcome.Text, StringComparison.Ordinal);
        foreach (var figure in new[]
        {
            "end-to-end-mean", "end-to-end-median", "end-to-end-p99", "first-token-mean", "first-token-median", "first-token-p99", "layers", "predictors",
            "bins-trail", "bins-prompt", "predictor-cost", "c-end-to-end", "c-first-token", "c-peak-kv", "burst", "oracle-noise", "theory-perfect", "theory-exp",
        })
        {
            Assert.Contains($"figures/{figure}.svg", report.Figures);
        }
    }

    protected override void CheckPlan(JsonElement plan) => Assert.Equal(7, plan.GetProperty("stages").GetArrayLength());

    [Fact]
    public void A_run_cut_off_between_and_inside_stages_goes_on_and_what_is_counted_has_the_same_bits()
    {
        Run("whole");
        foreach (var name in new[] { "generate", "serve", "replay" })
        {
            using var interruption = new CancelIn(name);
            Assert.ThrowsAny<OperationCanceledException>(() => Run("cut", interruption));
        }

        var live = File.ReadAllBytes(At("cut", "stages", "live", "seed1-load0.7.json"));
        Run("cut");
        Assert.Equal(live, File.ReadAllBytes(At("cut", "stages", "live", "seed1-load0.7.json")));
        Assert.Equal(File.ReadAllBytes(At("whole", "metrics.jsonl")), File.ReadAllBytes(At("cut", "metrics.jsonl")));
        foreach (var stage in new[] { "predictor", "recording", "queues" })
        {
            Assert.Equal(File.ReadAllBytes(At("whole", "stages", stage + ".json")), File.ReadAllBytes(At("cut", "stages", stage + ".json")));
        }

        // Costs measured by the wall clock differ; what is judged does not look at them.
        Assert.Equal(Judged("whole"), Judged("cut"));

        string[] Judged(string name)
        {
            using var counted = JsonDocument.Parse(File.ReadAllBytes(At(name, "stages", "counted.json")));
            return [.. counted.RootElement.EnumerateArray()
                .Where(result => result.GetProperty("case").GetProperty("regime").GetString() == CountedStudy.Judged).Select(result => result.GetRawText())];
        }
    }

    /// <summary>
    /// The engine driven by a clock that counts a step and its rows, and the recording replayed by the virtual engine: every first token and
    /// every end at the same time, whatever the policy, the cache and what becomes of keys.
    /// </summary>
    [Fact]
    public void A_replayed_recording_is_the_engine_step_by_step()
    {
        var settings = SettingsOf("replay", out var context);
        using var folder = RunFolder.Create(context.OutputFolder, Config.Write(settings));
        using var device = new CpuDevice(1);
        var spending = new Spending(folder, context.Time);
        using var served = ServedModel.Make(settings, context, folder, new Stages(folder, context.Time, spending), device, spending);
        var requests = served.Requests(1, CancellationToken.None);
        var recorded = Recording.Of(
            served.Model, served.EngineSettings(Recording.InOrder, settings.RoomyKvTokens), served.Predictor.Trail(), requests,
            SilentProgress.Instance, CancellationToken.None);
        Assert.All(recorded, one => Assert.True(one.Remaining.Length >= one.OutputTokens - 1));
        var workload = Workload.Draw(1, recorded.Length, 40);
        var (preempted, recomputed) = (0L, 0L);
        foreach (var policy in LiveStudy.Policies)
        {
            foreach (var tight in new[] { false, true })
            {
                foreach (var discards in new[] { false, true })
                {
                    // A busy engine: several requests wait most of the time.
                    var which = new CountedCase("", "", policy, 0.8, 0.9, tight, discards);
                    var virtualSettings = CountedStudy.Engine(settings, which, new StepCost(1, 0.25, 0.25, 0));
                    var virtualRequests = CountedStudy.Requests(
                        recorded, workload, arrival => 12 * arrival, NamedScheduler.Get(policy).Lengths, 0, 0);
                    var replay = VirtualEngine.Run(virtualSettings, virtualRequests, CancellationToken.None);
                    using var engine = new GenerationEngine(
                        served.Model, served.EngineSettings(virtualSettings.Policy, virtualSettings.KvTokens),
                        served.LengthsOf(NamedScheduler.Get(policy).Lengths));
                    var (first, end) = Drive(engine, workload, requests, recorded, virtualRequests);
                    Assert.Equal(replay.Outcomes.Select(outcome => outcome.FirstTokenSeconds), first);
                    Assert.Equal(replay.Outcomes.Select(outcome => outcome.EndSeconds), end);
                    Assert.Equal(replay.Outcomes.Sum(outcome => (long)outcome.NumRecomputed), engine.NumRecomputed);
                    preempted += engine.Scheduler.NumPreemptions;
                    recomputed += engine.NumRecomputed;
                }
            }
        }

        Assert.True(preempted > 0 && recomputed > 0);
    }

    [Fact]
    public void Arrivals_are_a_pure_function_of_the_seed_and_fill_their_time()
    {
        var (one, again, other) = (Workload.Draw(7, 500, 300), Workload.Draw(7, 500, 300), Workload.Draw(8, 500, 300));
        Assert.Equal(one.Requests, again.Requests);
        Assert.Equal(one.Arrivals, again.Arrivals);
        Assert.NotEqual(one.Arrivals, other.Arrivals);
        Assert.All(one.Requests, place => Assert.InRange(place, 0, 499));
        Assert.InRange(one.Requests.Distinct().Count(), 190, 260);
        Assert.Equal(one.Arrivals.Order(), one.Arrivals);
        Assert.InRange(one.Arrivals[^1], 280, 300);
        Assert.InRange(one.Arrivals.Average(), 130, 170);
        Assert.All(one.AtOnce().Arrivals, arrival => Assert.Equal(0, arrival));
    }

    [Fact]
    public void A_noisy_oracle_errs_to_both_sides_by_what_it_is_told()
    {
        var random = CounterRandom.For(1, "lengths");
        var recorded = Enumerable.Range(0, 500).Select(_ => new RecordedRequest(10, 100 + random.NextInt32(60), false, 60, [])).ToArray();
        recorded[0] = recorded[0] with { OutputTokens = 400 };
        var requests = CountedStudy.Requests(recorded, Workload.Draw(1, 500, 5000), _ => 0, LengthSource.Oracle, 20, 1);
        double[] errors = [.. requests.Select(request => request.PredictedTokens - request.OutputTokens)];
        Assert.Equal(20, errors.Average(Math.Abs), 1.0);
        Assert.Equal(0, errors.Average(), 1.5);
    }

    [Fact]
    public void Prediction_is_charged_to_those_who_predict_and_no_load_is_the_lower_for_it()
    {
        var random = CounterRandom.For(1, "lengths");
        var recorded = Enumerable.Range(0, 200).Select(_ => 1 + random.NextInt32(60)).Select(length => new RecordedRequest(
            10, length, false, 30, [.. Enumerable.Range(0, length).Select(step => (double)(length - step))])).ToArray();
        var settings = TrailPresets.Settings("smoke") with { Counted = new() { Requests = 200, BurstRequests = 20, Seeds = 2, Loads = [0.95], NoiseErrors = [] } };
        var cost = new StepCost(2, 1, 0.5, 0);
        var (free, charged) = (Run(new(0, 0, 0)), Run(new(0.2, 0.3, 0.1)));
        foreach (var policy in LiveStudy.Policies)
        {
            var (before, after) = (Mean(free, policy), Mean(charged, policy));
            if (policy is "fcfs" or "srpt")
            {
                Assert.Equal(before, after);
            }
            else
            {
                Assert.True(after > 1.01 * before, $"{policy}: {before} {after}");
            }
        }

        CountedResult[] Run(PredictionCost prediction) => new CountedStudy(settings, recorded, [new(CountedStudy.Judged, cost, prediction)])
            .Run(1, SilentProgress.Instance, CancellationToken.None);

        double Mean(CountedResult[] results, string policy) =>
            results.Single(result => result.Case == CountedStudy.AtLoad(settings, policy, 0.95)).Runs.Average(run => run.EndToEnd.Mean);
    }

    [Fact]
    public void A_prompt_s_prediction_is_charged_once_and_refinement_until_a_request_keeps_its_place()
    {
        var cost = new PredictionCost(100, 0.5, 1).AddTo(new StepCost(0, 1, 0, 0), LengthSource.HiddenStates);
        var settings = new VirtualEngineSettings
        {
            Policy = NamedScheduler.Get("trail", c: 0.5).Policy,
            Lengths = LengthSource.HiddenStates,
            Places = 1,
            PrefillTokens = 3,
            KvTokens = 64,
            Cost = cost,
        };
        var run = VirtualEngine.Run(settings, [new VirtualRequest(0, 6, 20, 20, new double[20])], CancellationToken.None);
        // Six prompt tokens; then rows with 1 to 19 tokens drawn, those with fewer than 10 refined.
        Assert.Equal(6 * 0.5 + 19 + 9, run.Outcomes[0].EndSeconds);
    }

    [Fact]
    public void Saturated_throughput_of_the_cost_model_is_the_virtual_engine_s()
    {
        var random = CounterRandom.For(1, "lengths");
        var recorded = Enumerable.Range(0, 2000).Select(_ => new RecordedRequest(10 + random.NextInt32(20), 1 + random.NextInt32(120), false, 60, [])).ToArray();
        var (settings, workload, cost) = (TrailPresets.Settings("quick"), Workload.Draw(1, 2000, 2000), new StepCost(2, 1, 0.5, 0));
        var run = VirtualEngine.Run(
            CountedStudy.Engine(settings, new("", "", "fcfs", 1, 0), cost),
            CountedStudy.Requests(recorded, workload, _ => 0, LengthSource.None, 0, 0), CancellationToken.None);
        var computed = CountedStudy.SaturatedPerSecond(recorded, workload, cost, settings.Places);
        Assert.InRange(2000 / run.Completions[^1] / computed, 0.985, 1.005);
    }

    [Theory]
    [InlineData("seeds=[1]", "seeds")]
    [InlineData("seeds=[1, 1]", "each seed once")]
    [InlineData("loads=[0.9, 0.7, 0.8]", "loads")]
    [InlineData("tightKvTokens=64", "tightKvTokens")]
    [InlineData("context=64", "context")]
    [InlineData("live.overloads=[]", "overloads")]
    [InlineData("cValues=[0.2, 0.8]", "cValues")]
    [InlineData("model.numHeads=3", "numHeads")]
    public void A_setting_that_cannot_work_is_refused_before_anything_is_written(string setting, string named) => Refuses(setting, named);

    [Fact]
    public void Runs_do_not_join()
    {
        var error = Assert.Throws<UserError>(() => new TrailRecipe().Run(Context("joined") with { MergeFolders = [At("a")] }));
        Assert.Equal(2, error.ExitCode);
    }

    private static (double[] First, double[] End) Drive(
        GenerationEngine engine, Workload workload, GenerationRequest[] requests, RecordedRequest[] recorded, VirtualRequest[] arrivals)
    {
        var (first, end) = (new double[arrivals.Length], new double[arrivals.Length]);
        var (drawn, ended) = (new List<int>(), new List<int>());
        engine.Drawn = token => drawn.Add(token.Request);
        engine.Completed = completion => ended.Add(completion.Request);
        var (now, next) = (0.0, 0);
        while (next < arrivals.Length || engine.IsBusy)
        {
            now = engine.IsBusy ? now : Math.Max(now, arrivals[next].ArrivalSeconds);
            for (; next < arrivals.Length && arrivals[next].ArrivalSeconds <= now; next++)
            {
                var place = workload.Requests[next];
                engine.Submit(requests[place] with { KnownLength = recorded[place].OutputTokens });
            }

            var fed = engine.NumFed;
            engine.Step();
            now += 1 + 0.25 * (engine.NumFed - fed);
            drawn.ForEach(i => first[i] = first[i] == 0 ? now - arrivals[i].ArrivalSeconds : first[i]);
            ended.ForEach(i => end[i] = now - arrivals[i].ArrivalSeconds);
            drawn.Clear();
            ended.Clear();
        }

        return (first, end);
    }

    private RecipeOutcome Run(string name, CancelIn interruption) =>
        new TrailRecipe().Run(Context(name) with { Progress = interruption, Cancellation = interruption.Token });

    private TrailSettings SettingsOf(string name, out RecipeContext context)
    {
        context = Context(name);
        return Config.Resolve(TrailPresets.Settings("smoke"), null, context.Overrides);
    }

    /// <summary>Cancels at the first report of a phase.</summary>
    private sealed class CancelIn(string phase) : IProgressReporter, IDisposable
    {
        private readonly CancellationTokenSource source = new();

        public CancellationToken Token => source.Token;

        public IProgressPhase Begin(string name, long total, string unit) => new Phase(name == phase ? source : null);

        public void Note(string text)
        {
        }

        public void Dispose() => source.Dispose();

        private sealed class Phase(CancellationTokenSource? source) : IProgressPhase
        {
            public void Report(long completed, Func<string>? metrics = null) => source?.Cancel();

            public void Dispose()
            {
            }
        }
    }
}
