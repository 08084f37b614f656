using Retort.Inference;
using Retort.Models;

namespace Retort.Training.Rl;

/// <summary>What reinforcement learning will need, said before it starts.</summary>
/// <param name="Prompts">Problems of a rollout.</param>
/// <param name="Samples">Completions of each.</param>
/// <param name="MicroBatches">Forward and backward passes of a step.</param>
/// <param name="Bytes">Memory: weights, moments, gradients, reference, activations, the engine and, overlapped, its own weights.</param>
/// <param name="RolloutFlops">Work of a step's rollout at full length, at most.</param>
/// <param name="LearnFlops">The same of what is learned from it, with the scores of reference and values.</param>
public sealed record RlPlan(int Prompts, int Samples, int MicroBatches, long Bytes, double RolloutFlops, double LearnFlops)
{
    /// <summary>Completions of a step.</summary>
    public int Completions => Prompts * Samples;

    /// <summary>
    /// The plan for prompts of about <paramref name="promptTokens"/> tokens, on a device of <paramref name="lanes"/> lanes.
    /// </summary>
    public static RlPlan Of(ModelConfig config, RlSettings settings, int promptTokens, int lanes)
    {
        var maxLength = settings.MaxLength(config.MaxPositions);
        var isPpo = settings.Algorithm == RlAlgorithm.Ppo;
        var learner = PolicyLearner.PlanOf(config, settings, maxLength, lanes);
        var trainer = settings.TrainerFor(settings.PromptsPerStep / settings.UpdatesPerPass, maxLength);
        var perUpdate = trainer.GradientShards / learner.ShardsPerLeaf * trainer.MicroBatchesPerShard;
        var newTokens = settings.MaxNewTokens > 0 ? Math.Min(settings.MaxNewTokens, maxLength - promptTokens) : maxLength - promptTokens;
        var scored = GenerationCost.Flops(config, newTokens) * settings.Completions + GenerationCost.Flops(config, promptTokens) * settings.PromptsPerStep;
        var passes = 3.0 * settings.Passes + (settings.KlCoefficient > 0 ? 1 : 0) + (isPpo ? 1 : 0);
        var scoring = settings.KlCoefficient > 0 || isPpo ? Scorer.PlanOf(config, settings, maxLength, lanes, isPpo).ActivationBytes : 0;
        var reference = settings.KlCoefficient > 0 ? sizeof(float) * config.ParameterCount.Total : 0;
        // The weights of an overlapped rollout: its model's, and the array they pass through.
        var overlap = settings.MaxStaleness > 0 ? 2 * sizeof(float) * config.ParameterCount.Total : 0;
        return new RlPlan(
            settings.PromptsPerStep, settings.SamplesPerPrompt, settings.Passes * settings.UpdatesPerPass * perUpdate,
            learner.TotalBytes + scoring + reference + overlap + GenerationEngine.Bytes(config, RolloutWorker.EngineFor(settings, config.MaxPositions)),
            scored, passes * scored);
    }
}
