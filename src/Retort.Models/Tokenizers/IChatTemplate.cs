namespace Retort.Models.Tokenizers;

/// <summary>One message of a conversation.</summary>
/// <param name="Role">Who says it: system, user, assistant, or what else the template knows.</param>
/// <param name="Content">What is said.</param>
public sealed record ChatMessage(string Role, string Content);

/// <summary>Turns a conversation into the text a model was trained on.</summary>
public interface IChatTemplate
{
    /// <summary>
    /// The conversation as text. <paramref name="addGenerationPrompt"/>: with the words after which the assistant answers.
    /// Throws <see cref="Core.UserError"/> where the template refuses the messages.
    /// </summary>
    string Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt);
}
