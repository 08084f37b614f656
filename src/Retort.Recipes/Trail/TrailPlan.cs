using Retort.Inference;
using Retort.Recipes.Configuration;
using Retort.Recipes.Experiment;
using Retort.Tensors.Cpu;
using Retort.Training;
using Retort.Training.Lengths;

namespace Retort.Recipes.Trail;

/// <summary>What a run would cost, stage by stage, priced by the code that would run: <c>--dry-run</c>.</summary>
internal static class TrailPlan
{
    /// <summary>Fractions of peak that training and serving are expected to reach; small networks' training reaches less.</summary>
    private const double TrainingFraction = 0.4, ServingFraction = 0.15, NetworkFraction = 0.1;

    /// <summary>Sequences' and outputs' expected tokens, prompt and output together (section 7.1: outputs of 50 to 70).</summary>
    private const int ExpectedTokens = 80, ExpectedOutput = 60;

    /// <summary>Rows a second of a replay, and jobs a second of a simulated queue, on one thread.</summary>
    private const double ReplayedRows = 4e6, SimulatedJobs = 8e5;

    private const int PromptsLookedAt = 256;

    /// <summary>Prices every stage.</summary>
    public static RecipeOutcome Of(TrailSettings settings, RecipeContext context)
    {
        var peak = 1e9 * MachineMeter.PeakGflops(context.Threads);
        var config = ServedModel.Config(settings);
        var trainer = settings.Training.TrainerSettings;
        var plan = TrainingPlan.For(config, trainer, settings.Context, context.Threads);
        var train = (double)TrainingPlan.For(config, trainer, ExpectedTokens, context.Threads).StepWork.Flops * settings.Training.Steps;
        var prompts = ServedModel.TrainPrompts(
            settings with { Predictor = settings.Predictor with { Requests = PromptsLookedAt } }, context.Threads, context.Cancellation);
        var predictor = PredictorPrice.Of(config, prompts, ServedModel.PredictorSettings(settings));
        var request = GenerationCost.Flops(config, ExpectedTokens);
        // The price is of outputs at their limit.
        var serving = predictor.ServingFlops * (ExpectedTokens / (double)settings.Context);
        var tokensPerSecond = ServingFraction * peak / (request / ExpectedTokens);
        var live = LiveStudy.Loads(settings).Sum(load => LiveStudy.Policies.Count * LiveStudy.Count(settings, load)
            * (ExpectedTokens / tokensPerSecond) / (load is > 0 and < 1 ? load : 1) + 2 * settings.Live.CalibrationSeconds) * settings.Seeds.Count;
        var calibration = Calibrator.NumRows(settings, ExpectedTokens - ExpectedOutput) / tokensPerSecond;
        var cases = CountedStudy.Cases(settings, CountedStudy.RegimeNames).Count;
        var rows = (double)cases * settings.Counted.Seeds * settings.Counted.Requests * ExpectedOutput;
        var jobs = (double)QueueStudy.Predictions.Count * settings.Counted.QueueLoads.Count * settings.CValues.Count * settings.Counted.QueueJobs;
        (string Name, double Flops, double Seconds)[] stages =
        [
            ("train the model", train, train / (TrainingFraction * peak)),
            ("train the predictor", serving + predictor.TrainingFlops, serving / (ServingFraction * peak) + predictor.TrainingFlops / (NetworkFraction * peak)),
            ("record the workload", settings.RecordedRequests * request, settings.RecordedRequests * request / (ServingFraction * peak)),
            ("measure steps", calibration * ServingFraction * peak, calibration),
            ("serve live", live * ServingFraction * peak, live),
            ("replay", 0, rows / ReplayedRows / context.Threads),
            ("simulate queues", 0, jobs / SimulatedJobs / context.Threads),
        ];
        var engine = GenerationEngine.Bytes(config, new EngineSettings
        {
            MaxSequences = settings.Places,
            PrefillTokens = settings.PrefillTokens,
            KvTokens = settings.RoomyKvTokens,
        });
        const long RuntimeBytes = 120L << 20;
        var bytes = RuntimeBytes + Math.Max(plan.StateBytes + plan.ActivationBytes, Math.Max(predictor.PeakBytes, engine));
        var seconds = stages.Sum(stage => stage.Seconds);
        var price = new RunPrice(
            stages.Sum(stage => stage.Flops), bytes, seconds,
            FormattableString.Invariant($"{seconds / 60:0.0} minutes on a quiet machine of {peak / 1e9:0} GFLOP/s"));
        return price.Plan(
            context.Preset, Config.Write(settings), settings.Seeds,
            [
                $"{"stage",-24}{"FLOPs",12}{"seconds",12}",
                .. stages.Select(stage => FormattableString.Invariant($"{stage.Name,-24}{stage.Flops,12:0.0e0}{stage.Seconds,12:N0}")),
                "",
                FormattableString.Invariant($"parameters     {config.ParameterCount.Total:N0}"),
            ],
            ("parameters", config.ParameterCount.Total),
            ("stages", stages.Select(stage => new { name = stage.Name, flops = stage.Flops, expected_seconds = Math.Round(stage.Seconds, 1) })));
    }
}
