namespace Retort.Cli.Progress;

/// <summary>Progress into a pipe or a log: a line every <see cref="Interval"/> and one at each phase's end.</summary>
internal sealed class PlainProgress(TextWriter error, TimeProvider time) : TextProgress(time, Interval)
{
    /// <summary>Between two lines of one phase.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public override void Note(string text) => error.WriteLine(text);

    /// <inheritdoc/>
    protected override void Draw(string name, double fraction, string state) => error.WriteLine($"{name}: {state}");

    /// <inheritdoc/>
    protected override void DrawEnd(string name, string state, bool isOutermost)
    {
        if (isOutermost)
        {
            error.WriteLine($"{name}: {state}");
        }
    }
}
