using System.Globalization;
using Retort.Training;

namespace Retort.Cli.Commands;

/// <summary>What a finished run of reinforcement learning has to show.</summary>
/// <param name="Path">The run's folder.</param>
/// <param name="Checkpoint">The model.</param>
/// <param name="Steps">Steps, or rounds.</param>
/// <param name="Samples">Of each test problem.</param>
/// <param name="Before">Graded samples of the test problems, before.</param>
/// <param name="After">And after.</param>
internal sealed record RlResult(
    string Path, string Checkpoint, int Steps, int Samples, IReadOnlyList<GradedCompletion> Before, IReadOnlyList<GradedCompletion> After)
{
    public void Write(CliHost host, bool json)
    {
        var (before, after) = (Summary(Before), Summary(After));
        if (json)
        {
            host.Output.WriteLine(JsonText.Of(new { Path, Model = Checkpoint, Steps, before.Problems, Samples, Before = Shares(before), After = Shares(after) }));
            return;
        }

        string[][] rows =
        [
            ["", "before", "after"],
            ["pass@1", Percent(before.PassAt1), Percent(after.PassAt1)],
            [$"best of {Samples}", Percent(before.BestOfN), Percent(after.BestOfN)],
            ["majority", Percent(before.Majority), Percent(after.Majority)],
            ["mean tokens", Number(before.MeanTokens), Number(after.MeanTokens)],
        ];
        TextTable.Write(host.Output, host.Width, rows);
        host.Output.WriteLine();
        TextTable.Write(host.Output, host.Width,
        [
            ["model", Checkpoint],
            ["test problems", before.Problems.ToString("N0", CultureInfo.InvariantCulture)],
            ["look closer", $"./retort eval curves --compare {Path}/evaluations/before.jsonl {Path}/evaluations/after.jsonl"],
        ]);
    }

    private static object Shares(EvalSummary summary) =>
        new { pass_at_1 = summary.PassAt1, best_of_n = summary.BestOfN, summary.Majority, mean_tokens = summary.MeanTokens };

    private static string Percent(double share) => share.ToString("0.0 %", CultureInfo.InvariantCulture);

    private static string Number(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);

    private EvalSummary Summary(IReadOnlyList<GradedCompletion> graded) => new(graded.Count / Samples, Samples, graded);
}
