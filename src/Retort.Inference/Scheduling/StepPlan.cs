namespace Retort.Inference.Scheduling;

/// <summary>A sequence in a step and how many of its pending tokens are fed.</summary>
/// <param name="Sequence">The sequence.</param>
/// <param name="NumTokens">Tokens fed, 1 or more; all that are pending: it draws a token.</param>
public readonly record struct PlannedRows(ScheduledSequence Sequence, int NumTokens)
{
    /// <summary>Whether the step ends with a token of this sequence.</summary>
    public bool Draws => NumTokens == Sequence.NumPending;
}

/// <summary>What one step feeds. Valid until the next is made.</summary>
public sealed class StepPlan
{
    private readonly List<PlannedRows> rows = [];

    /// <summary>The sequences that get tokens, those that draw next first.</summary>
    public ReadOnlySpan<PlannedRows> Rows => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(rows);

    /// <summary>Tokens of all rows.</summary>
    public int NumTokens { get; private set; }

    /// <summary>Of those, tokens fed before whose keys were given up.</summary>
    public int NumRecomputed { get; private set; }

    internal void Clear()
    {
        rows.Clear();
        (NumTokens, NumRecomputed) = (0, 0);
    }

    internal void Add(ScheduledSequence sequence, int numTokens)
    {
        rows.Add(new PlannedRows(sequence, numTokens));
        NumTokens += numTokens;
        var again = Math.Min(numTokens, Math.Max(0, sequence.MostCached - sequence.NumCached));
        sequence.NumRecomputed += again;
        NumRecomputed += again;
    }
}
