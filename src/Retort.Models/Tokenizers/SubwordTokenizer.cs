using System.Text;
using Retort.Core;

namespace Retort.Models.Tokenizers;

/// <summary>A piece of text on its way through the steps before the merging; AtStart: nothing of the text lies before it.</summary>
internal readonly record struct TextPiece(string Text, bool AtStart);

/// <summary>Rewrites or cuts a piece.</summary>
internal delegate IEnumerable<TextPiece> TextStep(TextPiece piece);

/// <summary>Everything a subword tokenizer is made of.</summary>
internal sealed record SubwordParts
{
    public required IReadOnlyDictionary<string, int> Vocabulary { get; init; }

    public required IReadOnlyList<(string Left, string Right)> Merges { get; init; }

    public required BpeFallback Fallback { get; init; }

    /// <summary>Tokens spell bytes in <see cref="ByteAlphabet"/>.</summary>
    public bool ByteLevel { get; init; }

    /// <summary>A piece that is a token is that token, whatever the merges would make of it.</summary>
    public bool IgnoreMerges { get; init; }

    /// <summary>What stands for a space inside tokens that are not byte-level.</summary>
    public char SpaceMark { get; init; } = '\u2581';

    /// <summary>Decoding drops one space at the front of a text: the one encoding put there.</summary>
    public bool StripsLeadingSpace { get; init; }

    public IReadOnlyList<TextStep> Steps { get; init; } = [];

    public IReadOnlyList<AddedToken> Added { get; init; } = [];

    /// <summary>Marks that are never found in a text.</summary>
    public IReadOnlyList<int> HiddenMarks { get; init; } = [];

    public required TokenizerMarks Marks { get; init; }

    /// <summary>tokenizer.json as <see cref="ITokenizer.Save"/> writes it.</summary>
    public required byte[] Json { get; init; }

    /// <summary>tokenizer_config.json likewise.</summary>
    public required byte[] Settings { get; init; }

    public required string Where { get; init; }
}

/// <summary>
/// Byte-pair encoding as published models use it, byte-level (GPT-2, Qwen2, Llama 3) or over characters with byte fallback
/// (SentencePiece style: Llama 2, llama2.c): find added tokens, normalise, cut into pieces, merge inside each piece.
/// </summary>
public sealed class SubwordTokenizer : TokenizerBase
{
    private readonly SubwordParts parts;
    private readonly BpeEngine engine;
    private readonly AddedToken[] addedLongestFirst;
    private readonly string?[] tokens;
    private readonly byte[]?[] bytes;
    private readonly bool[] special;

    internal SubwordTokenizer(SubwordParts parts)
    {
        this.parts = parts;
        engine = new BpeEngine(parts.Vocabulary, parts.Merges, parts.Fallback, parts.ByteLevel ? null : parts.SpaceMark, parts.Where);
        addedLongestFirst = [.. parts.Added.OrderByDescending(token => token.Content.Length)];
        Marks = [.. addedLongestFirst.Where(token => token.Special).Select(token => (token.Content, token.Id))];
        VocabularySize = Math.Max(parts.Vocabulary.Values.Max(), parts.Added.Select(token => token.Id).DefaultIfEmpty().Max()) + 1;
        (tokens, bytes, special) = (new string[VocabularySize], new byte[VocabularySize][], new bool[VocabularySize]);
        foreach (var (token, id) in parts.Vocabulary)
        {
            (tokens[id], bytes[id]) = (token, Spelled(token));
        }

        foreach (var token in parts.Added)
        {
            if (tokens[token.Id] is { } other && other != token.Content)
            {
                throw UserError.Request($"{parts.Where}: added_tokens", $"gives id {token.Id} to '{token.Content}', which is '{other}'", "a free id");
            }

            (tokens[token.Id], bytes[token.Id], special[token.Id]) =
                (token.Content, Encoding.UTF8.GetBytes(token.Content), token.Special);
        }

        foreach (var mark in parts.HiddenMarks)
        {
            special[mark] = true;
        }

        (BosId, EosId, PadId) = (Find(parts.Marks.Bos), Find(parts.Marks.Eos), Find(parts.Marks.Pad));
        UnknownId = Find(parts.Fallback.Unknown);
    }

