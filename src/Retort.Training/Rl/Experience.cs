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
/// A rollout laid out for learning: one row a token, with what was measured of it. A group's prompt lies there once, its completions
/// branch off; each row of a completion predicts its next token. Arrays are sized once.
/// </summary>
internal sealed class Experience
{
    public const int NumColumns = 6;

    private readonly int[] firstRows, lengths;
    private readonly bool[] isMasked;

    public Experience(int groups, int groupSize, int maxLength)
    {
        Batch = new GlobalBatch(groups, maxLength, NumColumns, groupSize);
        var completions = groups * groupSize;
        (firstRows, lengths, isMasked, Rewards) = (new int[completions], new int[completions], new bool[completions], new double[completions]);
    }

    /// <summary>All groups, in order.</summary>
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
            if (s % rollouts.GroupSize == 0)
            {
                Batch.AddCommon(prompt.AsSpan(0, prompt.Length - 1));
            }

            firstRows[s] = Batch.AddBranch(prompt[^1], prompt.Length - 1, tokens);
            (lengths[s], Rewards[s]) = (tokens.Length, rollout.Reward);
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
