namespace Retort.Training.Rl;

/// <summary>Numbers a row carries beside its token; the first columns are those an update reads.</summary>
internal enum ExperienceColumn
{
    /// <summary>The row's share of the loss.</summary>
    Weight,

    /// <summary>Advantage of the token.</summary>
    Advantage,

    /// <summary>Log-probability when it was drawn.</summary>
    OldLogprob,

    /// <summary>Log-probability under the reference.</summary>
    ReferenceLogprob,

    /// <summary>What the value estimate should have been.</summary>
    ValueTarget,

    /// <summary>The value estimate at the rollout.</summary>
    OldValue,
}

/// <summary>
/// A rollout laid out for learning: one row a token, with what was measured of it. Row r of a completion predicts its next token; the
/// rows of the prompt are not learned. Arrays are sized once.
/// </summary>
internal sealed class Experience
{
    public const int NumColumns = 6;

    private readonly int[] firstRows, lengths, buffer;
    private readonly bool[] isMasked;

    public Experience(int completions, int maxLength)
    {
        Batch = new GlobalBatch(completions, maxLength, NumColumns);
        (firstRows, lengths, isMasked, Rewards) = (new int[completions], new int[completions], new bool[completions], new double[completions]);
        buffer = new int[maxLength];
    }

    /// <summary>All completions, in order.</summary>
    public GlobalBatch Batch { get; }

    /// <summary>One a completion.</summary>
    public double[] Rewards { get; }

    /// <summary>Takes over a rollout. Completions without a reward, and truncated ones if asked for, are masked.</summary>
    public void Load(RolloutBatch rollouts, bool maskTruncated)
    {
        Batch.Clear();
        for (var s = 0; s < rollouts.Samples.Count; s++)
        {
            var rollout = rollouts.Samples[s];
            var (prompt, tokens) = (rollout.Prompt, rollout.Completion.Tokens);
            prompt.CopyTo(buffer, 0);
            tokens.CopyTo(buffer, prompt.Length);
            var first = Batch.Add(buffer.AsSpan(0, prompt.Length + tokens.Length), prompt.Length);
            (firstRows[s], lengths[s], Rewards[s]) = (first + prompt.Length - 1, tokens.Length, rollout.Reward);
            isMasked[s] = double.IsNaN(rollout.Reward) || (maskTruncated && rollout.IsTruncated);
            Of(s, ExperienceColumn.Advantage).Clear();
            rollout.Completion.Logprobs.CopyTo(Of(s, ExperienceColumn.OldLogprob));
        }
    }

    /// <summary>Tokens of a completion.</summary>
    public int Length(int completion) => lengths[completion];

    /// <summary>Whether a completion is not learned from.</summary>
    public bool IsMasked(int completion) => isMasked[completion];

    /// <summary>First row of a completion: the one that predicts its first token.</summary>
    public int FirstRow(int completion) => firstRows[completion];

    /// <summary>A column's numbers for the tokens of a completion.</summary>
    public Span<float> Of(int completion, ExperienceColumn column) =>
        Batch.Column((int)column).Slice(firstRows[completion], lengths[completion]);
}
