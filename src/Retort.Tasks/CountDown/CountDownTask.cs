using System.Collections.Concurrent;
using System.Text;
using Retort.Core;

namespace Retort.Tasks.CountDown;

/// <summary>
/// CountDown: combine all of the given numbers by + - * / into the target (section 2 of the backtracking study).
/// </summary>
public sealed class CountDownTask : ITask
{
    // Searches keep their buffers: one demonstrator a thread at work, lent for one item.
    private readonly ConcurrentBag<Demonstrator> idle = [];

    /// <summary>A task with the given settings.</summary>
    /// <exception cref="UserError">The settings make no sense.</exception>
    public CountDownTask(CountDownSettings? settings = null)
    {
        Settings = (settings ?? new CountDownSettings()).Validate();
    }

    /// <inheritdoc/>
    public string Name => "countdown";

    /// <summary>The settings of this task.</summary>
    public CountDownSettings Settings { get; }

    /// <summary><see cref="CompactTokens.UpTo"/> the largest number, or <see cref="PaperTokens.Grammar"/> in the paper's format.</summary>
    public IReadOnlyList<string> Vocabulary =>
        Settings.Format == CountDownFormat.Compact ? CompactTokens.UpTo(Settings.LargestNumber) : PaperTokens.Grammar;

    /// <inheritdoc/>
    TaskItem ITask.Create(Split split, long index) => Create(split, index);

    /// <inheritdoc cref="ITask.Create"/>
    public CountDownItem Create(Split split, long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        return Lend(demonstrator =>
        {
            var problem = demonstrator.CreateProblem(split, index);
            var shown = demonstrator.Demonstrate(problem, split, index);
            return Item($"{NameOf(split)}-{index}", split, problem, shown, demonstrator.Writer);
        });
    }

    /// <summary>
    /// A problem from outside, with a demonstration of these settings. It may have no solution: then
    /// <see cref="CountDownItem.Solution"/> is empty.
    /// </summary>
    /// <param name="numbers">The starting numbers; of a stacked problem all of them.</param>
    /// <param name="target">What they must make.</param>
    /// <param name="id">The problem's name in samples and messages.</param>
    /// <exception cref="UserError">The problem lies outside the settings' ranges.</exception>
    public CountDownItem FromProblem(IReadOnlyList<int> numbers, int target, string id)
    {
        ArgumentNullException.ThrowIfNull(numbers);
        if (numbers.Count != Settings.NumbersPerProblem)
        {
            throw UserError.Request(id, $"{numbers.Count} numbers", $"{Settings.NumbersPerProblem} numbers");
        }

        foreach (var number in numbers)
        {
            if (!Settings.Numbers.Contains(number))
            {
                throw UserError.Request(id, $"the number {number} is out of range", $"numbers in task.numbers = {Settings.Numbers}");
            }
        }

        if (!Settings.Target.Contains(target))
        {
            throw UserError.Request(id, $"the target {target} is out of range", $"a target in task.target = {Settings.Target}");
        }

        return Lend(demonstrator =>
        {
            var problem = demonstrator.Adopt([.. numbers], target);
            return Item(id, null, problem, demonstrator.Demonstrate(problem), demonstrator.Writer);
        });
    }

    /// <summary>Judges strictly: see <see cref="CountDownVerifier"/>.</summary>
    public Verdict Verify(TaskItem item, string completion)
    {
        var judgement = Judge(item, completion);
        return new Verdict(judgement.Correct, judgement.Answer);
    }

    /// <summary>As <see cref="Verify"/>, with everything the verifier saw: mistakes, the lenient score, the path.</summary>
    public CountDownJudgement Judge(TaskItem item, string completion)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(completion);
        var (numbers, target) = item is CountDownItem known ? (known.Numbers, known.Target) : Read(item.Prompt);
        return numbers.Count == Settings.NumbersPerProblem
            ? new CountDownVerifier(Settings).Judge(numbers, target, completion)
            : default;
    }

    /// <summary>Both formats' prompts give the target first, then the numbers, and no other number.</summary>
    private (IReadOnlyList<int> Numbers, int Target) Read(string prompt)
    {
        var (found, cursor) = (new List<int>(), new TokenCursor(prompt, Settings.Format));
        for (; !cursor.AtEnd; cursor.Position++)
        {
            while (cursor.Number(out var number))
            {
                found.Add(number);
            }
        }

        return found.Count == 0 ? ([], 0) : (found.GetRange(1, found.Count - 1), found[0]);
    }

    private CountDownItem Item(string id, Split? split, Problem problem, Demonstration shown, TraceWriter writer)
    {
        var text = writer.Text.Written;
        var prompt = Encoding.ASCII.GetString(text[..writer.PromptLength]);
        var answer = Encoding.ASCII.GetString(text[writer.PromptLength..].TrimStart((byte)' '));
        if (Settings.Format == CountDownFormat.Paper)
        {
            (prompt, answer) = (PaperTokens.Spaced(prompt), PaperTokens.Spaced(answer));
        }

        return new CountDownItem(
            id, prompt, answer, split, problem.Numbers, problem.Target, problem.Solution, shown.Search, shown.Heuristic,
            shown.Solved, writer.Tokens);
    }

    internal static string NameOf(Split split) => split switch
    {
        Split.Train => "train",
        Split.Validation => "validation",
        _ => "test",
    };

    private T Lend<T>(Func<Demonstrator, T> use)
    {
        var demonstrator = idle.TryTake(out var lent) ? lent : new Demonstrator(Settings);
        var made = use(demonstrator);
        idle.Add(demonstrator);
        return made;
    }
}
