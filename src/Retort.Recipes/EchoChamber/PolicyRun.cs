using System.Globalization;
using Retort.Core;
using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Recipes.Experiment;
using Retort.Tasks;
using Retort.Tasks.ScrambledArithmetic;

namespace Retort.Recipes.EchoChamber;

/// <summary>A model before reinforcement.</summary>
/// <param name="Name">In file names and tables, e.g. "equal".</param>
/// <param name="Data">What it is pretrained on.</param>
/// <param name="Shape">Size.</param>
/// <param name="Training">How.</param>
/// <param name="Steps">Optimiser steps at most.</param>
/// <param name="StopsEarly">At <see cref="PretrainingSettings.StopAccuracy"/>; otherwise all data are gone through once.</param>
internal sealed record BaseModel(
    string Name, ScrambledArithmeticSettings Data, ModelShape Shape, PretrainingSettings Training, int Steps, bool StopsEarly)
{
    private const int ContextUnit = 16;

    /// <summary>Context in tokens: the longest demonstration, rounded up.</summary>
    public int Context => (Data.MaxSequenceTokens + ContextUnit - 1) / ContextUnit * ContextUnit;

    /// <summary>Whether pretraining ends with the last of these looks.</summary>
    public bool IsOver(IReadOnlyList<PretrainingLook> looks) =>
        looks.Count > 0 && (looks[^1].Step >= Steps || (StopsEarly && looks[^1].Accuracy >= Training.StopAccuracy));

    /// <summary>The network's configuration; a shape that cannot be is a <see cref="UserError"/>.</summary>
    public ModelConfig Config(ITokenizer tokenizer) => Shape.Config(tokenizer, Context, ropeBase: 1e4, Name);
}

/// <summary>How a base is reinforced.</summary>
internal enum PolicyMethod
{
    /// <summary>Group-relative policy optimisation.</summary>
    Grpo,

    /// <summary>Proximal policy optimisation.</summary>
    Ppo,

    /// <summary>Expert iteration.</summary>
    Expert,
}

/// <summary>A base and what is done to it.</summary>
/// <param name="Name">In file names and tables, e.g. "equal-grpo".</param>
/// <param name="Base">What it begins with.</param>
/// <param name="Method">What improves it.</param>
internal sealed record PolicyRun(string Name, BaseModel Base, PolicyMethod Method)
{
    /// <summary>Weight of the divergence from the base.</summary>
    public double Kl { get; init; }

    /// <summary>Rewards are drawn by a coin for each format, not by whether the answer is right.</summary>
    public bool IsFrozen { get; init; }

    /// <summary>Steps of the problems it learns on and, <see cref="TestSteps"/>, is asked.</summary>
    public required IntRange TrainSteps { get; init; }

    /// <summary>Steps of the test problems.</summary>
    public required IntRange TestSteps { get; init; }

    /// <summary>Asked on the way too, not at the end alone.</summary>
    public bool IsFollowed { get; init; }

    /// <summary>Samples of a test problem.</summary>
    public required int Samples { get; init; }

    /// <summary>Every run the recipe knows, by name.</summary>
    public static IReadOnlyDictionary<string, PolicyRun> All(EchoChamberSettings settings)
    {
        var (small, task) = (settings.Small, settings.Task);
        BaseModel Base(string name, ScrambledArithmeticSettings data) =>
            new(name, data, small, settings.Pretraining, settings.Pretraining.MaxSteps, StopsEarly: true);
        BaseModel Mixed(string name, double programs) => Base(name, task with
        {
            Shares = new() { Program = programs, Tagged = 1 - programs },
            Corruption = new() { Tagged = settings.TaggedCorruption },
        });
        PolicyRun Run(BaseModel model, string what, PolicyMethod method = PolicyMethod.Grpo) => new($"{model.Name}-{what}", model, method)
        {
            TrainSteps = task.Steps,
            TestSteps = task.Steps,
            Samples = settings.FewSamples,
        };
        var equal = Base("equal", task with { Shares = new() { Program = 1, Tagged = 1, Natural = 1 } });
        var failure = Mixed("failure", settings.FailureShare);
        var sized = task with { ProgramRepeatsPrompt = true, Background = settings.SizeBackground, Shares = equal.Data.Shares };
        BaseModel Sized(string name, ModelShape shape) =>
            new(name, sized, shape, settings.SizePretraining, settings.SizePretraining.MaxSteps, StopsEarly: true);
        var easy = (Train: new IntRange(2, 2), Test: new IntRange(task.Steps.High, task.Steps.High));
        PolicyRun[] runs =
        [
            Run(equal, "grpo") with { Samples = settings.Samples, IsFollowed = true },
            .. settings.KlCoefficients.Select(kl => Run(equal, KlName(kl)) with { Kl = kl }),
            Run(equal, "ppo", PolicyMethod.Ppo) with { IsFollowed = true },
            Run(equal, "expert", PolicyMethod.Expert) with { IsFollowed = true },
            Run(equal, "frozen") with { IsFrozen = true },
            Run(equal, "easy") with { TrainSteps = easy.Train, TestSteps = easy.Test },
            Run(Mixed("normal", settings.NormalShare), "grpo"),
            Run(failure, "grpo"),
            Run(failure, "frozen") with { IsFrozen = true },
            .. settings.ScannedShares.Select(share => Run(Mixed(ScanName(share), share), "grpo")),
            .. settings.Copies.Select(copies => Run(Copied(settings, copies), "grpo")),
            Run(Sized("small", small), "grpo"),
            Run(Sized("large", settings.Large), "grpo"),
            Run(Base("natural", task with { Shares = new() { Natural = 1 } }), "easy") with { TrainSteps = easy.Train, TestSteps = easy.Test },
            Run(Base("absent", task with { Shares = new() { Tagged = 1, Natural = 1 } }), "grpo"),
        ];
        return runs.ToDictionary(run => run.Name);
    }

