using System.Diagnostics;
using System.Globalization;
using Retort.Core;
using Retort.Models;
using Retort.Models.Tokenizers;

namespace Retort.Training;

/// <summary>What a training loop does besides stepping.</summary>
public sealed record TrainingLoopOptions
{
    /// <summary>Where checkpoints go; null: none are written, and nothing is resumed.</summary>
    public TrainingCheckpoint? Checkpoint { get; init; }

    /// <summary>Steps between checkpoints; the last step always writes one.</summary>
    public int CheckpointEvery { get; init; } = 1000;

    /// <summary>Saved with the model.</summary>
    public ITokenizer? Tokenizer { get; init; }

    /// <summary>Called before the first step with the steps that the checkpoint already has.</summary>
    public Action<long>? Resumed { get; init; }

    /// <summary>Called after every step, in order; a resumed run calls it for the steps after the checkpoint.</summary>
    public Action<StepResult>? Stepped { get; init; }

    /// <summary>Called every so many steps (and after the last) with the step number; for evaluations.</summary>
    public Action<long>? Evaluate { get; init; }

    /// <summary>Steps between evaluations; 0: after the last only.</summary>
    public int EvaluateEvery { get; init; }

    /// <summary>What the phase is called on the screen.</summary>
    public string Name { get; init; } = "train";

    /// <summary>FLOP/s that this machine can do, for the fraction of peak on the screen; 0: not shown.</summary>
    public double PeakFlops { get; init; }

    /// <summary>Where progress is shown.</summary>
    public IProgressReporter Progress { get; init; } = SilentProgress.Instance;
}

/// <summary>Steps a trainer to the end of its schedule, with checkpoints that a killed run resumes from bit for bit.</summary>
public static class TrainingLoop
{
    /// <summary>
    /// Trains from the newest checkpoint (or the beginning) to the last step. When cancelled it saves its state, then throws
    /// <see cref="OperationCanceledException"/>. A loss that is not finite is an error that names the step.
    /// </summary>
    public static void Run(
        Transformer model, Trainer trainer, long steps, TrainingLoopOptions options, CancellationToken cancellation = default)
    {
        options.Checkpoint?.TryRestore(model, trainer);
        options.Resumed?.Invoke(trainer.Steps);
        if (trainer.Steps >= steps)
        {
            return;
        }

        using var phase = options.Progress.Begin(options.Name, steps, "steps");
        var rate = new Rate(model, options.PeakFlops);
        while (trainer.Steps < steps)
        {
            if (cancellation.IsCancellationRequested)
            {
                options.Checkpoint?.Save(model, trainer, options.Tokenizer);
                cancellation.ThrowIfCancellationRequested();
            }

            var result = trainer.Step();
            if (!double.IsFinite(result.Loss) || !double.IsFinite(result.GradientNorm))
            {
                throw UserError.Environment(
                    $"{options.Name}, step {trainer.Steps + 1}", "the loss or the gradient is not a finite number",
                    "a lower learning rate");
            }

            rate.Add(result);
            options.Stepped?.Invoke(result);
            if (options.Evaluate is not null
                && (result.Step == steps || (options.EvaluateEvery > 0 && result.Step % options.EvaluateEvery == 0)))
            {
                rate.Pause();
                options.Evaluate(result.Step);
                rate.Resume();
            }

            if (result.Step == steps || result.Step % options.CheckpointEvery == 0)
            {
                options.Checkpoint?.Save(model, trainer, options.Tokenizer);
            }

            phase.Report(result.Step, rate.Text);
        }
    }

    /// <summary>Loss, tokens and FLOPs a second since the last line shown.</summary>
    private sealed class Rate
    {
        private readonly Transformer model;
        private readonly double peakFlops;
        private readonly Stopwatch watch = Stopwatch.StartNew();
        private long tokens, flopsAtStart, flopsAtPause;
        private double loss;

        public Rate(Transformer model, double peakFlops)
        {
            (this.model, this.peakFlops) = (model, peakFlops);
            flopsAtStart = model.Device.Work.Flops;
            Text = () => Describe();
        }

        /// <summary>Kept in a field so that a step allocates nothing.</summary>
        public Func<string> Text { get; }

        public void Add(StepResult result)
        {
            tokens += result.Tokens;
            loss = loss == 0 ? result.Loss : loss + 0.05 * (result.Loss - loss);
        }

        public void Pause()
        {
            watch.Stop();
            flopsAtPause = model.Device.Work.Flops;
        }

        public void Resume()
        {
            flopsAtStart += model.Device.Work.Flops - flopsAtPause;
            watch.Start();
        }

        private string Describe()
        {
            var seconds = Math.Max(1e-9, watch.Elapsed.TotalSeconds);
            var flops = (model.Device.Work.Flops - flopsAtStart) / seconds;
            var share = peakFlops > 0 ? string.Create(CultureInfo.InvariantCulture, $", {100 * flops / peakFlops:0} % of peak") : "";
            return string.Create(
                CultureInfo.InvariantCulture,
                $"loss {loss:0.0000}, {tokens / seconds / 1000:0.0}k tokens/s, {flops / 1e9:0.0} GFLOP/s{share}");
        }
    }
}
