using System.Text;
using Retort.Core;

namespace Retort.Models.Tokenizers;

/// <summary>
/// Text to tokens and back. Implementations are immutable and safe from several threads. Text the tokenizer cannot
/// express is a <see cref="UserError"/> that names it and its position.
/// </summary>
public interface ITokenizer
{
    /// <summary>One more than the highest token.</summary>
    int VocabularySize { get; }

    /// <summary>The token every text begins with; null if this tokenizer's texts begin with none.</summary>
    int? BosId { get; }

    /// <summary>The token that ends a text, if there is one.</summary>
    int? EosId { get; }

    /// <summary>The token that fills rows, if there is one.</summary>
    int? PadId { get; }

    /// <summary>The token for what the vocabulary lacks, if there is one.</summary>
    int? UnknownId { get; }

    /// <summary>
    /// A text's tokens, after <see cref="BosId"/> (where there is one) unless told otherwise, before <see cref="EosId"/> if asked.
    /// </summary>
    int[] Encode(string text, bool addBos = true, bool addEos = false);

    /// <summary>As <see cref="Encode"/>, appended to a list the caller keeps.</summary>
    void EncodeTo(List<int> tokens, string text, bool addBos = true, bool addEos = false);

    /// <summary>
    /// The text of tokens; special tokens have none. <paramref name="continues"/>: the tokens follow earlier text, so a
    /// separator at the front is kept: Decode(a) + Decode(b, continues: true) is Decode(a + b) wherever a ends a character.
    /// </summary>
    string Decode(ReadOnlySpan<int> tokens, bool continues = false);

    /// <summary>A decoder for tokens that come one by one; its pieces add up to what <see cref="Decode"/> gives.</summary>
    StreamDecoder CreateDecoder(bool continues = false);

    /// <summary>
    /// The UTF-8 bytes a token adds to a text, perhaps part of a character; none for special tokens. <paramref name="continues"/>: it
    /// follows earlier text.
    /// </summary>
    ReadOnlySpan<byte> TextBytes(int token, bool continues);

    /// <summary>The token as the vocabulary spells it, e.g. "Ġthe", "&lt;0x0A&gt;" or "&lt;s&gt;".</summary>
    string TokenText(int token);

    /// <summary>The token is a mark (beginning, end, padding, ...) without text of its own.</summary>
    bool IsSpecial(int token);

    /// <summary>Writes tokenizer.json and tokenizer_config.json, which <see cref="Tokenizer.Open"/> reads back to the same tokenizer.</summary>
    void Save(string folder);
}

/// <summary>What the implementations share: marks around the ids, and decoding as a stream of bytes.</summary>
public abstract class TokenizerBase : ITokenizer
{
    /// <inheritdoc/>
    public abstract int VocabularySize { get; }

    /// <inheritdoc/>
    public abstract int? BosId { get; }

    /// <inheritdoc/>
    public abstract int? EosId { get; }

    /// <inheritdoc/>
    public abstract int? PadId { get; }

    /// <inheritdoc/>
    public abstract int? UnknownId { get; }

    /// <inheritdoc/>
    public int[] Encode(string text, bool addBos = true, bool addEos = false)
    {
        ArgumentNullException.ThrowIfNull(text);
        var tokens = new List<int>(text.Length / 2 + 2);
        EncodeTo(tokens, text, addBos, addEos);
        return [.. tokens];
    }

    /// <inheritdoc/>
    public void EncodeTo(List<int> tokens, string text, bool addBos = true, bool addEos = false)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        ArgumentNullException.ThrowIfNull(text);
        if (addBos && BosId is { } bos)
        {
            tokens.Add(bos);
        }

