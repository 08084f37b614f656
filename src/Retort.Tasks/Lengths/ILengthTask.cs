namespace Retort.Tasks.Lengths;

/// <summary>One problem.</summary>
/// <param name="Id">"test-17", or what the caller named it.</param>
/// <param name="Prompt">The input.</param>
/// <param name="Answer">The only right answer.</param>
/// <param name="Length">In the task's own units: bits, digits, lines.</param>
public sealed record LengthItem(string Id, string Prompt, string Answer, int Length) : TaskItem(Id, Prompt, Answer);

/// <summary>
/// A task whose problems have a length and one right answer each, word for word: what studies of length generalization train at some lengths
/// and test at others. The same task at other lengths has the same words.
/// </summary>
public interface ILengthTask : IPositionedTask
{
    /// <summary>Lengths of its problems.</summary>
    IntRange Lengths { get; }

    /// <summary>Tokens of a longest problem: begin token, prompt, answer and end token.</summary>
    int MaxTokens { get; }

    /// <inheritdoc cref="ITask.Create"/>
    new LengthItem Create(Split split, long index);

    /// <summary>A problem from outside, of any length.</summary>
    /// <exception cref="Retort.Core.UserError">It is not of the grammar.</exception>
    LengthItem FromPrompt(string prompt, string id);
}
