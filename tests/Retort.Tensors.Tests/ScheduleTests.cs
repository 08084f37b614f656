using Retort.Core;

namespace Retort.Tensors.Tests;

public sealed class ScheduleTests
{
    [Fact]
    public void Warm_up_rises_in_equal_steps_to_the_peak()
    {
        var schedule = new LearningRateSchedule { PeakLearningRate = 0.4, WarmupSteps = 4, TotalSteps = 10 };
        Assert.Equal([0.1, 0.2, 0.30000000000000004, 0.4], Enumerable.Range(0, 4).Select(s => schedule.At(s)));
    }

    [Theory]
    [InlineData(ScheduleShape.Constant, 1.0, 1.0, 1.0)]
    [InlineData(ScheduleShape.Linear, 1.0, 0.55, 0.1)]
    [InlineData(ScheduleShape.Cosine, 1.0, 0.55, 0.1)]
    public void Shapes_go_from_the_peak_over_the_middle_to_the_final_fraction(
        ScheduleShape shape, double first, double middle, double last)
    {
        var schedule = new LearningRateSchedule
        {
            Shape = shape,
            PeakLearningRate = 1,
            WarmupSteps = 2,
            TotalSteps = 13,
            FinalFraction = 0.1,
        };
        Assert.Equal(first, schedule.At(2), 1e-12);
        Assert.Equal(middle, schedule.At(7), 1e-12);
        Assert.Equal(last, schedule.At(12), 1e-12);
        Assert.Equal(last, schedule.At(1000), 1e-12);
    }

    [Fact]
    public void A_schedule_of_nothing_but_warm_up_and_of_one_step_is_defined()
    {
        Assert.Equal(1.0, new LearningRateSchedule { PeakLearningRate = 1, WarmupSteps = 5, TotalSteps = 5 }.At(4));
        Assert.Equal(0.1, new LearningRateSchedule { PeakLearningRate = 1, TotalSteps = 1 }.At(0), 1e-12);
    }

    [Fact]
    public void A_wrong_field_is_named()
    {
        var fault = Assert.Throws<UserError>(() => new LearningRateSchedule { FinalFraction = 2 }.Validate("trainer.schedule"));
        Assert.Contains("trainer.schedule.finalFraction", fault.Message);
        Assert.Equal(2, fault.ExitCode);
    }
}
