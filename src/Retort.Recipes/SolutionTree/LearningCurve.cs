using System.Text.Json;
using Retort.Inference;
using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Recipes.Report;
using Retort.Tasks;
using Retort.Tasks.SolutionTree;
using Retort.Training;

namespace Retort.Recipes.SolutionTree;

/// <summary>A model asked a few problems of each kind while it learns (figure 4 of section 6).</summary>
/// <param name="settings">The study's settings.</param>
/// <param name="folder">Whose metrics it is written to.</param>
/// <param name="task">The world.</param>
/// <param name="phase">What metrics.jsonl calls it.</param>
/// <param name="engine">How the model is asked.</param>
/// <param name="rlProblems">Problems of reinforcement learning there are; no others are asked as such.</param>
internal sealed class LearningCurve(
    TreeSettings settings, RunFolder folder, SolutionTreeTask task, string phase, EngineSettings engine, int rlProblems)
{
    /// <summary>Kinds of problems, as metrics.jsonl names them.</summary>
    public static readonly IReadOnlyList<(string Name, Split Split)> Kinds =
        [("pretraining", Split.Train), ("rl", Split.Validation), ("test", Split.Test)];

    private readonly SolutionTreeItem[][] items =
    [
        .. Kinds.Select(kind => Enumerable
            .Range(0, kind.Split == Split.Validation ? Math.Min(rlProblems, settings.Evaluation.CurveProblems) : settings.Evaluation.CurveProblems)
            .Select(i => task.Create(kind.Split, i)).ToArray()),
    ];

    /// <summary>The names of a kind's shares of correct answers, at the low and the middle temperature.</summary>
    public static (string Low, string Middle) Names(string kind) => (kind + "_low", kind + "_middle");

    /// <summary>What metrics.jsonl calls it.</summary>
    public string Phase => phase;

    /// <summary>Steps between two points.</summary>
    public int Every(int steps) => Math.Max(1, steps / settings.Evaluation.CurvePoints);

    /// <summary>Asks and writes down.</summary>
    public void Add(long step, Transformer model, ITokenizer tokenizer)
    {
        var values = new Metric[2 * Kinds.Count];
        for (var kind = 0; kind < Kinds.Count; kind++)
        {
            var (low, middle) = Names(Kinds[kind].Name);
            values[2 * kind] = new(low, Solved(model, tokenizer, items[kind], settings.Evaluation.Temperatures[0]));
            values[2 * kind + 1] = new(middle, Solved(model, tokenizer, items[kind], settings.Evaluation.Middle));
        }

        folder.AppendMetrics(phase, step, values);
    }

    /// <summary>The points of a phase, by step; none if a joined run brought no metrics.</summary>
    public static IReadOnlyList<(long Step, JsonElement Values)> Read(RunFolder folder, string phase) => !File.Exists(folder.MetricsPath)
        ? []
        : [.. File.ReadLines(folder.MetricsPath).Where(line => line.Contains($"\"{phase}\"", StringComparison.Ordinal)).Select(line =>
        {
            var values = JsonSerializer.Deserialize<JsonElement>(line);
            return (values.GetProperty("step").GetInt64(), values);
        })];

    /// <summary>Not cancelled in the middle: training saves its state between steps only.</summary>
    private double Solved(Transformer model, ITokenizer tokenizer, SolutionTreeItem[] asked, double temperature)
    {
        var graded = TaskEvaluation.Run(
            model, tokenizer, task, asked, samples: 1, TreeRunner.Sampling(task, temperature), engine, seed: 1);
        return graded.Count(sample => sample.Verdict.Correct) / (double)asked.Length;
    }
}
