namespace Retort.Analysis.Scaling;

/// <summary>One sample, as far as a budget of S tokens lets it come.</summary>
/// <param name="Spent">Tokens it spends of the budget: its own, at most S.</param>
/// <param name="Generated">Tokens the model writes for it, those around the chain included: what it costs.</param>
/// <param name="IsVerified">The task's verifier accepts it.</param>
/// <param name="Vote">Its answer and whether that is right; no answer where the budget ended first.</param>
public readonly record struct BudgetSample(int Spent, int Generated, bool IsVerified, Vote Vote);

/// <summary>Samples drawn once, to be looked at under many budgets.</summary>
public interface IScalingPool
{
    /// <summary>Problems.</summary>
    int NumProblems { get; }

    /// <summary>Samples of every problem.</summary>
    int NumSamples { get; }

    /// <summary>Chance that an answer is right that no verified sample stands behind: 0, or 1/2 where it is one of two.</summary>
    double Guess { get; }

    /// <summary>Chance that a vote is right in which nobody voted.</summary>
    double SilentVote { get; }

    /// <summary>The samples of a problem, each cut at <paramref name="budget"/> tokens.</summary>
    BudgetSample[] At(int problem, int budget);
}