    /// <inheritdoc/>
    public override int VocabularySize { get; }

    /// <inheritdoc/>
    public override int? BosId { get; }

    /// <inheritdoc/>
    public override int? EosId { get; }

    /// <inheritdoc/>
    public override int? PadId { get; }

    /// <inheritdoc/>
    public override int? UnknownId { get; }

    /// <inheritdoc/>
    internal override IReadOnlyList<(string Text, int Id)> Marks { get; }

    /// <inheritdoc/>
    public override string TokenText(int token) => tokens[Checked(token)] ?? $"<{token}>";

    /// <inheritdoc/>
    public override bool IsSpecial(int token) => special[Checked(token)];

    /// <inheritdoc/>
    public override void Save(string folder) => TokenizerFiles.Save(folder, parts.Json, parts.Settings);

    /// <inheritdoc/>
    internal override void EncodeSpelled(string text, List<int> tokens) => EncodeText(text, tokens, isSpelled: true);

    /// <inheritdoc/>
    protected override void EncodeText(string text, List<int> tokens) => EncodeText(text, tokens, isSpelled: false);

    private void EncodeText(string text, List<int> tokens, bool isSpelled)
    {
        var start = 0;
        for (var position = 0; position < text.Length && addedLongestFirst.Length > 0; position++)
        {
            if (isSpelled && text[position] == Spelling)
            {
                position++;
                continue;
            }

            // Leftmost first, then longest: as the Aho-Corasick automaton of the published tokenizers chooses.
            if (Array.Find(addedLongestFirst, added => text.AsSpan(position).StartsWith(added.Content, StringComparison.Ordinal)) is { } found)
            {
                EncodeBetween(Unspelled(text[start..position]), start == 0, tokens);
                tokens.Add(found.Id);
                start = position + found.Content.Length;
                position = start - 1;
            }
        }

        EncodeBetween(Unspelled(text[start..]), start == 0, tokens);

        string Unspelled(string between) => isSpelled ? between.Replace($"{Spelling}", "", StringComparison.Ordinal) : between;
    }

    /// <inheritdoc/>
    internal override ReadOnlySpan<byte> BytesOf(int token, bool first)
    {
        var spelled = bytes[token].AsSpan();
        return first && parts.StripsLeadingSpace && spelled.Length > 0 && spelled[0] == ' ' ? spelled[1..] : spelled;
    }

    private void EncodeBetween(string text, bool atStart, List<int> tokens)
    {
        if (text.Length == 0)
        {
            return;
        }

        IEnumerable<TextPiece> pieces = [new(text, atStart)];
        foreach (var step in parts.Steps)
        {
            pieces = pieces.SelectMany(piece => step(piece)).Where(piece => piece.Text.Length > 0);
        }

        foreach (var piece in pieces)
        {
            if (parts.IgnoreMerges && parts.Vocabulary.TryGetValue(piece.Text, out var whole))
            {
                tokens.Add(whole);
            }
            else
            {
                engine.Encode(piece.Text, tokens);
            }
        }
    }

    private byte[] Spelled(string token)
    {
        if (parts.ByteLevel)
        {
            // A token of other characters was added by hand and stands for its own text.
            return ByteAlphabet.Decode(token) ?? Encoding.UTF8.GetBytes(token);
        }

        return parts.Fallback.ByteFallback && token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal)
            && Enumerable.Range(0, 256).Where(value => BpeEngine.ByteToken(value) == token).Select(value => (byte?)value).FirstOrDefault() is { } raw
            ? [raw] : Encoding.UTF8.GetBytes(token.Replace(parts.SpaceMark, ' '));
    }

    private int? Find(string? name)
    {
        if (name is null)
        {
            return null;
        }

        var id = parts.Added.FirstOrDefault(token => token.Content == name)?.Id
            ?? (parts.Vocabulary.TryGetValue(name, out var found) ? found : null as int?);
        return id ?? throw UserError.Request(parts.Where, $"has no token '{name}', which its settings name", "a token of the vocabulary",
            NearestName.Of(name, parts.Added.Select(token => token.Content)));
    }
}
