using System.Collections;
using Retort.Tasks;

namespace Retort.Recipes.Backtracking;

/// <summary>The first problems of a task's training split, made when they are asked for.</summary>
internal sealed class TrainingProblems(ITask task, int count) : IReadOnlyList<TaskItem>
{
    public int Count => count;

    public TaskItem this[int index] => task.Create(Split.Train, index);

    public IEnumerator<TaskItem> GetEnumerator() => Enumerable.Range(0, count).Select(index => this[index]).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
