using System.Globalization;
using Retort.Core;
using Retort.Models;
using Retort.Models.Tokenizers;

namespace Retort.Training.Rl;

/// <summary>What a loop of reinforcement learning does besides stepping.</summary>
public sealed record RlLoopOptions
{
    /// <summary>Where checkpoints go; null: none are written, and nothing is resumed.</summary>
    public TrainingCheckpoint? Checkpoint { get; init; }

    /// <summary>Steps between checkpoints; the last step always writes one.</summary>
    public int CheckpointEvery { get; init; } = 50;

    /// <summary>Saved with the model.</summary>
    public ITokenizer? Tokenizer { get; init; }

    /// <summary>Called before the first step with the steps that the checkpoint already has.</summary>
    public Action<long>? Resumed { get; init; }

    /// <summary>Called after every step, in order; a resumed run calls it for the steps after the checkpoint.</summary>
    public Action<RlStep>? Stepped { get; init; }

    /// <summary>Called after steps that <see cref="EvaluatesAfter"/> names, and before the first with 0; for evaluations.</summary>
    public Action<long>? Evaluate { get; init; }

    /// <summary>Steps after which to evaluate; the last is always one.</summary>
    public Func<long, bool> EvaluatesAfter { get; init; } = _ => false;

    /// <summary>What the phase is called on the screen.</summary>
    public string Name { get; init; } = "rl";

    /// <summary>Where progress is shown.</summary>
    public IProgressReporter Progress { get; init; } = SilentProgress.Instance;
}

/// <summary>Steps an <see cref="RlTrainer"/> to the end, with checkpoints that a killed run resumes from bit for bit.</summary>
public static class RlLoop
{
    /// <summary>
    /// Learns from the newest checkpoint (or the beginning) to the last step. When cancelled, in the middle of a rollout too, it saves its
    /// state and throws <see cref="OperationCanceledException"/>; likewise where a verifier fails.
    /// </summary>
    public static void Run(Transformer model, RlTrainer trainer, long steps, RlLoopOptions options, CancellationToken cancellation = default)
    {
        options.Checkpoint?.TryRestore(model, trainer);
        options.Resumed?.Invoke(trainer.Steps);
        if (trainer.Steps >= steps)
        {
            return;
        }

        if (trainer.Steps == 0)
        {
            options.Evaluate?.Invoke(0);
        }

        using var phase = options.Progress.Begin(options.Name, steps, "steps");
        var words = new StepWords();
        while (trainer.Steps < steps)
        {
            words.Step = Step(model, trainer, options, cancellation);
            options.Stepped?.Invoke(words.Step);
            if (options.Evaluate is not null && (trainer.Steps == steps || options.EvaluatesAfter(trainer.Steps)))
            {
                options.Evaluate(trainer.Steps);
            }

            if (trainer.Steps == steps || trainer.Steps % options.CheckpointEvery == 0)
            {
                options.Checkpoint?.Save(model, trainer, options.Tokenizer);
            }

            phase.Report(trainer.Steps, words.Text);
        }
    }

    private static RlStep Step(Transformer model, RlTrainer trainer, RlLoopOptions options, CancellationToken cancellation)
    {
        RlStep step;
        try
        {
            step = trainer.Step(cancellation);
        }
        catch (Exception fault) when (fault is OperationCanceledException or UserError)
        {
            // Nothing was learned from the rollout that broke off: this is the state after the last step.
            options.Checkpoint?.Save(model, trainer, options.Tokenizer);
            throw;
        }

        return double.IsFinite(step.Loss) && double.IsFinite(step.ValueLoss) && double.IsFinite(step.GradientNorm) ? step
            : throw UserError.Environment(
                $"{options.Name}, step {step.Step}", "the loss or the gradient is not a finite number",
                "a lower learning rate, or a narrower clip range");
    }

    /// <summary>The last step in words; kept so that a step makes no garbage nobody reads.</summary>
    private sealed class StepWords
    {
        public StepWords() => Text = () => string.Create(
            CultureInfo.InvariantCulture,
            $"reward {Step.Reward:0.000}, {Step.Length:0.0} tokens, entropy {Step.Entropy:0.000}, {Step.RolloutSeconds + Step.LearnSeconds:0.00} s ({Step.RolloutSeconds / (Step.RolloutSeconds + Step.LearnSeconds):0%} rollout)");

        public RlStep Step { get; set; } = null!;

        public Func<string> Text { get; }
    }
}
