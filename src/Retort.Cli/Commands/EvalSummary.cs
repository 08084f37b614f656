using System.Globalization;
using System.Text.Json;
using Retort.Analysis;
using Retort.Training;

namespace Retort.Cli.Commands;

/// <summary>What graded samples come to.</summary>
internal sealed class EvalSummary
{
    private static readonly JsonSerializerOptions OneLine = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <param name="problems">Problems asked.</param>
    /// <param name="samples">Samples of each.</param>
    /// <param name="graded">All of them, in the order (problem, sample).</param>
    public EvalSummary(int problems, int samples, IReadOnlyList<GradedCompletion> graded)
    {
        (Problems, Samples) = (problems, samples);
        var (best, majority) = (0, 0);
        for (var problem = 0; problem < problems; problem++)
        {
            var votes = Enumerable.Range(problem * samples, samples).Select(i => new Vote(graded[i].Verdict.Answer, graded[i].Verdict.Correct)).ToArray();
            best += votes.Any(vote => vote.Correct) ? 1 : 0;
            majority += MajorityVote.IsCorrect(votes) ? 1 : 0;
        }

        PassAt1 = Solved(graded);
        BestOfN = best / (double)problems;
        Majority = majority / (double)problems;
        MeanTokens = MeanLength(graded);
    }

    public int Problems { get; }

    /// <summary>Samples of each problem.</summary>
    public int Samples { get; }

    /// <summary>Share of the samples that are correct: the chance that one sample is.</summary>
    public double PassAt1 { get; }

    /// <summary>Share of the problems that one of the samples solves.</summary>
    public double BestOfN { get; }

    /// <summary>Share of the problems whose most frequent answer is correct.</summary>
    public double Majority { get; }

    /// <summary>Mean tokens of a completion, its end token included.</summary>
    public double MeanTokens { get; }

    /// <summary>Share of the samples that are correct.</summary>
    public static double Solved(IReadOnlyList<GradedCompletion> graded) => graded.Count(sample => sample.Verdict.Correct) / (double)graded.Count;

    /// <summary>Mean tokens of a completion.</summary>
    public static double MeanLength(IReadOnlyList<GradedCompletion> graded) => graded.Average(sample => (double)sample.Completion.Tokens.Length);

    public void Write(TextWriter output, int width, bool json)
    {
        if (json)
        {
            output.WriteLine(JsonSerializer.Serialize(
                new { Problems, Samples, pass_at_1 = PassAt1, best_of_n = BestOfN, Majority, MeanTokens }, OneLine));
            return;
        }

        TextTable.Write(output, width,
        [
            ["problems", Problems.ToString("N0", CultureInfo.InvariantCulture)],
            ["samples of each", Samples.ToString("N0", CultureInfo.InvariantCulture)],
            ["pass@1", Percent(PassAt1)],
            [$"best of {Samples}", Percent(BestOfN)],
            ["majority", Percent(Majority)],
            ["mean tokens", MeanTokens.ToString("0.0", CultureInfo.InvariantCulture)],
        ]);
    }

    private static string Percent(double share) => share.ToString("0.0 %", CultureInfo.InvariantCulture);
}
