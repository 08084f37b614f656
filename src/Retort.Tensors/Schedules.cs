using Retort.Core;

namespace Retort.Tensors;

/// <summary>Shape of a learning rate after warm-up.</summary>
public enum ScheduleShape
{
    /// <summary>The peak, to the end.</summary>
    Constant,

    /// <summary>A straight line from the peak to the final fraction of it.</summary>
    Linear,

    /// <summary>Half a cosine from the peak to the final fraction of it (Loshchilov and Hutter 2017).</summary>
    Cosine,
}

/// <summary>A learning rate as a pure function of the step: equal bits on every machine, nothing to save or resume.</summary>
public sealed record LearningRateSchedule
{
    /// <summary>Shape after warm-up.</summary>
    public ScheduleShape Shape { get; init; } = ScheduleShape.Cosine;

    /// <summary>Highest rate, reached at the end of warm-up.</summary>
    public double PeakLearningRate { get; init; } = 1e-3;

    /// <summary>Steps of linear warm-up: step s of them has peak * (s + 1) / warmupSteps.</summary>
    public long WarmupSteps { get; init; }

    /// <summary>Steps of the whole run, warm-up included; the last step has the final rate.</summary>
    public long TotalSteps { get; init; } = 1;

    /// <summary>Rate of the last step and of any after it, as a fraction of the peak, for the linear and cosine shapes.</summary>
    public double FinalFraction { get; init; } = 0.1;

    /// <summary>The learning rate of a step, counted from 0.</summary>
    public double At(long step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        if (step < WarmupSteps)
        {
            return PeakLearningRate * ((step + 1) / (double)WarmupSteps);
        }

        if (Shape == ScheduleShape.Constant)
        {
            return PeakLearningRate;
        }

        var decaySteps = TotalSteps - 1 - WarmupSteps;
        var progress = decaySteps <= 0 ? 1.0 : Math.Min(1.0, (step - WarmupSteps) / (double)decaySteps);
        var height = Shape == ScheduleShape.Linear ? 1 - progress : 0.5 * (1 + ExactMath.Cos(Math.PI * progress));
        return PeakLearningRate * (FinalFraction + (1 - FinalFraction) * height);
    }

    /// <summary>Checks the ranges; a mistake is a request error that names the field under <paramref name="where"/>.</summary>
    public void Validate(string where = "schedule")
    {
        Require(double.IsFinite(PeakLearningRate) && PeakLearningRate >= 0, "peakLearningRate", "a number of at least 0");
        Require(TotalSteps >= 1, "totalSteps", "at least 1 step");
        Require(WarmupSteps >= 0 && WarmupSteps <= TotalSteps, "warmupSteps", "0 to totalSteps steps");
        Require(FinalFraction is >= 0 and <= 1, "finalFraction", "0 to 1");
        Require(Enum.IsDefined(Shape), "shape", "constant, linear or cosine");

        void Require(bool condition, string field, string expected)
        {
            if (!condition)
            {
                throw UserError.Request($"{where}.{field}", "is out of range", expected);
            }
        }
    }
}
