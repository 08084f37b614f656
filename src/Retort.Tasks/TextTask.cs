using Retort.Core;

namespace Retort.Tasks;

/// <summary>
/// The short way to a task of your own: say how one problem is made and which completions solve it. Texts are read
/// character by character. A problem belongs to the split its prompt hashes to (8 of 10 train, 1 each validation and
/// test), so no prompt that is tested was ever trained on, whatever the generator draws.
/// </summary>
public abstract class TextTask : ITask
{
    // A generator with prompts in one split only would look for one of another for ever.
    private const int MaxDraws = 10_000;

    /// <inheritdoc/>
    public virtual string Name => GetType().Name;

    /// <inheritdoc/>
    public IReadOnlyList<string>? Vocabulary => null;

    /// <inheritdoc/>
    /// <exception cref="UserError">The generator draws no prompt of this split.</exception>
    public TaskItem Create(Split split, long index)
    {
        var random = CounterRandom.For(0, $"{Name}/{split}", (ulong)index);
        for (var draw = 0; draw < MaxDraws; draw++)
        {
            var (prompt, answer) = Generate(ref random);
            if (SplitOf(prompt) == split)
            {
                return new TaskItem($"{split}-{index}", prompt, answer);
            }
        }

        throw UserError.Request(
            $"task {Name}", $"none of {MaxDraws} problems drawn belongs to the split {split}", "a generator with more prompts");
    }

    /// <inheritdoc/>
    public Verdict Verify(TaskItem item, string completion) => new(Verify(item.Prompt, completion), completion);

    /// <summary>Makes a problem and one answer to it from nothing but the random numbers given.</summary>
    protected abstract (string Prompt, string Answer) Generate(ref CounterRandom random);

    /// <summary>Does the completion solve the problem? Called with any text a model may write; must not throw.</summary>
    protected abstract bool Verify(string prompt, string completion);

    internal static Split SplitOf(string prompt) => (CounterRandom.Hash(prompt) % 10) switch
    {
        0 => Split.Validation,
        1 => Split.Test,
        _ => Split.Train,
    };
}
