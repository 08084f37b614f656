using Retort.Core;
using Retort.Tasks;

namespace Retort.Training.Tests;

/// <summary>A task whose settings show themselves to be wrong only when a problem is made.</summary>
internal sealed class BrokenTask : ITask
{
    public string Name => "broken";

    public IReadOnlyList<string>? Vocabulary { get; } = ["a"];

    public TaskItem Create(Split split, long index) => throw UserError.Request("task.size", "is 7", "4, 6 or 9");

    public Verdict Verify(TaskItem item, string completion) => new(false);
}
