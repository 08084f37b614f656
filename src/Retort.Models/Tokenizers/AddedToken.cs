using Retort.Core;
using Retort.Models.Checkpoints;

namespace Retort.Models.Tokenizers;

/// <summary>A token of "added_tokens": found in the text as it stands, before anything else looks at it.</summary>
/// <param name="Id">Its token.</param>
/// <param name="Content">What is searched for.</param>
/// <param name="Special">A mark without text: decoding leaves it out.</param>
/// <param name="Normalized">Searched for in the normalised text instead.</param>
internal sealed record AddedToken(int Id, string Content, bool Special, bool Normalized)
{
    public static List<AddedToken> ReadAll(JsonFields fields)
    {
        var (tokens, number) = (new List<AddedToken>(), 0);
        foreach (var element in fields.FindArray("added_tokens"))
        {
            var token = new JsonFields(element, $"{fields.Where}: added_tokens[{number++}]");
            token.AllowOnly("id", "content", "single_word", "lstrip", "rstrip", "normalized", "special");
            foreach (var unsupported in new[] { "single_word", "lstrip", "rstrip" })
            {
                if (token.FindBool(unsupported) == true)
                {
                    throw token.Wrong(unsupported, token.Require(unsupported), "false: tokens that swallow their surroundings are not supported");
                }
            }

            var (id, content) = (token.RequireInt("id"), token.RequireText("content"));
            if (id is < 0 or >= 1 << 24 || content.Length == 0)
            {
                throw UserError.Request(token.Where, $"is '{content}' with id {id}", "some text and an id that is not negative");
            }

            tokens.Add(new(id, content, token.FindBool("special") ?? false, token.FindBool("normalized") ?? false));
        }

        return tokens;
    }
}
