using Retort.Core;

namespace Retort.Tasks.Lengths;

/// <summary>
/// What tasks with a length share. A problem belongs to the split that its prompt hashes to (8 of 10 train, 1 each validation and test), so
/// that no prompt that is tested was ever trained on; lengths whose few prompts are all of other splits are drawn again.
/// Immutable; every member may be called from any thread.
/// </summary>
public abstract class LengthTask<TSettings> : ILengthTask
    where TSettings : ILengthSettings
{
    private const int MaxLengthsDrawn = 100, MaxDrawsOfLength = 100;

    private readonly ulong[] purposes;
    private readonly double[] chanceUpTo;

    /// <summary>A task of these settings.</summary>
    /// <exception cref="UserError">They do not fit together.</exception>
    protected LengthTask(string name, TSettings settings)
    {
        if (settings.FindProblem() is { } problem)
        {
            throw UserError.Request($"task.{char.ToLowerInvariant(problem.Property[0])}{problem.Property[1..]}", problem.What, problem.Expected);
        }

        (Name, Settings) = (name, settings);
        purposes = [.. Enum.GetNames<Split>().Select(split => CounterRandom.Hash($"{name}/{split}"))];
        chanceUpTo = new double[settings.Length.Count];
        for (var (i, sum) = (0, 0.0); i < chanceUpTo.Length; i++)
        {
            chanceUpTo[i] = sum += ExactMath.Pow(settings.Length.Low + i, settings.LongWeight);
        }
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>The settings.</summary>
    public TSettings Settings { get; }

    /// <inheritdoc/>
    public IntRange Lengths => Settings.Length;

    /// <inheritdoc/>
    public int MaxTokens => Settings.MaxTokens;

    /// <inheritdoc/>
    public abstract IReadOnlyList<string> Vocabulary { get; }

    /// <inheritdoc/>
    public abstract IReadOnlyList<PositionScheme> PositionSchemes { get; }

    /// <inheritdoc/>
    public virtual bool KnowsAnswerIds(PositionScheme scheme) => true;

    /// <inheritdoc/>
    public int MaxPositionId(PositionScheme scheme) => Require(scheme) == PositionScheme.Consecutive ? MaxTokens - 2 : HighestId(scheme);

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The task has no such scheme, or the item's prompt is none of it.</exception>
    public int[] PositionIds(TaskItem item, PositionScheme scheme)
    {
        ArgumentNullException.ThrowIfNull(item);
        var (prompt, answer) = (Words(item.Prompt), Words(item.Answer));
        if (Solve(prompt) is null)
        {
            throw new ArgumentException($"'{item.Prompt}' is no prompt of {Name}", nameof(item));
        }

        return Require(scheme) == PositionScheme.Consecutive ? [.. Enumerable.Range(1, prompt.Length + answer.Length)] : Ids(prompt, answer, scheme);
    }

    /// <inheritdoc/>
    TaskItem ITask.Create(Split split, long index) => Create(split, index);

    /// <inheritdoc/>
    /// <exception cref="UserError">No prompt of these lengths belongs to the split.</exception>
    public LengthItem Create(Split split, long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        var random = CounterRandom.For(Settings.Seed, purposes[(int)split], (ulong)index);
        for (var drawn = 0; drawn < MaxLengthsDrawn; drawn++)
        {
            var length = DrawLength(ref random);
            for (var draw = 0; draw < MaxDrawsOfLength; draw++)
            {
                var prompt = DrawPrompt(ref random, length);
                var text = string.Join(' ', prompt);
                if (TextTask.SplitOf(text) == split)
                {
                    return new LengthItem($"{split.ToString().ToLowerInvariant()}-{index}", text, string.Join(' ', Solve(prompt)!), length);
                }
            }
        }

        throw UserError.Request($"task {Name}", $"none of {MaxLengthsDrawn * MaxDrawsOfLength} prompts of length {Lengths} is of the split {split}", "longer ones");
    }

    /// <inheritdoc/>
    public LengthItem FromPrompt(string prompt, string id)
    {
        var words = Words(prompt);
        return Solve(words) is { } answer
            ? new LengthItem(id, string.Join(' ', words), string.Join(' ', answer), LengthOf(words))
            : throw UserError.Request(id, $"'{(prompt.Length <= 60 ? prompt : prompt[..57] + "...")}' is no prompt of {Name}", $"'{PromptForm}'");
    }

    /// <summary>Right is the one answer, word for word, however they are spaced.</summary>
    public Verdict Verify(TaskItem item, string completion)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(completion);
        var written = Words(completion);
        var answer = written.Length == 0 ? null : string.Join(' ', written);
        return new Verdict(Solve(Words(item.Prompt)) is { } right && written.AsSpan().SequenceEqual(right), answer);
    }

    /// <summary>An example of a prompt, for messages.</summary>
    protected abstract string PromptForm { get; }

    /// <summary>A prompt's words.</summary>
    protected abstract string[] DrawPrompt(ref CounterRandom random, int length);

    /// <summary>The answer's words; null if these are the words of no prompt.</summary>
    protected abstract string[]? Solve(string[] prompt);

    /// <summary>Length of a prompt.</summary>
    protected abstract int LengthOf(string[] prompt);

    /// <summary>Ids of the words of prompt and answer under a scheme of the task's own.</summary>
    protected abstract int[] Ids(string[] prompt, string[] answer, PositionScheme scheme);

    /// <summary>The largest of them at the greatest length.</summary>
    protected abstract int HighestId(PositionScheme scheme);

    private PositionScheme Require(PositionScheme scheme) =>
        PositionSchemes.Contains(scheme) ? scheme : throw new ArgumentException($"{Name} has no ids {scheme}", nameof(scheme));

    private int DrawLength(ref CounterRandom random)
    {
        var point = random.NextDouble() * chanceUpTo[^1];
        var i = 0;
        while (i + 1 < chanceUpTo.Length && point >= chanceUpTo[i])
        {
            i++;
        }

        return Lengths.Low + i;
    }

    private static string[] Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
