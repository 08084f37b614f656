using Retort.Tensors;

namespace Retort.Training.Rl;

/// <summary>
/// What the updates of one step tell, summed token by token in ascending order and in double; tokens that are masked count nothing.
/// </summary>
internal struct LearningTally
{
    private long tokens;
    private int updates;
    private double loss, valueLoss, norm, entropy, kl, ratio, clipped;

    /// <summary>Mean loss of the updates, the value loss apart.</summary>
    public readonly double Loss => loss / updates;

    /// <summary>Mean value loss of the updates.</summary>
    public readonly double ValueLoss => valueLoss / updates;

    /// <summary>Mean norm of the updates' gradients, before clipping.</summary>
    public readonly double GradientNorm => norm / updates;

    /// <summary>Rate of the last update.</summary>
    public double LearningRate { get; private set; }

    /// <summary>Mean entropy of the policy, nats a token.</summary>
    public readonly double Entropy => PerToken(entropy);

    /// <summary>Mean divergence from the reference by the low-variance estimator, nats a token.</summary>
    public readonly double Kl => PerToken(kl);

    /// <summary>Mean importance ratio.</summary>
    public readonly double Ratio => PerToken(ratio);

    /// <summary>Share of tokens that clipping keeps from the gradient.</summary>
    public readonly double ClipFraction => PerToken(clipped);

    /// <summary>Largest distance of the ratio from 1 in the first update: 0 where the rollout is the policy's own.</summary>
    public double FirstRatioError { get; private set; }

    /// <summary>Adds an update.</summary>
    public void Add(double gradientNorm, double learningRate, GlobalBatch batch, PolicyObjective objective)
    {
        const int width = PolicyObjective.NumReadings;
        var weights = batch.Column((int)ExperienceColumn.Weight);
        var targets = batch.Targets;
        for (var r = 0; r < targets.Length; r++)
        {
            if (targets[r] < 0 || weights[r] == 0)
            {
                continue;
            }

            var row = objective.Readings.AsSpan(r * width, width);
            loss += row[(int)PolicyReading.Loss];
            valueLoss += objective.ValueLosses[r];
            entropy += row[(int)PolicyReading.Entropy];
            kl += row[(int)PolicyReading.Kl];
            ratio += row[(int)PolicyReading.Ratio];
            clipped += row[(int)PolicyReading.Clipped];
            tokens++;
            if (updates == 0)
            {
                FirstRatioError = Math.Max(FirstRatioError, Math.Abs(row[(int)PolicyReading.Ratio] - 1.0));
            }
        }

        (updates, norm, LearningRate) = (updates + 1, norm + gradientNorm, learningRate);
    }

    private readonly double PerToken(double sum) => tokens == 0 ? 0 : sum / tokens;
}
