using Retort.Inference;
using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Tasks;
using Retort.Tensors;
using Retort.Tensors.Cpu;

namespace Retort.Training;

/// <summary>
/// A small model and its tokenizer: train it on a task of your own, sample from it, save it. The short way into the library;
/// every part it is made of can be used by itself.
/// </summary>
public sealed class TaskModel : IDisposable
{
    private readonly Device device;

    private TaskModel(Device device, Transformer transformer, ITokenizer tokenizer) =>
        (this.device, Transformer, Tokenizer) = (device, transformer, tokenizer);

    /// <summary>The network.</summary>
    public Transformer Transformer { get; }

    /// <summary>Text to tokens and back.</summary>
    public ITokenizer Tokenizer { get; }

    /// <summary>
    /// Trains a new model on problems 0 .. <paramref name="problems"/>-1 of the task's training split.
    /// </summary>
    /// <param name="task">The task: its generator gives the data.</param>
    /// <param name="steps">Optimiser steps.</param>
    /// <param name="problems">Training problems.</param>
    /// <param name="hiddenSize">Width; heads are 32 wide, the feed-forward block 3 times as wide as the model.</param>
    /// <param name="numLayers">Depth.</param>
    /// <param name="maxLength">Longest prompt and answer together, in tokens.</param>
    /// <param name="learningRate">Peak of a cosine schedule.</param>
    /// <param name="batchSequences">Sequences a step.</param>
    /// <param name="seed">Of weights and data order.</param>
    /// <param name="threads">Cores to use; 0: all. Changes no bit of the result.</param>
    /// <param name="stepped">Called after every step.</param>
    public static TaskModel Train(
        ITask task, int steps = 500, int problems = 10_000, int hiddenSize = 64, int numLayers = 2, int maxLength = 128,
        double learningRate = 3e-3, int batchSequences = 64, ulong seed = 1, int threads = 0, Action<StepResult>? stepped = null)
    {
        ArgumentNullException.ThrowIfNull(task);
        var tokenizer = TaskDataset.TokenizerFor(task);
        var config = new ModelConfig
        {
            VocabularySize = tokenizer.VocabularySize,
            HiddenSize = hiddenSize,
            NumLayers = numLayers,
            NumHeads = Math.Max(1, hiddenSize / 32),
            IntermediateSize = 3 * hiddenSize,
            MaxPositions = maxLength,
            BosTokenId = tokenizer.BosId,
            EosTokenId = tokenizer.EosId,
            PadTokenId = tokenizer.PadId,
        }.Validated();
        var settings = new TrainerSettings
        {
            BatchSequences = batchSequences,
            Schedule = new LearningRateSchedule { PeakLearningRate = learningRate, TotalSteps = steps, WarmupSteps = steps / 20 },
        };
        var device = new CpuDevice(threads);
        var model = new TaskModel(device, new Transformer(config, device), tokenizer);
        try
        {
            model.Transformer.Initialize(seed);
            var data = TaskDataset.Build(task, tokenizer, problems, maxLength, device.Threads);
            using var trainer = new Trainer(model.Transformer, new Mixture(seed, (data, 1)), settings);
            TrainingLoop.Run(model.Transformer, trainer, steps, new TrainingLoopOptions { Stepped = stepped });
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Opens a saved model: a checkpoint folder, or a llama2.c file with its tokenizer beside it.</summary>
    public static TaskModel Open(string path, int threads = 0)
    {
        var device = new CpuDevice(threads);
        try
        {
            return new TaskModel(device, ModelStore.Load(path, device), Models.Tokenizers.Tokenizer.Open(path));
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <summary>One completion of a prompt; temperature 0 is greedy.</summary>
    public string Complete(string prompt, float temperature = 0, int maxNewTokens = 64, ulong seed = 1)
    {
        var completion = "";
        using var engine = new GenerationEngine(
            Transformer, new EngineSettings { MaxSequences = 1, StopTokens = Tokenizer.EosId is { } end ? [end] : [] });
        engine.Completed = done => completion = Tokenizer.Decode(done.TextTokens, continues: true);
        var sampling = new SamplingSettings { Temperature = temperature, MaxNewTokens = maxNewTokens };
        engine.Submit(new GenerationRequest(Tokenizer.Encode(prompt), sampling, seed));
        engine.Run();
        return completion;
    }

    /// <summary>The share of <paramref name="problems"/> test problems that a greedy completion solves.</summary>
    public double Accuracy(ITask task, int problems = 100)
    {
        var items = Enumerable.Range(0, problems).Select(i => task.Create(Split.Test, i)).ToArray();
        var graded = TaskEvaluation.Run(
            Transformer, Tokenizer, task, items, 1,
            new SamplingSettings { Temperature = 0, MaxNewTokens = Transformer.Config.MaxPositions }, new EngineSettings(), seed: 1);
        return graded.Count(sample => sample.Verdict.Correct) / (double)problems;
    }

    /// <summary>Writes a checkpoint folder in the Hugging Face layout.</summary>
    public void Save(string folder) => ModelStore.Save(folder, Transformer, Tokenizer);

    /// <inheritdoc/>
    public void Dispose()
    {
        Transformer.Dispose();
        device.Dispose();
    }
}
