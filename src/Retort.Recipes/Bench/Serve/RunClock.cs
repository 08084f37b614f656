namespace Retort.Recipes.Bench.Serve;

/// <summary>Seconds since a run's start.</summary>
internal sealed class RunClock(TimeProvider time)
{
    private readonly long start = time.GetTimestamp();

    public TimeProvider Time => time;

    public double Seconds => time.GetElapsedTime(start).TotalSeconds;
}
