using Retort.Models.Tokenizers;

namespace Retort.Server;

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
