using Retort.Core;
using Retort.Recipes;
using Retort.Recipes.Configuration;
using Retort.Tasks;

namespace Retort.Cli.TaskKinds;

/// <summary>A task that commands know by name: its presets, and the way from settings to a task.</summary>
internal abstract class TaskKind
{
    public static IReadOnlyList<TaskKind> All { get; } =
    [
        CountDownKind.Instance, SudokuKind.Instance, InstructionsKind.Instance, SolutionTreeKind.Instance, ScrambledArithmeticKind.Instance,
        GraphConnectivityKind.Instance, .. LengthTaskKinds.All, AnswersKind.Instance,
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
        var known = Create(file.Task);
        known.Positions = file.Positions;
        return known;
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
        file = taskFile is null ? file : Config.Resolve(file, taskFile, []);
        var settings = new RlRunSettings<TSettings>
        {
            Name = Name,
            Task = file.Task,
            Data = new RlDataSettings { Split = RlSplit },
        };
        foreach (var path in yamlPaths)
        {
            settings = Config.Resolve(settings, path, []);
        }

        settings = Config.Override(settings, overrides);
        RequireName(settings.Name);
        settings = settings with { Seed = seed ?? settings.Seed, Model = model ?? settings.Model };
        var known = Create(settings.Task);
        known.Positions = file.Positions;
        return new(settings, known, Config.Write(settings));
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