    /// <summary>The runs that a claim compares.</summary>
    public static IReadOnlyList<string> Of(string claim, EchoChamberSettings settings) => claim switch
    {
        "E1" => settings.FrozenControls ? ["equal-grpo", "equal-frozen"] : ["equal-grpo"],
        "E2" => ["equal-grpo"],
        "E3" => ["equal-grpo", .. settings.KlCoefficients.Select(KlRun)],
        "E4" =>
        [
            "normal-grpo", "failure-grpo", .. settings.FrozenControls ? ["failure-frozen"] : Array.Empty<string>(),
            .. settings.ScannedShares.Select(share => ScanName(share) + "-grpo"),
        ],
        "E5" => ["small-grpo", "large-grpo"],
        "E6" => [.. settings.Copies.Select(copies => CopyName(copies) + "-grpo")],
        "E7" => ["equal-grpo", "equal-ppo"],
        "E8" => ["equal-ppo", "equal-expert"],
        "E9" => ["equal-easy", "natural-easy"],
        _ => ["absent-grpo"],
    };

    /// <summary>The runs over mixtures of programs and tagged answers, by programs' share.</summary>
    public static IReadOnlyList<(double Share, string Run)> Scan(EchoChamberSettings settings) =>
    [
        .. settings.ScannedShares.Select(share => (Share: share, Run: ScanName(share) + "-grpo"))
            .Append((settings.NormalShare, "normal-grpo")).Append((settings.FailureShare, "failure-grpo")).OrderBy(point => point.Item1),
    ];

    /// <summary>The run with this coefficient.</summary>
    public static string KlRun(double coefficient) => "equal-" + KlName(coefficient);

    /// <summary>Base of so many copies of each program.</summary>
    public static string CopyName(int copies) => string.Create(CultureInfo.InvariantCulture, $"copies{copies}");

    /// <summary>Base with this share of programs.</summary>
    private static string ScanName(double share) => string.Create(CultureInfo.InvariantCulture, $"programs{share}");

    /// <summary>What a run with this coefficient is called after its base.</summary>
    private static string KlName(double coefficient) => string.Create(CultureInfo.InvariantCulture, $"kl{coefficient}");

    /// <summary>What a run's or base's files of one seed are called.</summary>
    public static string FileName(string name, ulong seed) => string.Create(CultureInfo.InvariantCulture, $"{name}-seed{seed}");

    /// <summary>
    /// Problems without their demonstrations: they do not depend on any mixture, so that all models see the same. Training problems lie
    /// behind all that were demonstrated.
    /// </summary>
    public static TaskItem[] Problems(EchoChamberSettings settings, IntRange steps, Split split, int count, int threads)
    {
        var task = new ScrambledArithmeticTask(settings.Task with
        {
            Steps = steps,
            Background = 0,
            Shares = new() { Natural = 1 },
            Corruption = new(),
            ProgramCopies = 1,
            ProgramRepeatsPrompt = false,
        });
        var first = split == Split.Train ? All(settings).Values.Max(run => run.Base.Training.Sequences) : 0;
        return ParallelItems.Make(count, threads, i => (TaskItem)task.Create(split, first + i));
    }

    /// <summary>The programs' copies on top of the rest, which stays as large as it is; gone through once.</summary>
    private static BaseModel Copied(EchoChamberSettings settings, int copies)
    {
        var data = settings.Task with
        {
            Shares = new() { Program = settings.CopyShare, Natural = 1 - settings.CopyShare },
            ProgramCopies = copies,
        };
        var growth = 1 + (1 - data.Background) * settings.CopyShare * (copies - 1);
        var training = settings.Pretraining with { Sequences = (int)Math.Round(growth * settings.CopySequences) };
        return new(CopyName(copies), data, settings.Small, training, Math.Max(1, training.Sequences / training.BatchSequences), StopsEarly: false);
    }
}
