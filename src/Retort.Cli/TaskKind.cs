using Retort.Core;
using Retort.Models;
using Retort.Recipes;
using Retort.Recipes.Configuration;
using Retort.Tasks;
using Retort.Tasks.Answers;
using Retort.Tasks.CountDown;
using Retort.Tasks.Instructions;
using Retort.Tasks.ScrambledArithmetic;
using Retort.Tasks.SolutionTree;
using Retort.Tasks.Sudoku;
using Retort.Tensors;

namespace Retort.Cli;

/// <summary>A task that commands know by name: its presets, and the way from settings to a task.</summary>
internal abstract class TaskKind
{
    public static IReadOnlyList<TaskKind> All { get; } =
    [
        CountDownKind.Instance, SudokuKind.Instance, InstructionsKind.Instance, SolutionTreeKind.Instance, ScrambledArithmeticKind.Instance,
        AnswersKind.Instance,
    ];

    /// <summary>"countdown, sudoku or ...", for messages and help.</summary>
    public static string Names { get; } = string.Join(", ", All.SkipLast(1).Select(kind => kind.Name)) + $" or {All[^1].Name}";

    public abstract string Name { get; }

    /// <summary>Names of settings to begin with; the first is the default.</summary>
    public abstract IReadOnlyList<string> Presets { get; }

    /// <summary>The preset with the widest ranges, for a solver, which needs no training.</summary>
    public virtual string WidestPreset => Presets[^1];

    public static TaskKind Find(string command, string name) => All.FirstOrDefault(kind => kind.Name == name)
        ?? throw UserError.Request(command, $"unknown task '{name}'", "one of " + string.Join(", ", All.Select(kind => kind.Name)),
            NearestName.Of(name, All.Select(kind => kind.Name)));

    /// <summary>The value of "name:" at the top of a YAML file of ours; null if there is none.</summary>
    public static string? NameIn(string yamlPath) => ValueIn(yamlPath, "name");

    /// <summary>The value of a key at the top of a YAML file of ours; null if there is none.</summary>
    public static string? ValueIn(string yamlPath, string name)
    {
        var key = name + ":";
        var line = Array.Find(InputFile.ReadLines(yamlPath, "a YAML file"), line => line.StartsWith(key, StringComparison.Ordinal));
        return line?[key.Length..].Split('#')[0].Trim().Trim('"', '\'');
    }

    /// <summary>A preset (null: the default) with a task.yaml (if any) and overrides "task.field=value" laid over it.</summary>
    public abstract KnownTask Resolve(string? preset, string? yamlPath, IReadOnlyList<string> overrides);

    /// <summary>As <see cref="Resolve"/>, the whole configuration of a training run.</summary>
    public abstract ResolvedTraining ResolveTraining(string? preset, IReadOnlyList<string> yamlPaths, IReadOnlyList<string> overrides, ulong? seed);

    /// <summary>
    /// As <see cref="ResolveTraining"/>, of reinforcement learning; the task begins as <paramref name="taskFile"/> has it (null: as the
    /// preset).
    /// </summary>
    public abstract ResolvedRl ResolveRl(
        string? taskFile, string? model, IReadOnlyList<string> yamlPaths, IReadOnlyList<string> overrides, ulong? seed);
}

/// <summary>The configuration of a run of reinforcement learning, the task's type apart.</summary>
/// <param name="Settings">The settings.</param>
/// <param name="Task">The task.</param>
/// <param name="Yaml">The resolved configuration, which can be fed back.</param>
internal sealed record ResolvedRl(IRlRunSettings Settings, KnownTask Task, string Yaml);

/// <summary>A training run's configuration, the task's type apart.</summary>
/// <param name="Settings">The settings.</param>
/// <param name="Task">The task.</param>
/// <param name="Yaml">The resolved configuration, which can be fed back.</param>
internal sealed record ResolvedTraining(ITrainSettings Settings, KnownTask Task, string Yaml);

