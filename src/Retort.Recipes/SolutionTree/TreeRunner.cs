using System.Globalization;
using Retort.Core;
using Retort.Inference;
using Retort.Models;
using Retort.Recipes.Experiment;
using Retort.Recipes.Report;
using Retort.Tasks;
using Retort.Tasks.SolutionTree;
using Retort.Tensors;
using Retort.Training;

namespace Retort.Recipes.SolutionTree;

/// <summary>
/// Pretrains, improves and asks the study's models. What is there already is not done again: finished evaluations are read, a
/// half-trained model goes on from its checkpoint.
/// </summary>
internal sealed class TreeRunner(TreeSettings settings, RecipeContext context, RunFolder folder, Device device, Spending spending)
{
    private readonly ModelTrainer models = new(context, folder, spending);
    private readonly PolicyTraining policies = new(context, folder, spending);
    private readonly Dictionary<(string World, ulong Seed), TreeBefore> pretrained = [];
    private readonly EngineSettings engine = new() { MaxSequences = settings.Evaluation.DecodeSequences };

    /// <summary>A world's pretrained model and what it can do.</summary>
    public TreeBefore Before(TreeWorld world, ulong seed)
    {
        if (pretrained.TryGetValue((world.Name, seed), out var there))
        {
            return there;
        }

        var (name, task) = (NameOf(world, seed), world.Task(seed));
        var asked = settings.Evaluation;
        var (tests, problems) = (Items(task, Split.Test, asked.TestProblems), Items(task, Split.Validation, asked.RlProblems));
        var (temperatures, isControl) = (TemperaturesOf(world), world.IsControl);
        using var model = new Lazily(() => Pretrained(world, task, seed, name));
        var before = new TreeBefore(
            world, seed, task, SeenPairs.Count(task, settings.Pretraining.Problems, context.Threads, context.Cancellation), tests, problems,
            Graded($"{name}-test", model, task, tests, temperatures, seed),
            isControl ? null : Graded($"{name}-test-again", model, task, tests, temperatures, seed),
            isControl ? null : Graded($"{name}-rl", model, task, problems, temperatures, seed),
            isControl ? null : Graded($"{name}-rl-again", model, task, problems, temperatures, seed),
            Probed(name, model, task));
        pretrained.Add((world.Name, seed), before);
        return before;
    }

    /// <summary>A condition: its world's model before, and after reinforcement learning.</summary>
    public TreeRun Run(TreeCondition condition, ulong seed)
    {
        var before = Before(condition.World, seed);
        var (name, task) = (NameOf(condition, seed), before.Task);
        var asked = before.RlItems[..condition.Asked(settings)];
        var temperatures = condition.IsSide ? settings.Evaluation.SideTemperatures : settings.Evaluation.Temperatures;
        using var model = new Lazily(() => Improved(condition, task, seed, name));
        return new TreeRun(
            condition, before,
            Graded($"{name}-test", model, task, before.TestItems, temperatures, seed),
            Graded($"{name}-rl", model, task, asked, temperatures, seed),
            Probed(name, model, task));
    }

    /// <summary>What the files of a world's pretrained model are called.</summary>
    public static string NameOf(TreeWorld world, ulong seed) => $"before-{world.Name}-seed{seed}";

    /// <summary>What a condition's files are called.</summary>
    public static string NameOf(TreeCondition condition, ulong seed) => $"after-{condition.Name}-seed{seed}";

    /// <summary>A world has every temperature that one of its conditions has.</summary>
    private IReadOnlyList<double> TemperaturesOf(TreeWorld world) =>
        world.IsSide || world.IsControl ? settings.Evaluation.SideTemperatures : settings.Evaluation.Temperatures;

    private SolutionTreeItem[] Items(SolutionTreeTask task, Split split, int count) =>
        ParallelItems.Make(count, context.Threads, i => task.Create(split, i), context.Cancellation);

    private TreeOutcome Graded(
        string name, Lazily model, SolutionTreeTask task, SolutionTreeItem[] items, IReadOnlyList<double> temperatures, ulong seed)
    {
        var (path, samples) = (folder.EvaluationPath(name), settings.Evaluation.Samples);
        if (!File.Exists(path))
        {
            var (transformer, tokenizer) = (model.Value, TaskDataset.TokenizerFor(task));
            var (before, graded) = (device.Work.Flops, new List<(float, IReadOnlyList<GradedCompletion>)>());
            using (var phase = context.Progress.Begin("ask " + name, temperatures.Count, "temperatures"))
            {
                foreach (var temperature in temperatures)
                {
                    graded.Add(((float)temperature, TaskEvaluation.Run(
                        transformer, tokenizer, task, items, samples, Sampling(task, temperature), engine, SeedOf(seed, name, temperature),
                        cancellation: context.Cancellation)));
                    phase.Report(graded.Count);
                }
            }

            GradedSamples.WriteMarks(path, name, items, graded);
            Sampled(before);
            folder.Log(context.Time, $"run {name} done");
        }

        return TreeOutcome.Read(path, task, items, temperatures, samples);
    }

    private PairKnowledge Probed(string name, Lazily model, SolutionTreeTask task)
    {
        var (path, probes) = (folder.StagePath($"{name}-pairs"), settings.Evaluation.ProbesPerPair);
        if (!File.Exists(path))
        {
            var transformer = model.Value;
            var before = device.Work.Flops;
            PairKnowledge.Ask(transformer, TaskDataset.TokenizerFor(task), task, probes, engine, context.Threads, context.Cancellation).Write(path);
            Sampled(before);
        }

        return PairKnowledge.Read(path, task.World.NumPairs, probes);
    }

