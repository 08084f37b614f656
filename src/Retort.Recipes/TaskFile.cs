using Retort.Core;
using Retort.Recipes.Configuration;
using Retort.Tasks;
using Retort.Tasks.Answers;
using Retort.Tasks.CountDown;
using Retort.Tasks.Instructions;
using Retort.Tasks.ScrambledArithmetic;
using Retort.Tasks.SolutionTree;
using Retort.Tasks.Sudoku;

namespace Retort.Recipes;

/// <summary>task.yaml: the task a model was trained on, beside its weights.</summary>
/// <typeparam name="TSettings">The task's settings.</typeparam>
public sealed record TaskFile<TSettings>
    where TSettings : notnull
{
    /// <summary>The task's name on the command line.</summary>
    [Doc("The task")]
    public required string Name { get; init; }

    /// <summary>Its settings.</summary>
    [Doc("The task's settings")]
    public required TSettings Task { get; init; }
}

/// <summary>Writes task.yaml.</summary>
public static class TaskFile
{
    /// <summary>In the checkpoint's folder.</summary>
    public const string FileName = "task.yaml";

    /// <summary>The task as YAML; null for a task of the caller's own, which has no settings that we know.</summary>
    public static string? Text(ITask task) => task switch
    {
        CountDownTask known => Config.Write(new TaskFile<CountDownSettings> { Name = known.Name, Task = known.Settings }),
        SudokuTask known => Config.Write(new TaskFile<SudokuSettings> { Name = known.Name, Task = known.Settings }),
        InstructionTask known => Config.Write(new TaskFile<InstructionSettings> { Name = known.Name, Task = known.Settings }),
        SolutionTreeTask known => Config.Write(new TaskFile<SolutionTreeSettings> { Name = known.Name, Task = known.Settings }),
        ScrambledArithmeticTask known => Config.Write(new TaskFile<ScrambledArithmeticSettings> { Name = known.Name, Task = known.Settings }),
        AnswerTask known => Config.Write(new TaskFile<AnswerSettings> { Name = known.Name, Task = known.Settings }),
        _ => null,
    };

    /// <summary>Writes the file into a folder, if the task is one that commands know.</summary>
    public static void Write(string folder, ITask task)
    {
        if (Text(task) is { } text)
        {
            AtomicFile.WriteText(Path.Combine(folder, FileName), text);
        }
    }
}
