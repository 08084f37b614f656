using System.Globalization;
using Retort.Training;

namespace Retort.Cli.Commands;

/// <summary>What a finished training run has to show.</summary>
/// <param name="Path">The run's folder.</param>
/// <param name="Checkpoint">The model.</param>
/// <param name="Steps">Steps in all.</param>
/// <param name="Parameters">Trained numbers.</param>
/// <param name="Flops">Work of this sitting, evaluations included.</param>
/// <param name="Graded">Completions of test problems.</param>
internal sealed record TrainResult(
    string Path, string Checkpoint, int Steps, long Parameters, long Flops, IReadOnlyList<GradedCompletion> Graded)
{
    public void Write(CliHost host, bool json)
    {
        var (solved, tokens) = (EvalSummary.Solved(Graded), EvalSummary.MeanLength(Graded));
        if (json)
        {
            host.Output.WriteLine(JsonText.Of(new { Path, Model = Checkpoint, Steps, Parameters, Flops, Problems = Graded.Count, Solved = solved, MeanTokens = tokens }));
            return;
        }

        TextTable.Write(host.Output, host.Width,
        [
            ["model", Checkpoint],
            ["parameters", Parameters.ToString("N0", CultureInfo.InvariantCulture)],
            ["solved", string.Create(CultureInfo.InvariantCulture, $"{100 * solved:0.0} % of {Graded.Count:N0} test problems, {tokens:0.0} tokens a completion")],
            ["go on with", $"./retort eval --model {Path} --samples 16"],
        ]);
    }
}