/// <summary>What the kinds share.</summary>
internal abstract class TaskKind<TSettings> : TaskKind
    where TSettings : notnull
{
    public override IReadOnlyList<string> Presets => [.. Named.Keys];

    protected abstract IReadOnlyDictionary<string, TSettings> Named { get; }

    /// <summary>Defaults of a training run on these settings.</summary>
    protected abstract TrainSettings<TSettings> Training(TSettings task);

    /// <summary>The task that <c>train</c> has if nothing else is asked.</summary>
    protected abstract TSettings TrainingTask { get; }

    /// <summary>The split that reinforcement learning takes its problems from: not the training split where that shows more than problems.</summary>
    protected virtual Split RlSplit => Split.Train;

    protected abstract KnownTask Create(TSettings settings);

    public override KnownTask Resolve(string? preset, string? yamlPath, IReadOnlyList<string> overrides)
    {
        var file = Config.Resolve(
            new TaskFile<TSettings> { Name = Name, Task = preset is null ? Named.Values.First() : Preset(preset) }, yamlPath, overrides);
        RequireName(file.Name);
        return Create(file.Task);
    }

    public override ResolvedTraining ResolveTraining(
        string? preset, IReadOnlyList<string> yamlPaths, IReadOnlyList<string> overrides, ulong? seed)
    {
        var settings = Training(preset is null ? TrainingTask : Preset(preset)) with { Name = Name };
        foreach (var path in yamlPaths)
        {
            settings = Config.Resolve(settings, path, []);
        }

        settings = Config.Override(settings, overrides);
        RequireName(settings.Name);
        settings = settings with { Seed = seed ?? settings.Seed };
        return new(settings, Create(settings.Task), Config.Write(settings));
    }

    public override ResolvedRl ResolveRl(
        string? taskFile, string? model, IReadOnlyList<string> yamlPaths, IReadOnlyList<string> overrides, ulong? seed)
    {
        var file = new TaskFile<TSettings> { Name = Name, Task = TrainingTask };
        var settings = new RlRunSettings<TSettings>
        {
            Name = Name,
            Task = taskFile is null ? file.Task : Config.Resolve(file, taskFile, []).Task,
            Data = new RlDataSettings { Split = RlSplit },
        };
        foreach (var path in yamlPaths)
        {
            settings = Config.Resolve(settings, path, []);
        }

        settings = Config.Override(settings, overrides);
        RequireName(settings.Name);
        settings = settings with { Seed = seed ?? settings.Seed, Model = model ?? settings.Model };
        return new(settings, Create(settings.Task), Config.Write(settings));
    }

    private TSettings Preset(string name) => Named.TryGetValue(name, out var settings)
        ? settings
        : throw UserError.Request("--preset", $"unknown preset '{name}' of {Name}", "one of " + string.Join(", ", Presets), NearestName.Of(name, Presets));

    private void RequireName(string name)
    {
        if (name != Name)
        {
            throw UserError.Request("name", $"is '{name}'", $"{Name}, the task asked for");
        }
    }
}

internal sealed class CountDownKind : TaskKind<CountDownSettings>
{
    public static CountDownKind Instance { get; } = new();

    public override string Name => "countdown";

    protected override IReadOnlyDictionary<string, CountDownSettings> Named { get; } = new OrderedDictionary<string, CountDownSettings>
    {
        ["compact"] = new CountDownSettings(),
        ["paper"] = CountDownSettings.Paper,
    };

    protected override CountDownSettings TrainingTask { get; } = new() { NumberCount = 3 };

    protected override TrainSettings<CountDownSettings> Training(CountDownSettings task) => new()
    {
        Task = task,
        Model = new TrainModelSettings { MaxPositions = task.Format == CountDownFormat.Paper ? 4096 : 256 },
    };

    protected override KnownTask Create(CountDownSettings settings) => new KnownCountDown(new CountDownTask(settings));
}

internal sealed class SudokuKind : TaskKind<SudokuSettings>
{
    public static SudokuKind Instance { get; } = new();

    public override string Name => "sudoku";

    protected override IReadOnlyDictionary<string, SudokuSettings> Named { get; } = new OrderedDictionary<string, SudokuSettings>
    {
        ["hard6x6"] = SudokuSettings.Hard6x6,
        ["plain6x6"] = SudokuSettings.Plain6x6,
        ["medium6x6"] = SudokuSettings.Medium6x6,
        ["shallow6x6"] = SudokuSettings.Shallow6x6,
        ["shallow4x4"] = SudokuSettings.Shallow4x4,
        ["paper"] = SudokuSettings.Paper,
    };

    protected override SudokuSettings TrainingTask => SudokuSettings.Shallow4x4;

    protected override TrainSettings<SudokuSettings> Training(SudokuSettings task) => new()
    {
        Task = task,
        Model = new TrainModelSettings { MaxPositions = task.Format == SudokuFormat.Paper ? 4096 : task.Size == 4 ? 128 : 512 },
    };

    protected override KnownTask Create(SudokuSettings settings) => new KnownSudoku(new SudokuTask(settings));
}

internal sealed class InstructionsKind : TaskKind<InstructionSettings>
{
    public static InstructionsKind Instance { get; } = new();

    public override string Name => "instructions";

    protected override IReadOnlyDictionary<string, InstructionSettings> Named { get; } = new OrderedDictionary<string, InstructionSettings>
    {
        ["mixed"] = InstructionSettings.Mixed,
        ["visible"] = InstructionSettings.Visible,
        ["stories"] = InstructionSettings.Stories,
    };

    protected override InstructionSettings TrainingTask => InstructionSettings.Mixed;

