using Retort.Core;
using Retort.Inference.Lengths;
using Retort.Recipes.Report;
using Retort.Recipes.Trail;
using Retort.Training.Lengths;

namespace Retort.Recipes.Tests;

/// <summary>The claims' rules on evidence made up for them: every claim can hold, fail and stay open.</summary>
public sealed class TrailJudgeTests
{
    private static readonly TrailSettings Settings = TrailPresets.Settings("full") with { Seeds = [1, 2, 3] };

    [Fact]
    public void The_paper_s_world_makes_every_claim_hold() =>
        Assert.All(TrailClaims.All, claim => Assert.Equal(ClaimVerdict.Holds, Judge(claim.Id, new World()).Verdict));

    [Theory]
    [InlineData("C1")]
    [InlineData("C2")]
    [InlineData("C3")]
    [InlineData("C4")]
    [InlineData("C5")]
    [InlineData("C6")]
    [InlineData("C7")]
    [InlineData("C8")]
    [InlineData("C9")]
    [InlineData("C10")]
    public void A_world_without_the_effect_makes_a_claim_fail(string id) => Assert.Equal(ClaimVerdict.Fails, Judge(id, new World { Effect = false }).Verdict);

    [Theory]
    [InlineData("C1")]
    [InlineData("C3")]
    [InlineData("C5")]
    [InlineData("C6")]
    [InlineData("C7")]
    [InlineData("C8")]
    [InlineData("C9")]
    public void Noise_as_large_as_the_effect_leaves_a_claim_open(string id) =>
        Assert.Equal(ClaimVerdict.Inconclusive, Judge(id, new World { Noise = 2 }).Verdict);

