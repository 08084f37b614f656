using Retort.Core;
using Retort.Models.Checkpoints;

namespace Retort.Models.Tokenizers;

/// <summary>The tokenizer.json of word-level tokenizers: pre-tokenizer WhitespaceSplit for words, a Split at every character otherwise.</summary>
internal static class WordLevelJson
{
    private const string AnyCharacter = @"[\s\S]";

    public static void Save(string folder, string[] tokens, bool readsCharacters, WordLevelMarks marks)
    {
        var json = TokenizerFiles.Json(writer =>
        {
            TokenizerFiles.WriteAddedTokens(writer, tokens.Select((token, id) => (token, id)).Where(pair => marks.Special.Contains(pair.token)));
            writer.WriteNull("normalizer");
            writer.WriteStartObject("pre_tokenizer");
            if (readsCharacters)
            {
                writer.WriteString("type", "Split");
                writer.WriteStartObject("pattern");
                writer.WriteString("Regex", AnyCharacter);
                writer.WriteEndObject();
                writer.WriteString("behavior", "Isolated");
                writer.WriteBoolean("invert", false);
            }
            else
            {
                writer.WriteString("type", "WhitespaceSplit");
            }

            writer.WriteEndObject();
            TokenizerFiles.WriteBosTemplate(writer, marks.Bos, Array.IndexOf(tokens, marks.Bos));
            if (readsCharacters)
            {
                writer.WriteStartObject("decoder");
                writer.WriteString("type", "Fuse");
                writer.WriteEndObject();
            }
            else
            {
                // Without a decoder, tokens are joined by single spaces.
                writer.WriteNull("decoder");
            }

            writer.WriteStartObject("model");
            writer.WriteString("type", "WordLevel");
            writer.WriteStartObject("vocab");
            for (var id = 0; id < tokens.Length; id++)
            {
                writer.WriteNumber(tokens[id], id);
            }

            writer.WriteEndObject();
            writer.WriteString("unk_token", marks.Unknown);
            writer.WriteEndObject();
        });
        TokenizerFiles.Save(folder, json, TokenizerFiles.Settings(marks.Bos, marks.Eos, marks.Pad, null));
    }

    public static WordLevelTokenizer Read(JsonFields fields, TokenizerMarks marks)
    {
        if (fields.Find("normalizer") is { } normalizer)
        {
            throw fields.Wrong("normalizer", normalizer, "null: word-level texts are taken as they are");
        }

        var readsCharacters = ReadsCharacters(fields);
        var decoder = fields.FindObject("decoder")?.RequireText("type");
        if (decoder != (readsCharacters ? "Fuse" : null))
        {
            throw UserError.Request($"{fields.Where}: decoder", $"is {decoder ?? "null"}", readsCharacters ? "type Fuse" : "null");
        }

        var model = fields.RequireObject("model");
        model.AllowOnly("type", "vocab", "unk_token");
        var tokens = TokenizerFiles.InOrder(TokenizerFiles.ReadVocabulary(model), model.Where);
        var added = AddedToken.ReadAll(fields);
        foreach (var token in added)
        {
            if (token.Id >= tokens.Length || tokens[token.Id] != token.Content)
            {
                throw UserError.Request($"{fields.Where}: added_tokens", $"adds '{token.Content}' beyond the vocabulary", "tokens of the vocabulary");
            }
        }

        return new WordLevelTokenizer(tokens, readsCharacters, new WordLevelMarks(
            marks.Bos, marks.Eos, marks.Pad, model.FindText("unk_token") ?? "<unk>",
            added.Where(token => token.Special).Select(token => token.Content).ToHashSet()));
    }

    private static bool ReadsCharacters(JsonFields fields)
    {
        var preTokenizer = fields.RequireObject("pre_tokenizer");
        if (preTokenizer.RequireText("type") == "WhitespaceSplit")
        {
            return false;
        }

        return preTokenizer.RequireText("type") == "Split" && preTokenizer.RequireText("behavior") == "Isolated"
            && preTokenizer.RequireObject("pattern").FindText("Regex") == AnyCharacter ? true
            : throw fields.Wrong("pre_tokenizer", fields.Require("pre_tokenizer"),
                $"WhitespaceSplit, or a Split at each character ({AnyCharacter}), for a WordLevel model");
    }
}
