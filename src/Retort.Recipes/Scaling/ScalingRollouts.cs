using System.Text;
using Retort.Core;
using Retort.Inference;
using Retort.Tasks;
using Retort.Training;

namespace Retort.Recipes.Scaling;

/// <summary>Grades completions as a sweep's samples and writes them down.</summary>
public static class ScalingRollouts
{
    /// <summary>Tokens around a task's chain; 0 where the whole completion is what a budget pays for.</summary>
    public static int FrameTokens(ITask task) => (task as IChainTask)?.FrameTokens ?? 0;

    /// <summary>A completion of <paramref name="completionTokens"/> tokens as a sample.</summary>
    public static ScalingSample Grade(ITask task, TaskItem item, string text, int promptTokens, int completionTokens, bool isFinished)
    {
        var (verdict, chain) = (task.Verify(item, text), task as IChainTask);
        return new(
            promptTokens, completionTokens, Math.Max(0, completionTokens - FrameTokens(task)), isFinished, verdict.Correct, verdict.Answer,
            verdict.Proof == true ? chain?.ChainTokens(text) : null);
    }

    /// <summary>As a sweep's samples, those of problem after problem.</summary>
    public static ScalingSamples Of(ITask task, string model, double temperature, IReadOnlyList<TaskItem> items, IReadOnlyList<GradedCompletion> graded) => Of(
        task, model, temperature, items, [.. graded.Chunk(graded.Count / items.Count).Select(row => row.Select(sample => Grade(
            task, items[sample.Problem], sample.Text, sample.PromptTokens, sample.Completion.Tokens.Length,
            sample.Completion.FinishReason == FinishReason.Stop)).ToArray())]);

    /// <summary>As a sweep's samples, [problem][sample].</summary>
    public static ScalingSamples Of(
        ITask task, string model, double temperature, IReadOnlyList<TaskItem> items, IReadOnlyList<ScalingSample[]> samples) => new(
            model, temperature, [.. items.Select(item => item.Id)], samples, task is IChainTask, (task as IChainTask)?.GuessShare ?? 0);

    /// <summary>Graded lines with counts of tokens (<see cref="SampleSpend"/>). Writes the whole file or nothing.</summary>
    public static void Write(
        string path, ITask task, string model, IReadOnlyList<TaskItem> items, IReadOnlyList<GradedCompletion> graded, float temperature) =>
        AtomicFile.Write(path, stream =>
        {
            using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
            foreach (var sample in graded)
            {
                var item = items[sample.Problem];
                var one = Grade(
                    task, item, sample.Text, sample.PromptTokens, sample.Completion.Tokens.Length, sample.Completion.FinishReason == FinishReason.Stop);
                writer.WriteLine(SampleLine.Of(
                    $"{item.Id}/{sample.Sample}", item.Prompt, sample.Text, sample.Completion, sample.Sample,
                    GradeOf(task, item, model, temperature, one, sample.Verdict)));
            }
        });

    /// <summary>A sample's marks as a line has them.</summary>
    public static SampleGrade GradeOf(ITask task, TaskItem item, string model, float temperature, ScalingSample sample, Verdict verdict) => new(
        item.Id, model, temperature, sample.Correct, sample.Answer, verdict.Plan, verdict.Execute)
    {
        Spend = task is IChainTask chain
            ? new SampleSpend(sample.PromptTokens, sample.CompletionTokens, new ChainSpend(sample.ChainTokens, sample.ProofTokens, chain.GuessShare))
            : new SampleSpend(sample.PromptTokens, sample.CompletionTokens),
    };
}