    [Theory]
    [InlineData("C1", "know")]
    [InlineData("C3", "know")]
    [InlineData("C5", "know")]
    [InlineData("C5", "lengths")]
    [InlineData("C7", "lengths")]
    [InlineData("C8", "lengths")]
    [InlineData("C10", "precision")]
    public void A_guard_that_is_not_met_leaves_a_claim_open(string id, string guard)
    {
        var result = Judge(id, new World { Broken = guard });
        Assert.Equal(ClaimVerdict.Inconclusive, result.Verdict);
        Assert.Contains("below", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void The_value_of_a_claim_is_its_first_test_at_the_highest_load()
    {
        var result = Judge("C5", new World());
        Assert.Equal(2, result.Value!.Value, 0.1);
        Assert.Equal(3, result.Tests.Count);
        Assert.Contains("highest", result.Tests[0].Quantity, StringComparison.Ordinal);
    }

    [Fact]
    public void Smoothing_is_judged_by_the_published_rule_and_refinement_by_what_is_served()
    {
        var world = new World { Broken = "published" };
        Assert.Equal((ClaimVerdict.Fails, ClaimVerdict.Holds), (Judge("C3", world).Verdict, Judge("C1", world).Verdict));
    }

    private static ClaimResult Judge(string id, World world) => TrailJudge.Judge(TrailClaims.All.First(claim => claim.Id == id), world.Evidence());

    private sealed record World
    {
        public bool Effect { get; init; } = true;

        public double Noise { get; init; }

        public string Broken { get; init; } = "";

        private static CounterRandom RandomFor(string what) => CounterRandom.For(1, what);

        public TrailEvidence Evidence() => new(
            Settings, Record(), Errors(), Recorded(), Calibration(), Live(), Counted(), Queues());

        /// <summary>Errors a step, with noise from request to request.</summary>
        private double[] Request(string what, double mean)
        {
            var random = RandomFor(what);
            return [.. Enumerable.Range(0, 100).Select(_ => 50 * mean * Math.Max(0.01, 1 + (0.05 + 3 * Noise) * random.NextGaussian()))];
        }

        private HeldOutErrors Errors()
        {
            var smoothed = Request("smoothed", 10);
            var published = Broken == "published" ? Request("published", 20) : smoothed;
            // In a noisy world the predictors are as good as each other.
            var raw = Noise > 0 ? Request("raw", 10) : Request("raw", Effect ? 12 : 8);
            var prompt = Request("prompt", Noise > 0 ? 13 : Effect ? 25 : 11);
            var inner = Request("inner", Effect ? 8 : 20);
            var outer = Request("outer", 14);
            var constant = Enumerable.Repeat(50 * (Broken == "know" ? 1.0 : 60), 100).ToArray();
            return new([.. Enumerable.Repeat(50, 100)], constant, prompt, raw, smoothed, published, smoothed, [outer, inner, outer], [outer, inner, outer], [], []);
        }

        private static PredictorRecord Record() => new()
        {
            Layer = 1,
            MaxLength = 256,
            Bins = 10,
            HiddenSize = 8,
            VocabularySize = 8,
            InnerSize = 8,
            MeanLength = 60,
            BinShares = [.. Enumerable.Repeat(0.1, 10)],
            SmoothingPower = 0.1,
            RefineEvery = 1,
            TrainedOn = new()
            {
                Model = "m",
                Data = "d",
                Requests = 1,
                ValidationRequests = 1,
                HeldOutRequests = 1,
                Samples = 1,
                MeanLength = 60,
                CutOff = 0,
                Seed = 1,
                Temperature = 1,
                Epochs = 1,
                LearningRate = 1,
            },
            HeldOutMae = new() { ConstantMean = 1, PromptOnly = 1, Probe = 1, Smoothed = 1, Published = 1, TrueBin = 1 },
            Layers = [new(0, 3, 3, 3), new(1, 1, 1, 1), new(2, 2, 2, 2)],
        };

        /// <summary>Mean 60, squared variation about 1.2.</summary>
        private RecordedRequest[] Recorded() => [.. Enumerable.Range(0, 100).Select(i =>
            new RecordedRequest(10, Broken == "lengths" ? 10 : i % 4 == 0 ? 174 : 22, false, 60, []))];

        private Calibration Calibration() => new(
            60e-6, 10e-6, 5e-6, new(0, 0, 0), 0.3, [new(8, [.. Enumerable.Repeat(100e-6, 9)], [.. Enumerable.Repeat(Effect ? 102e-6 : 120e-6, 9)])]);

        private RunSummary Summary(string what, double end, double first)
        {
            var random = RandomFor(what);
            var factor = Math.Exp((0.01 + Noise) * random.NextGaussian());
            return new(new(first * factor, first, first, first), new(end * factor, end, end, end), 0, 0, 0, 0);
        }

        private LiveBlock[] Live() => [.. Settings.Seeds.SelectMany(seed => LiveStudy.Loads(Settings).Select(load => new LiveBlock(
            seed, load, 1000, 1000, 10, [.. LiveStudy.Policies.Select(policy => Run(policy, load))])))];

        private static LiveRun Run(string policy, double load) =>
            new(policy, load, [.. Enumerable.Repeat(1.0, 40)], [.. Enumerable.Repeat(1.0, 40)], 0, 0, 1);

        private CountedResult[] Counted() => [.. CountedStudy.Cases(Settings, [CountedStudy.Judged]).Select(which => new CountedResult(
            which, [.. Enumerable.Range(0, 5).Select(seed => Summary($"{which} {seed}", End(which), First(which)))]))];

        private double First(CountedCase which) => which switch
        {
            not { Study: "load" } => 1,
            _ when !Effect => 1,
            { Policy: "fcfs" } => which.Load >= 0.9 ? 10 : 3,
            { Policy: "sjf" } => 5,
            { Policy: "l-sprpt" } => 2,
            _ => 1,
        };

        private double End(CountedCase which) => which switch
        {
            { Study: "load", Policy: "sjf" } when !Effect => 0.5,
            { Study: "load" } when !Effect => 1,
            { Study: "load", Policy: "fcfs" } => which.Load >= 0.9 ? 2 : 1.2,
            { Study: "load", Policy: "sjf" } => which.Load >= 0.9 ? 1.8 : 1.15,
            { Study: "load", Policy: "l-sprpt" } => which.Load >= 0.9 ? 1.3 : 1.1,
            { Study: "load" } => 1,
            { Study: "burst", Policy: "fcfs" } => 2,
            { Study: "burst", C: 1 } => Effect ? 1 : 0.8,
            { Study: "burst" } => 1,
            { IsTight: true, C: 1 } => Effect ? 1.2 : 0.8,
            { IsTight: true, C: 0.5 } => 1.2,
            { IsTight: true, C: 0.2 } => 1.5,
            _ => 1,
        };

        private QueuePoint[] Queues() => [.. Enumerable.Range(0, 20).Select(i => new QueuePoint(
            "exp", 0.5, 0.8, 2, 2 + (Effect ? 0.01 : 0.05) * (i % 3 - 1), Broken == "precision" ? 0.1 : 0.01, 1, 1))];
    }
}
