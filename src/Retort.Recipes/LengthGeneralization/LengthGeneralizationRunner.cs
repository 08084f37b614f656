using System.Globalization;
using Retort.Inference;
using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Recipes.Experiment;
using Retort.Recipes.Report;
using Retort.Tasks;
using Retort.Tasks.Lengths;
using Retort.Tensors;
using Retort.Training;

namespace Retort.Recipes.LengthGeneralization;

/// <summary>
/// Trains and asks the study's models. What is there already is not done again: answers are read, trained models loaded, half-trained ones go on from
/// their checkpoints.
/// </summary>
internal sealed class LengthGeneralizationRunner(
    LengthGeneralizationSettings settings, RecipeContext context, RunFolder folder, Device device, Spending spending)
{
    private readonly ModelTrainer models = new(context, folder, spending);
    private readonly Stages stages = new(folder, context.Time, spending);
    private (string Study, PositionScheme Ids, SequenceSet Set)? data;

    /// <summary>Whether a model was trained and asked.</summary>
    public bool IsThere(ModelKind cell, ulong seed) => Asked(cell).All(asked => File.Exists(folder.StagePath(StageName(cell, seed, asked.Length, asked.IsTold))));

    /// <summary>A model of one seed.</summary>
    public CellOutcome Run(ModelKind cell, ulong seed)
    {
        if (!IsThere(cell, seed))
        {
            Make(cell, seed);
        }

        IReadOnlyList<LengthOutcome> Read(bool isTold) =>
            [.. Asked(cell).Where(asked => asked.IsTold == isTold).Select(asked => stages.SoFar<LengthOutcome>(StageName(cell, seed, asked.Length, isTold))!)];
        return new(Read(false), Read(true));
    }

    /// <summary>Every length freely and, of a model that predicts ids, with the right ones told.</summary>
    private IEnumerable<(int Length, bool IsTold)> Asked(ModelKind cell) => Study.Of(cell.Study, settings).Settings.TestLengths.SelectMany(
        length => cell.Scheme.Predicts ? [(length, false), (length, true)] : new[] { (length, false) });

    private static string StageName(ModelKind cell, ulong seed, int length, bool isTold) =>
        string.Create(CultureInfo.InvariantCulture, $"{cell.FileName(seed)}-n{length:D3}{(isTold ? "-told" : "")}");

    private void Make(ModelKind cell, ulong seed)
    {
        var study = Study.Of(cell.Study, settings);
        var tokenizer = TaskDataset.TokenizerFor(study.Task);
        using var model = new Transformer(study.Config(cell.Scheme, tokenizer), device);
        model.Initialize(seed);
        using (var trainer = new Trainer(model, new Mixture(seed, (DataOf(study, cell.Scheme, tokenizer, model.Config), 1)), study.Trainer(cell.Scheme)))
        {
            models.Run(cell.FileName(seed), model, trainer, study.Settings.Training.Steps, study.Task, tokenizer, positions: cell.Scheme.Ids);
        }

        foreach (var (length, isTold) in Asked(cell))
        {
            var name = StageName(cell, seed, length, isTold);
            stages.Once(name, () => Ask(name, cell.Scheme, study.At(length), study.Settings.TestProblems, isTold, model, tokenizer, seed));
        }
    }

    private LengthOutcome Ask(
        string name, Scheme scheme, ILengthTask task, int count, bool isTold, Transformer model, ITokenizer tokenizer, ulong seed)
    {
        var items = Core.ParallelItems.Make(count, context.Threads, i => task.Create(Split.Test, i));
        var before = device.Work.Flops;
        var graded = TaskEvaluation.Run(
            model, tokenizer, task, items, 1, new SamplingSettings { Temperature = 0, MaxNewTokens = model.Config.MaxPositions },
            new EngineSettings { MaxSequences = settings.DecodeSequences }, seed, context.Progress, "ask " + name,
            new TaskPositions(task, scheme.Ids) { TellsAnswerIds = isTold }, context.Cancellation);
        spending.Flops = spending.Flops with { Sample = spending.Flops.Sample + device.Work.Flops - before };
        GradedSamples.Write(folder.EvaluationPath(name), name, items, graded, 0);
        return LengthOutcome.Of(task, items, graded, scheme.Predicts && !isTold);
    }

    /// <summary>All seeds, and schemes with the same ids, learn from the same data.</summary>
    private SequenceSet DataOf(Study study, Scheme scheme, ITokenizer tokenizer, ModelConfig config)
    {
        if (data is not { } made || made.Study != study.Name || made.Ids != scheme.Ids)
        {
            data = made = (study.Name, scheme.Ids, TaskDataset.BuildAnswers(
                study.Task, tokenizer, study.Settings.Problems, config.MaxPositions, context.Threads, new TaskPositions(study.Task, scheme.Ids), context.Progress,
                context.Cancellation));
        }

        return made.Set;
    }
}
