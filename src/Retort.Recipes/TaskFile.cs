using Retort.Core;
using Retort.Recipes.Configuration;
using Retort.Tasks;
using Retort.Tasks.Answers;
using Retort.Tasks.Arithmetic;
using Retort.Tasks.Copy;
using Retort.Tasks.CountDown;
using Retort.Tasks.GraphConnectivity;
using Retort.Tasks.Instructions;
using Retort.Tasks.Parity;
using Retort.Tasks.ScrambledArithmetic;
using Retort.Tasks.SolutionTree;
using Retort.Tasks.Sudoku;
using Retort.Tasks.VariableAssignment;

namespace Retort.Recipes;

/// <summary>task.yaml: the task a model was trained on, beside its weights.</summary>
/// <typeparam name="TSettings">The task's settings.</typeparam>
public sealed record TaskFile<TSettings>
    where TSettings : notnull
{
    /// <summary>The task's name on the command line.</summary>
    [Doc("The task")]
    public required string Name { get; init; }

    /// <summary>Position ids of its tokens.</summary>
    [Doc("Position ids of its tokens")]
    public PositionScheme Positions { get; init; }

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
    public static string? Text(ITask task, PositionScheme positions = PositionScheme.Consecutive) => task switch
    {
        CountDownTask known => Text(known.Name, known.Settings, positions),
        SudokuTask known => Text(known.Name, known.Settings, positions),
        InstructionTask known => Text(known.Name, known.Settings, positions),
        SolutionTreeTask known => Text(known.Name, known.Settings, positions),
        ScrambledArithmeticTask known => Text(known.Name, known.Settings, positions),
        GraphConnectivityTask known => Text(known.Name, known.Settings, positions),
        ParityTask known => Text(known.Name, known.Settings, positions),
        CopyTask known => Text(known.Name, known.Settings, positions),
        AdditionTask known => Text(known.Name, known.Settings, positions),
        MultiplicationTask known => Text(known.Name, known.Settings, positions),
        VariableAssignmentTask known => Text(known.Name, known.Settings, positions),
        AnswerTask known => Text(known.Name, known.Settings, positions),
        _ => null,
    };

    /// <summary>Writes the file into a folder, if the task is one that commands know.</summary>
    public static void Write(string folder, ITask task, PositionScheme positions = PositionScheme.Consecutive)
    {
        if (Text(task, positions) is { } text)
        {
            AtomicFile.WriteText(Path.Combine(folder, FileName), text);
        }
    }

    private static string Text<TSettings>(string name, TSettings settings, PositionScheme positions)
        where TSettings : notnull =>
        Config.Write(new TaskFile<TSettings> { Name = name, Positions = positions, Task = settings });
}