        EncodeText(text, tokens);
        if (addEos)
        {
            tokens.Add(EosId ?? throw UserError.Request("tokenizer", "has no end token", "a tokenizer with an end token"));
        }
    }

    /// <inheritdoc/>
    public string Decode(ReadOnlySpan<int> tokens, bool continues = false)
    {
        var decoder = CreateDecoder(continues);
        var text = new StringBuilder();
        foreach (var token in tokens)
        {
            text.Append(decoder.Append(token));
        }

        return text.Append(decoder.Flush()).ToString();
    }

    /// <inheritdoc/>
    public StreamDecoder CreateDecoder(bool continues = false) => new(this, continues);

    /// <inheritdoc/>
    public ReadOnlySpan<byte> TextBytes(int token, bool continues) => IsSpecial(token) ? [] : BytesOf(token, first: !continues);

    /// <inheritdoc/>
    public abstract string TokenText(int token);

    /// <inheritdoc/>
    public abstract bool IsSpecial(int token);

    /// <inheritdoc/>
    public abstract void Save(string folder);

    /// <summary>Appends the tokens of a text, without marks.</summary>
    protected abstract void EncodeText(string text, List<int> tokens);

    /// <summary>The UTF-8 bytes a token adds to a text, as its first token or as a later one. Not called for special tokens.</summary>
    internal abstract ReadOnlySpan<byte> BytesOf(int token, bool first);

    // A noncharacter of Unicode: in a spelled text no added token begins right after it.
    internal const char Spelling = '\uFDD0';

    /// <summary>The special tokens that a text can hold, the longest first.</summary>
    internal abstract IReadOnlyList<(string Text, int Id)> Marks { get; }

    /// <summary>A text whose special tokens <see cref="EncodeSpelled"/> reads as letters.</summary>
    internal string SpellOut(string text)
    {
        var unmarked = text.Replace($"{Spelling}", "", StringComparison.Ordinal);
        var spelled = new StringBuilder(text.Length);
        for (var position = 0; position < unmarked.Length; position++)
        {
            spelled.Append(MarkAt(unmarked, position) is null ? "" : $"{Spelling}").Append(unmarked[position]);
        }

        return spelled.ToString();
    }

    /// <summary>Appends the tokens of a text that holds results of <see cref="SpellOut"/> and, apart from them, special tokens.</summary>
    internal virtual void EncodeSpelled(string text, List<int> tokens)
    {
        var start = 0;
        for (var position = 0; position < text.Length; position++)
        {
            if (text[position] == Spelling)
            {
                position++;
            }
            else if (MarkAt(text, position) is { } mark)
            {
                EncodeBetween(text[start..position]);
                tokens.Add(mark.Id);
                start = position + mark.Text.Length;
                position = start - 1;
            }
        }

        EncodeBetween(text[start..]);

        void EncodeBetween(string between)
        {
            var first = tokens.Count;
            EncodeText(between.Replace($"{Spelling}", "", StringComparison.Ordinal), tokens);
            if (tokens.FindIndex(first, token => IsSpecial(token) && token != UnknownId) is >= 0 and var found)
            {
                throw UserError.Request("text", $"has the word '{TokenText(tokens[found])}', which is a mark", "words that can be told from marks");
            }
        }
    }

    private (string Text, int Id)? MarkAt(string text, int position)
    {
        foreach (var mark in Marks)
        {
            if (text.AsSpan(position).StartsWith(mark.Text, StringComparison.Ordinal))
            {
                return mark;
            }
        }

        return null;
    }

    /// <summary>Refuses ids outside the vocabulary.</summary>
    protected int Checked(int token) => (uint)token < (uint)VocabularySize ? token
        : throw UserError.Request("tokenizer", $"knows no token {token}", $"0 .. {VocabularySize - 1}");
}

/// <summary>
/// Decodes tokens as they come. A character whose bytes are spread over tokens appears with its last byte; bytes that are
/// no UTF-8 appear as U+FFFD.
/// </summary>
public sealed class StreamDecoder
{
    private readonly TokenizerBase tokenizer;
    private readonly Decoder utf8 = Encoding.UTF8.GetDecoder();
    private bool first;

    internal StreamDecoder(TokenizerBase tokenizer, bool continues) => (this.tokenizer, first) = (tokenizer, !continues);

    /// <summary>The text that is certain now this token is known; may be empty.</summary>
    public string Append(int token)
    {
        if (tokenizer.IsSpecial(token))
        {
            return "";
        }

        var bytes = tokenizer.BytesOf(token, first);
        first = false;
        return Decode(bytes, flush: false);
    }

    /// <summary>What is left of an unfinished character.</summary>
    public string Flush() => Decode([], flush: true);

    private string Decode(ReadOnlySpan<byte> bytes, bool flush)
    {
        var chars = new char[utf8.GetCharCount(bytes, flush)];
        var count = utf8.GetChars(bytes, chars, flush);
        return new string(chars, 0, count);
    }
}
