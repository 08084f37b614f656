namespace Retort.Inference.Serving;

/// <summary>How many sequences ended a second of late: an average whose past fades with a time constant of ten seconds.</summary>
internal sealed class DrainRate(TimeProvider time)
{
    private const double FadeSeconds = 10, ShortestSeconds = 1, LongestSeconds = 60;

    private double count;
    private long last = time.GetTimestamp();

    public void Count(int sequences) => count = Faded() + sequences;

    /// <summary>When so many more will have ended: whole seconds, 1 to 60.</summary>
    public TimeSpan TimeFor(int sequences)
    {
        var rate = (count = Faded()) / FadeSeconds;
        return TimeSpan.FromSeconds(Math.Clamp(Math.Ceiling(sequences / Math.Max(rate, 1e-9)), ShortestSeconds, LongestSeconds));
    }

    private double Faded()
    {
        var now = time.GetTimestamp();
        var faded = count * Math.Exp(-time.GetElapsedTime(last, now).TotalSeconds / FadeSeconds);
        last = now;
        return faded;
    }
}