    private Transformer Pretrained(TreeWorld world, SolutionTreeTask task, ulong seed, string name)
    {
        var (tokenizer, training) = (TaskDataset.TokenizerFor(task), settings.Pretraining);
        var last = Path.Combine(folder.CheckpointFolder(name), string.Create(CultureInfo.InvariantCulture, $"step-{training.Steps:D8}"));
        if (Directory.Exists(last))
        {
            return ModelStore.Load(last, device);
        }

        var model = new Transformer(world.Config(settings.Model, tokenizer), device);
        return Kept(model, () =>
        {
            model.Initialize(seed);
            var data = TaskDataset.Build(
                task, tokenizer, training.Problems, model.Config.MaxPositions, context.Threads,
                progress: context.Progress, cancellation: context.Cancellation);
            using var trainer = new Trainer(model, new Mixture(seed, (data, 1)), training.TrainerSettings);
            var curve = new LearningCurve(settings, folder, task, "curve/" + name, engine, settings.RlProblems);
            models.Run(name, model, trainer, training.Steps, task, tokenizer, curve.Every(training.Steps), step => curve.Add(step, model, tokenizer));
        });
    }

    private Transformer Improved(TreeCondition condition, SolutionTreeTask task, ulong seed, string name)
    {
        var model = Pretrained(condition.World, task, seed, NameOf(condition.World, seed));
        var curve = new LearningCurve(settings, folder, task, "curve/" + name, engine, condition.NumProblems);
        return Kept(model, () => policies.Run(name, model, task, condition, seed, curve));
    }

    /// <summary>The model, unless its training ends early.</summary>
    private static Transformer Kept(Transformer model, Action train)
    {
        try
        {
            train();
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private void Sampled(long before)
    {
        spending.Flops = spending.Flops with { Sample = spending.Flops.Sample + device.Work.Flops - before };
        spending.Book();
    }

    /// <summary>Room for a whole answer and its end.</summary>
    public static SamplingSettings Sampling(SolutionTreeTask task, double temperature) =>
        new() { Temperature = (float)temperature, MaxNewTokens = 4 * task.Settings.Steps.High + 3 };

    /// <summary>Every evaluation draws its own numbers: before and after, twice and at each temperature.</summary>
    private static ulong SeedOf(ulong seed, string name, double temperature) =>
        CounterRandom.For(seed, string.Create(CultureInfo.InvariantCulture, $"solution-tree/ask {name} {temperature}")).NextUInt64();

    /// <summary>A model that is made only if something is asked of it.</summary>
    private sealed class Lazily(Func<Transformer> make) : IDisposable
    {
        private Transformer? made;

        public Transformer Value => made ??= make();

        public void Dispose() => made?.Dispose();
    }
}

/// <summary>A pretrained model of one seed's world.</summary>
/// <param name="World">The kind of world.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Task">The seed's world.</param>
/// <param name="Seen">What pretraining showed.</param>
/// <param name="TestItems">Test problems.</param>
/// <param name="RlItems">Problems of reinforcement learning, the most that are asked.</param>
/// <param name="Test">On the test problems.</param>
/// <param name="TestAgain">The same, sampled again: what chance alone changes. Null for control worlds, as are the next two.</param>
/// <param name="Rl">On the RL problems.</param>
/// <param name="RlAgain">The same, sampled again.</param>
/// <param name="Known">Pairs.</param>
internal sealed record TreeBefore(
    TreeWorld World, ulong Seed, SolutionTreeTask Task, SeenPairs Seen, SolutionTreeItem[] TestItems, SolutionTreeItem[] RlItems,
    TreeOutcome Test, TreeOutcome? TestAgain, TreeOutcome? Rl, TreeOutcome? RlAgain, PairKnowledge Known)
{
    /// <summary>Share of the test problems whose pairs were all seen in pretraining.</summary>
    public double AllSeen => Seen.ShareOfProblems(TestItems, 1);

    /// <summary>Pass@1 on the test problems at the lowest temperature.</summary>
    public double LowPass => Test.Precision(Test.Temperatures[0]).Average();

    /// <summary>Coverage of the test problems at the best temperature.</summary>
    public double Coverage => TreeStatistics.BestCoverage(Test, Test.Temperatures, TreeEvidence.Every(Test.NumProblems));
}

/// <summary>A condition of one seed.</summary>
/// <param name="Condition">The condition.</param>
/// <param name="Before">Its world's pretrained model.</param>
/// <param name="Test">After reinforcement learning, on the test problems.</param>
/// <param name="Rl">On those RL problems that are asked.</param>
/// <param name="Known">Pairs.</param>
internal sealed record TreeRun(TreeCondition Condition, TreeBefore Before, TreeOutcome Test, TreeOutcome Rl, PairKnowledge Known)
{
    /// <summary>Before, on the RL problems that were asked after.</summary>
    public TreeOutcome RlBefore { get; } = Before.Rl!.First(Rl.NumProblems);

    /// <summary>The same, sampled again.</summary>
    public TreeOutcome RlBeforeAgain { get; } = Before.RlAgain!.First(Rl.NumProblems);

    /// <summary>By test problem: the pairs it needs.</summary>
    public int[][] TestPairs { get; } = [.. Before.TestItems.Select(item => item.Pairs(Before.Task.World).Distinct().ToArray())];

    /// <summary>The sizing formula of section 3.6 for the condition's RL problems, all fresh ones counted.</summary>
    public double ExpectedChances =>
        Before.Seen.ExpectedChances(Condition.NumProblems);

    /// <summary>By pair: it is the only pair unknown before of an RL problem, so that a lucky guess is rewarded.</summary>
    public bool[] Chances { get; } = TreeStatistics.Chances(
        Before.Known, Before.Task, Enumerable.Range(0, Condition.NumProblems).Select(i => Before.Task.Create(Split.Validation, i)));
}
