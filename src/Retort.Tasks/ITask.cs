namespace Retort.Tasks;

/// <summary>Which of a task's disjoint sets of problems.</summary>
public enum Split
{
    Train,
    Validation,
    Test,
}

/// <summary>
/// One problem. Prompt and answer are text in the task's own grammar; a model is trained on
/// prompt + answer and continues the prompt when asked. Texts of a task with a <see cref="ITask.Vocabulary"/> are its
/// tokens separated by single spaces.
/// </summary>
/// <param name="Id">Unique within the task's settings, e.g. "train-17".</param>
/// <param name="Prompt">What the model is given.</param>
/// <param name="Answer">One demonstration: what the model should learn to write, without the end token.</param>
public record TaskItem(string Id, string Prompt, string Answer);

/// <summary>What a verifier says of one completion.</summary>
/// <param name="Correct">The completion solves the problem.</param>
/// <param name="Answer">The final answer found in it, in canonical form (majority votes count these); null if none.</param>
/// <param name="Plan">It takes the right steps, whether or not it carries them out; null where the task does not ask.</param>
/// <param name="Execute">It carries out its own steps rightly, whether or not they are the right ones; null where the task does not ask.</param>
/// <param name="Proof">It shows that its answer is right, which a guess does not; null where being correct is proof.</param>
public readonly record struct Verdict(bool Correct, string? Answer = null, bool? Plan = null, bool? Execute = null, bool? Proof = null);

/// <summary>
/// A family of problems with a generator and a verifier. Implementations are immutable: <see cref="Create"/> is a pure
/// function of (settings, split, index), so that any thread may make any item in any order.
/// </summary>
public interface ITask
{
    /// <summary>The task's name on the command line.</summary>
    string Name { get; }

    /// <summary>Every token of the grammar, in a fixed order; null if its texts are read character by character.</summary>
    IReadOnlyList<string>? Vocabulary { get; }

    /// <summary>Makes problem number <paramref name="index"/> (0, 1, 2, ...) of a split.</summary>
    TaskItem Create(Split split, long index);

    /// <summary>Judges a completion of the item's prompt. Accepts any correct answer; never throws on malformed text.</summary>
    Verdict Verify(TaskItem item, string completion);
}
