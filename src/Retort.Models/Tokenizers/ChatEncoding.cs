namespace Retort.Models.Tokenizers;

/// <summary>Conversations as tokens.</summary>
public static class ChatEncoding
{
    /// <summary>
    /// The tokens of a conversation. What the template writes may be special tokens; what the messages say never is (&lt;|im_end|&gt; in
    /// a message is read as letters, where transformers would let it end the turn). They begin with <see cref="ITokenizer.BosId"/>, where there is
    /// one, whether or not the template writes it: once.
    /// </summary>
    public static int[] EncodeChat(
        this ITokenizer tokenizer, IChatTemplate template, IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt = true)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(template);
        ArgumentNullException.ThrowIfNull(messages);
        var tokens = new List<int>();
        if (tokenizer is TokenizerBase ours)
        {
            var spelled = messages.Select(message => new ChatMessage(ours.SpellOut(message.Role), ours.SpellOut(message.Content)));
            ours.EncodeSpelled(template.Render([.. spelled], addGenerationPrompt), tokens);
        }
        else
        {
            tokenizer.EncodeTo(tokens, template.Render(messages, addGenerationPrompt), addBos: false);
        }

        if (tokenizer.BosId is { } bos && (tokens.Count == 0 || tokens[0] != bos))
        {
            tokens.Insert(0, bos);
        }

        return [.. tokens];
    }
}
