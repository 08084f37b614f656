using Retort.Inference;
using Retort.Recipes.Configuration;
using Retort.Recipes.Experiment;
using Retort.Tasks.ScrambledArithmetic;
using Retort.Training;
using Retort.Training.Rl;

namespace Retort.Recipes.EchoChamber;

/// <summary>What a run would cost, priced by the code that would run: <c>--dry-run</c>.</summary>
internal static class EchoChamberPlan
{
    /// <summary>Fractions of peak that learning and sampling with models of this size are expected to reach.</summary>
    private const double TrainingFraction = 0.25, SamplingFraction = 0.1;

    /// <summary>Share of their context that sequences fill, on average.</summary>
    private const double Filled = 0.7;

    /// <summary>Prices every base and every run; pretraining at its most steps.</summary>
    public static RecipeOutcome Of(EchoChamberSettings settings, IReadOnlyList<PolicyRun> runs, RecipeContext context)
    {
        ModelPrice[] rows =
        [
            .. runs.Select(run => run.Base).Distinct().Select(model => Price(settings, model, context.Threads)),
            .. runs.Select(run => Price(settings, run, context.Threads)),
        ];
        return ModelPrices.Plan(rows, "base or run", context, Config.Write(settings), settings.Seeds, TrainingFraction, SamplingFraction, bound: " at most");
    }

    private static ModelPrice Price(EchoChamberSettings settings, BaseModel model, int threads)
    {
        var config = model.Config(TaskDataset.TokenizerFor(new ScrambledArithmeticTask(model.Data)));
        var plan = TrainingPlan.For(config, model.Training.TrainerFor(model.Steps), model.Context, threads);
        var tokens = (int)(Filled * model.Context);
        var step = TrainingPlan.For(config, model.Training.TrainerFor(model.Steps), tokens, threads).StepWork;
        var looks = model.StopsEarly ? model.Steps / model.Training.LookEvery * model.Training.LookProblems : model.Training.LookProblems;
        var sampled = looks + settings.TestProblems * (1.0 + settings.Samples);
        var engine = GenerationEngine.Bytes(config, new EngineSettings { MaxSequences = settings.DecodeSequences });
        return new(
            model.Name, config.ParameterCount.Total, model.Steps, (double)step.Flops * model.Steps, sampled * GenerationCost.Flops(config, tokens),
            plan.StateBytes + Math.Max(plan.ActivationBytes, engine) + (long)model.Training.Sequences * tokens * sizeof(int));
    }

    private static ModelPrice Price(EchoChamberSettings settings, PolicyRun run, int threads)
    {
        var tokenizer = TaskDataset.TokenizerFor(new ScrambledArithmeticTask(run.Base.Data));
        var config = run.Base.Config(tokenizer);
        var sequence = GenerationCost.Flops(config, (int)(Filled * run.Base.Context));
        var isExpert = run.Method == PolicyMethod.Expert;
        var looks = 1 + (run.IsFollowed ? isExpert ? settings.Expert.Rounds - 1 : settings.AskAfter.Count(step => step < settings.Rl.Steps) : 0);
        var asked = looks * settings.TestProblems * (1.0 + run.Samples) * sequence;
        var prompt = 5 + 5 * run.TrainSteps.High;
        var rl = PolicyTraining.RlOf(settings, run);
        var plan = RlPlan.Of(config, rl, prompt, threads);
        if (isExpert)
        {
            // All that is drawn would be kept, at most.
            var drawn = (double)settings.Expert.Rounds * settings.RlProblems * settings.Expert.SamplesPerPrompt * sequence;
            return new(run.Name, config.ParameterCount.Total, settings.Expert.Rounds, 3 * settings.Expert.Epochs * drawn, drawn + asked, plan.Bytes);
        }

        return new(
            run.Name, config.ParameterCount.Total, rl.Steps, Filled * rl.Steps * plan.LearnFlops,
            Filled * rl.Steps * plan.RolloutFlops + asked, plan.Bytes);
    }
}
