namespace Retort.Analysis;

/// <summary>An estimate with its two-sided interval.</summary>
/// <param name="Value">The estimate.</param>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end.</param>
/// <param name="N">Observations behind it: problems, samples or seeds, as the method that made it says.</param>
public readonly record struct Interval(double Value, double Low, double High, int N)
{
    /// <summary>High - low.</summary>
    public double Width => High - Low;

    /// <summary>Low &lt;= x &lt;= high.</summary>
    public bool Contains(double x) => Low <= x && x <= High;

    /// <summary>The same interval in other units, e.g. <c>Scale(100)</c> for percent.</summary>
    public Interval Scale(double factor) => factor >= 0
        ? new(Value * factor, Low * factor, High * factor, N)
        : new(Value * factor, High * factor, Low * factor, N);

    /// <summary>The wider of two; the first when they are equally wide.</summary>
    public static Interval Wider(Interval a, Interval b) => b.Width > a.Width ? b : a;
}
