using Retort.Tasks;
using Retort.Recipes;

namespace Retort.Cli.TaskKinds;

/// <summary>What a solver of ours did with a set of problems.</summary>
/// <param name="Problems">How many there were.</param>
/// <param name="Solved">How many have a solution.</param>
/// <param name="Unique">How many have exactly one; null where the task does not ask.</param>
/// <param name="Seconds">How long it took.</param>
internal readonly record struct OracleResult(int Problems, int Solved, int? Unique, double Seconds);

/// <summary>A task with its settings, and what only commands ask of it: problems from files, solvers, statistics, export.</summary>
internal abstract class KnownTask
{
    public abstract ITask Task { get; }

    /// <summary>Position ids of its tokens, as task.yaml has them.</summary>
    public PositionScheme Positions { get; set; }

    /// <summary>As task.yaml and <see cref="TaskKind"/> have it.</summary>
    public string Yaml => TaskFile.Text(Task, Positions)!;

    /// <summary>Reads problems from a file; those outside the task's ranges are errors that name the line.</summary>
    public abstract IReadOnlyList<TaskItem> ReadItems(string path, int? most);

    /// <summary>Solves a file's problems, or <paramref name="count"/> of its own if there is no file, without any model.</summary>
    public abstract OracleResult Solve(string? path, int? count, int threads, TimeProvider time);

    /// <summary>Writes items 0 .. count-1 as JSON, one object a line: the same bytes for any number of threads.</summary>
    public abstract void Export(string path, Split split, long count, int threads, Action<long> progress, CancellationToken cancellation);
}
