using Retort.Core;
using Retort.Inference;
using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Recipes.Experiment;
using Retort.Recipes.Report;
using Retort.Tasks;
using Retort.Tensors;
using Retort.Training;
using Retort.Training.Rl;

namespace Retort.Recipes.Backtracking;

/// <summary>
/// Trains and asks one cell's model for one seed. What is there already is not done again: a finished evaluation is read, a
/// half-trained model goes on from its checkpoint.
/// </summary>
internal sealed class CellRunner(
    BacktrackingSettings settings, RecipeContext context, RunFolder folder, Device device, Spending spending)
{
    private readonly ModelTrainer models = new(context, folder, spending);
    private readonly PolicyTrainer policies = new(context, folder, spending);
    private (Cell Cell, SequenceSet Set)? data;

    /// <summary>What a cell's files of one seed are called.</summary>
    public static string NameOf(Cell cell, ulong seed) => $"{cell.Name}-seed{seed}";

    /// <summary>The cell's outcome on the test problems.</summary>
    public CellOutcome Run(Cell cell, ulong seed)
    {
        var name = NameOf(cell, seed);
        var tokenizer = TaskDataset.TokenizerFor(cell.Task);
        var config = cell.Config(tokenizer);
        var items = Enumerable.Range(0, settings.TestProblems).Select(i => cell.Task.Create(Split.Test, i)).ToArray();
        if (!File.Exists(folder.EvaluationPath(name)))
        {
            using var model = new Transformer(config, device);
            if (cell.Rl is null)
            {
                Train(cell, seed, name, model, tokenizer);
            }
            else
            {
                Improve(cell, cell.Rl, seed, name, model, tokenizer);
            }

            Evaluate(cell, seed, name, model, tokenizer, items);
        }

        return CellOutcome.Read(folder.EvaluationPath(name), cell, config, tokenizer, items);
    }

    private void Train(Cell cell, ulong seed, string name, Transformer model, ITokenizer tokenizer)
    {
        model.Initialize(seed);
        var mixture = LengthShare.Mix(
            seed, DataOf(cell, tokenizer), cell.Lengths, (long)cell.Training.Steps * cell.Training.BatchSequences);
        using var trainer = new Trainer(model, mixture, cell.TrainerSettings(tokenizer));
        models.Run(name, model, trainer, cell.Training.Steps, cell.Task, tokenizer);
    }

    /// <summary>Reinforcement learning on the training problems, from the model of the cell it starts from.</summary>
    private void Improve(Cell cell, RlSettings settings, ulong seed, string name, Transformer model, ITokenizer tokenizer)
    {
        var start = folder.CheckpointFolder($"{cell.StartsFrom}-seed{seed}");
        ModelStore.LoadInto(model, new TrainingCheckpoint(start).Latest
            ?? throw UserError.Request(start, "holds no model to begin reinforcement learning with", $"the checkpoints of {cell.StartsFrom}, or another --out"));
        var feed = new ProblemFeed(new TrainingProblems(cell.Task, cell.Study.TrainProblems), seed);
        using var trainer = new RlTrainer(model, tokenizer, feed, new TaskReward(cell.Task), settings, seed);
        policies.Run(name, model, trainer, settings.Steps, cell.Task, tokenizer);
    }

    private void Evaluate(Cell cell, ulong seed, string name, Transformer model, ITokenizer tokenizer, TaskItem[] items)
    {
        var before = device.Work.Flops;
        var temperature = cell.IsDirect ? (float)settings.Temperature : 0;
        var graded = TaskEvaluation.Run(
            model, tokenizer, cell.Task, items, cell.IsDirect ? settings.DirectSamples : 1,
            new SamplingSettings { Temperature = temperature, MaxNewTokens = cell.Context },
            new EngineSettings { MaxSequences = settings.DecodeSequences }, seed, context.Progress, "ask " + name, cancellation: context.Cancellation);
        spending.Flops = spending.Flops with { Sample = spending.Flops.Sample + device.Work.Flops - before };
        spending.Book();
        GradedSamples.Write(folder.EvaluationPath(name), cell.Name, items, graded, temperature);
    }

    /// <summary>All seeds of a cell learn from the same data, made once.</summary>
    private SequenceSet DataOf(Cell cell, ITokenizer tokenizer)
    {
        if (data?.Cell != cell)
        {
            // What was let go is given back now: the collector alone would keep several cells' worth.
            data = null;
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
            data = (cell, TaskDataset.Build(
                cell.Task, tokenizer, cell.Study.TrainProblems, cell.Context, context.Threads,
                cell.Study.WindowsPerTrace, context.Progress, context.Cancellation));
        }

        return data.Value.Set;
    }
}
