using Retort.Analysis;
using Retort.Analysis.Scaling;

namespace Retort.Recipes.Scaling;

/// <summary>One graded sample of a sweep, with what budgets ask of it.</summary>
/// <param name="PromptTokens">Tokens of its prompt; 0 where nobody counted.</param>
/// <param name="CompletionTokens">Tokens written, the end token included.</param>
/// <param name="ChainTokens">Of those, tokens that a budget pays for: all, or those without the frame of a chain.</param>
/// <param name="IsFinished">It ended by itself.</param>
/// <param name="Correct">Its answer is right.</param>
/// <param name="Answer">Its answer, which votes; null: none.</param>
/// <param name="ProofTokens">Tokens of the chain that proves the answer; null: none does, or the task asks for no proof.</param>
public readonly record struct ScalingSample(
    int PromptTokens, int CompletionTokens, int ChainTokens, bool IsFinished, bool Correct, string? Answer, int? ProofTokens);

/// <summary>All samples of a sweep, of one model at one temperature; every problem has equally many.</summary>
/// <param name="Model">Its name.</param>
/// <param name="Temperature">NaN where it is not told.</param>
/// <param name="Problems">Their names.</param>
/// <param name="Samples">As [problem][sample].</param>
/// <param name="HasProofs">A sample counts by its proof; otherwise by ending within the budget with a correct answer.</param>
/// <param name="Guess">Chance that a guess is right where nothing verifies.</param>
public sealed record ScalingSamples(
    string Model, double Temperature, IReadOnlyList<string> Problems, IReadOnlyList<ScalingSample[]> Samples, bool HasProofs, double Guess)
    : IScalingPool
{
    /// <inheritdoc/>
    public int NumProblems => Problems.Count;

    /// <inheritdoc/>
    public int NumSamples => Samples[0].Length;

    /// <summary>Nobody voted: wrong (section 4 of the study of long chains of thought).</summary>
    public double SilentVote => 0;

    /// <summary>Tokens written, all samples together.</summary>
    public long TokensDrawn => Samples.Sum(row => row.Sum(sample => (long)sample.CompletionTokens));

    /// <summary>Where samples were cut: what budgets may be at most; null if all ended by themselves.</summary>
    public int? CutAt => Samples.SelectMany(row => row).Where(sample => !sample.IsFinished).Select(sample => (int?)sample.ChainTokens).Min();

    /// <summary>
    /// A sample votes if it ended within the budget. It verifies if its proof is no longer than that; without proofs if it ended within the
    /// budget with a correct answer.
    /// </summary>
    public BudgetSample[] At(int problem, int budget) => [.. Samples[problem].Select(sample =>
    {
        var ends = sample.IsFinished && sample.ChainTokens <= budget;
        return new BudgetSample(
            Math.Min(sample.ChainTokens, budget), Math.Min(sample.CompletionTokens, budget + sample.CompletionTokens - sample.ChainTokens),
            HasProofs ? sample.ProofTokens <= budget : ends && sample.Correct, new Vote(ends ? sample.Answer : null, sample.Correct));
    })];
}
