using Retort.Core;
using Retort.Inference;
using Retort.Tasks;
using Retort.Tensors.Cpu;

namespace Retort.Training.Tests;

/// <summary>The short way into the library: a task of one's own, trained, sampled, graded, saved and opened.</summary>
public sealed class TaskModelTests
{
    [Fact]
    public void A_model_learns_a_task_of_ones_own_and_is_the_same_for_every_thread_count_and_after_saving()
    {
        var folder = Path.Combine(Path.GetTempPath(), $"retort-task-model-{Environment.ProcessId}");
        using var model = Train(2);
        using var single = Train(1);
        Assert.Equal(Weights(single), Weights(model));
        Assert.InRange(model.Accuracy(new Echo(), 50), 0.9, 1);
        try
        {
            model.Save(folder);
            using var opened = TaskModel.Open(folder, threads: 1);
            Assert.Equal(Weights(model), Weights(opened));
            Assert.Equal("cab", opened.Complete("cab>"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        static TaskModel Train(int threads) => TaskModel.Train(
            new Echo(), steps: 150, problems: 500, hiddenSize: 32, numLayers: 2, maxLength: 16, batchSequences: 32,
            learningRate: 1e-2, threads: threads);
    }

    [Fact]
    public void A_problems_samples_do_not_depend_on_the_other_problems()
    {
        var task = new Echo();
        var items = Enumerable.Range(0, 6).Select(i => task.Create(Split.Test, i)).ToArray();
        var tokenizer = TaskDataset.TokenizerFor(task);
        using var device = new CpuDevice(2);
        using var model = TinyModels.TransformerCases.Build(
            TinyModels.TransformerCases.All["llama"] with { VocabularySize = tokenizer.VocabularySize }, device);
        var all = Sample(items, new EngineSettings { MaxSequences = 3 });
        Assert.Equal(all[..8], Sample(items[..2], new EngineSettings()));

        string[] Sample(TaskItem[] some, EngineSettings settings) => [.. TaskEvaluation.Run(
            model, tokenizer, task, some, 4, new SamplingSettings { MaxNewTokens = 9 }, settings, seed: 3)
            .Select(graded => $"{graded.Problem} {graded.Sample} {string.Join(',', graded.Completion.Tokens)}")];
    }

    private static int[] Weights(TaskModel model) => TinyModels.TransformerCases.Bits(
        TinyModels.TrainingPass.Read(model.Transformer.Device, model.Transformer.Parameters.Values));

    /// <summary>Say the letters again.</summary>
    private sealed class Echo : ITask
    {
        public string Name => "echo";

        public IReadOnlyList<string>? Vocabulary => null;

        public TaskItem Create(Split split, long index)
        {
            var random = CounterRandom.For(1, "echo/" + split, (ulong)index);
            var word = string.Concat(Enumerable.Range(0, 3).Select(_ => "abc"[random.NextInt32(3)]));
            return new TaskItem($"{split}-{index}", word + ">", word);
        }

        public Verdict Verify(TaskItem item, string completion) => new(completion == item.Answer, completion);
    }
}