    public override string WidestPreset => Presets[0];

    /// <summary>Room for the begin token, the longest prompt and the longest output; stories have their lengths at temperature 1 only.</summary>
    protected override TrainSettings<InstructionSettings> Training(InstructionSettings task) => new()
    {
        Task = task,
        Model = new TrainModelSettings { MaxPositions = 16 * ((1 + InstructionSettings.MaxPromptTokens + task.MaxOutputTokens + 15) / 16) },
        Evaluation = new TrainEvaluationSettings { Temperature = 1 },
    };

    protected override KnownTask Create(InstructionSettings settings) => new KnownInstructions(new InstructionTask(settings));
}

internal sealed class SolutionTreeKind : TaskKind<SolutionTreeSettings>
{
    public static SolutionTreeKind Instance { get; } = new();

    public override string Name => "solution-tree";

    protected override IReadOnlyDictionary<string, SolutionTreeSettings> Named { get; } = new OrderedDictionary<string, SolutionTreeSettings>
    {
        ["wall"] = SolutionTreeSettings.Wall,
        ["breaks"] = SolutionTreeSettings.Breaks,
        ["base"] = SolutionTreeSettings.Base,
    };

    protected override SolutionTreeSettings TrainingTask => SolutionTreeSettings.Wall;

    public override string WidestPreset => Presets[0];

    /// <summary>The desk-sized study's pretraining: one epoch, linear to zero.</summary>
    protected override TrainSettings<SolutionTreeSettings> Training(SolutionTreeSettings task) => new()
    {
        Task = task,
        Data = new TrainDataSettings { Problems = 96_000 },
        Model = new TrainModelSettings
        {
            Family = ModelFamily.Qwen2,
            HiddenSize = 64,
            NumHeads = 2,
            IntermediateSize = 256,
            QkvBias = true,
            TiedEmbeddings = false,
            MaxPositions = 16 * ((task.MaxTokens + 15) / 16),
        },
        Training = new TrainStepSettings
        {
            Steps = 1500,
            LearningRate = 2e-3,
            Schedule = ScheduleShape.Linear,
            WarmupSteps = 75,
            FinalFraction = 0,
            WeightDecay = 0,
        },
    };

    protected override Split RlSplit => Split.Validation;

    protected override KnownTask Create(SolutionTreeSettings settings) => new KnownSolutionTree(new SolutionTreeTask(settings));
}

internal sealed class ScrambledArithmeticKind : TaskKind<ScrambledArithmeticSettings>
{
    public static ScrambledArithmeticKind Instance { get; } = new();

    public override string Name => "scrambled-arithmetic";

    protected override IReadOnlyDictionary<string, ScrambledArithmeticSettings> Named { get; } = new OrderedDictionary<string, ScrambledArithmeticSettings>
    {
        ["equal"] = ScrambledArithmeticSettings.Equal,
        ["normal"] = ScrambledArithmeticSettings.Normal,
        ["failure"] = ScrambledArithmeticSettings.Failure,
    };

    protected override ScrambledArithmeticSettings TrainingTask => ScrambledArithmeticSettings.Equal;

    public override string WidestPreset => Presets[0];

    /// <summary>The small model of the study; which format it answers in is a draw, so it is tried at temperature 1.</summary>
    protected override TrainSettings<ScrambledArithmeticSettings> Training(ScrambledArithmeticSettings task) => new()
    {
        Task = task,
        Model = new TrainModelSettings
        {
            HiddenSize = 64,
            NumLayers = 2,
            NumHeads = 2,
            IntermediateSize = 192,
            MaxPositions = 16 * ((task.MaxSequenceTokens + 15) / 16),
        },
        Evaluation = new TrainEvaluationSettings { Temperature = 1 },
    };

    protected override Split RlSplit => Split.Validation;

    protected override KnownTask Create(ScrambledArithmeticSettings settings) => new KnownScrambledArithmetic(new ScrambledArithmeticTask(settings));
}

internal sealed class AnswersKind : TaskKind<AnswerSettings>
{
    public static AnswersKind Instance { get; } = new();

    public override string Name => "answers";

    protected override IReadOnlyDictionary<string, AnswerSettings> Named { get; } = new OrderedDictionary<string, AnswerSettings>
    {
        ["numbers"] = new AnswerSettings(),
        ["texts"] = new AnswerSettings { Rule = new AnswerRule { Kind = AnswerKind.Text } },
    };

    protected override AnswerSettings TrainingTask => Named["numbers"];

    public override string WidestPreset => Presets[0];

    protected override TrainSettings<AnswerSettings> Training(AnswerSettings task) => new() { Task = task };

    protected override KnownTask Create(AnswerSettings settings) => new KnownAnswers(new AnswerTask(settings));
}
