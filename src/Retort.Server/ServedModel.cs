using Retort.Models.Tokenizers;

namespace Retort.Server;

/// <summary>A chat as the text a model was trained to go on with.</summary>
public interface IChatTemplate
{
    /// <summary>
    /// The whole text, marks such as the begin token included. <paramref name="addGenerationPrompt"/>: it ends where the assistant begins to
    /// speak. A chat the template refuses is a <see cref="Core.UserError"/>.
    /// </summary>
    string Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt);
}

/// <summary>One turn of a chat.</summary>
/// <param name="Role">"system", "user", "assistant", ...</param>
/// <param name="Content">What was said.</param>
public sealed record ChatMessage(string Role, string Content);

/// <summary>What a server serves.</summary>
/// <param name="Name">Its name in requests.</param>
/// <param name="Tokenizer">Its tokenizer.</param>
/// <param name="StopTokens">Tokens that end a text, as the engine has them.</param>
/// <param name="Fingerprint">Names everything that decides the tokens of a request with a seed.</param>
public sealed record ServedModel(string Name, ITokenizer Tokenizer, IReadOnlyList<int> StopTokens, string Fingerprint)
{
    /// <summary>The checkpoint's chat template; null: it has none, and chats are refused.</summary>
    public IChatTemplate? ChatTemplate { get; init; }
}
