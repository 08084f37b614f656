using System.Text;
using Retort.Core;

namespace Retort.Models.Tokenizers;

/// <summary>
/// One token for each word of a task's grammar (words separated by white space), or for each character where a task has
/// no vocabulary. Nothing is ever merged or guessed: what the vocabulary lacks is an error. Saved as a WordLevel
/// tokenizer.json that other programs read.
/// </summary>
public sealed class WordLevelTokenizer : TokenizerBase
{
    private readonly string[] tokens;
    private readonly byte[][] bytes, bytesAfterSpace;
    private readonly bool[] special;
    private readonly Dictionary<string, int> idByToken;
    private readonly WordLevelMarks marks;

    internal WordLevelTokenizer(string[] tokens, bool readsCharacters, WordLevelMarks marks)
    {
        (this.tokens, this.marks, ReadsCharacters) = (tokens, marks, readsCharacters);
        idByToken = new Dictionary<string, int>(tokens.Length, StringComparer.Ordinal);
        for (var id = 0; id < tokens.Length; id++)
        {
            if (!idByToken.TryAdd(tokens[id], id))
            {
                throw new ArgumentException($"the token '{tokens[id]}' is in the vocabulary twice", nameof(tokens));
            }
        }

        bytes = Array.ConvertAll(tokens, Encoding.UTF8.GetBytes);
        bytesAfterSpace = Array.ConvertAll(tokens, token => Encoding.UTF8.GetBytes(" " + token));
        special = Array.ConvertAll(tokens, marks.Special.Contains);
        Marks = [.. tokens.Select((text, id) => (text, id)).Where(mark => special[mark.id]).OrderByDescending(mark => mark.text.Length)];
    }

    /// <summary>Each character (Unicode scalar) is a token; otherwise each word is.</summary>
    public bool ReadsCharacters { get; }

    /// <inheritdoc/>
    public override int VocabularySize => tokens.Length;

    /// <inheritdoc/>
    public override int? BosId => Find(marks.Bos);

    /// <inheritdoc/>
    public override int? EosId => Find(marks.Eos);

    /// <inheritdoc/>
    public override int? PadId => Find(marks.Pad);

    /// <inheritdoc/>
    public override int? UnknownId => Find(marks.Unknown);

    /// <summary>The marks &lt;pad&gt;, &lt;s&gt;, &lt;/s&gt; (tokens 0, 1, 2) and then the task's words, in their order.</summary>
    public static WordLevelTokenizer ForWords(IEnumerable<string> vocabulary)
    {
        var words = vocabulary.ToArray();
        return Array.Find(words, word => word.Length == 0 || word.Any(char.IsWhiteSpace)) is { } wrong
            ? throw new ArgumentException($"'{wrong}' is no word: empty or with white space", nameof(vocabulary))
            : new WordLevelTokenizer([.. WordLevelMarks.Standard.InOrder, .. words], readsCharacters: false, WordLevelMarks.Standard);
    }

    /// <summary>The marks and then every character of the texts, in the order of their code points.</summary>
    public static WordLevelTokenizer ForCharacters(IEnumerable<string> texts)
    {
        var runes = new SortedSet<Rune>();
        foreach (var text in texts)
        {
            runes.UnionWith(text.EnumerateRunes());
        }

        return new WordLevelTokenizer(
            [.. WordLevelMarks.Standard.InOrder, .. runes.Select(rune => rune.ToString())], readsCharacters: true, WordLevelMarks.Standard);
    }

    /// <inheritdoc/>
    public override string TokenText(int token) => tokens[Checked(token)];

    /// <inheritdoc/>
    public override bool IsSpecial(int token) => special[Checked(token)];

    /// <inheritdoc/>
    public override void Save(string folder) => WordLevelJson.Save(folder, tokens, ReadsCharacters, marks);

    /// <inheritdoc/>
    protected override void EncodeText(string text, List<int> tokens)
    {
        var lookup = idByToken.GetAlternateLookup<ReadOnlySpan<char>>();
        var (position, numWords) = (0, 0);
        while (position < text.Length)
        {
            var length = ReadsCharacters ? CharacterLength(text, position) : WordLength(text, ref position);
            if (length == 0)
            {
                break;
            }

            var unit = text.AsSpan(position, length);
            tokens.Add(lookup.TryGetValue(unit, out var id) ? id : UnknownId ?? throw Lacks(unit.ToString(), numWords, position));
            position += length;
            numWords++;
        }
    }

    /// <inheritdoc/>
    internal override IReadOnlyList<(string Text, int Id)> Marks { get; }

    /// <inheritdoc/>
    internal override ReadOnlySpan<byte> BytesOf(int token, bool first) =>
        first || ReadsCharacters ? bytes[token] : bytesAfterSpace[token];

    private static int CharacterLength(string text, int position) =>
        char.IsSurrogatePair(text, position) ? 2 : 1;

    private static int WordLength(string text, ref int position)
    {
        while (position < text.Length && char.IsWhiteSpace(text[position]))
        {
            position++;
        }

        var end = position;
        while (end < text.Length && !char.IsWhiteSpace(text[end]))
        {
            end++;
        }

        return end - position;
    }

    private UserError Lacks(string unit, int numWords, int position) => UserError.Request(
        "text",
        ReadsCharacters ? $"has the character {Show(unit)} at position {position}, which the vocabulary lacks"
            : $"has the word '{unit}' as word {numWords + 1} (character {position}), which the vocabulary lacks",
        $"one of its {VocabularySize - marks.Special.Count} {(ReadsCharacters ? "characters" : "words")}",
        NearestName.Of(unit, tokens.Where((_, id) => !special[id])));

    private static string Show(string unit) => Rune.TryGetRuneAt(unit, 0, out var rune)
        ? $"'{unit}' (U+{rune.Value:X4})" : $"U+{(int)unit[0]:X4} (half of a surrogate pair)";

    private int? Find(string? name) => name is not null && idByToken.TryGetValue(name, out var id) ? id : null;
}

/// <summary>The marks of a word-level vocabulary by name; null where it has none.</summary>
/// <param name="Bos">Put before every text.</param>
/// <param name="Eos">Ends a text.</param>
/// <param name="Pad">Fills rows.</param>
/// <param name="Unknown">Stands for what the vocabulary lacks, if the vocabulary holds it.</param>
/// <param name="Special">All tokens without text.</param>
internal sealed record WordLevelMarks(string? Bos, string? Eos, string? Pad, string Unknown, IReadOnlySet<string> Special)
{
    public static readonly WordLevelMarks Standard =
        new("<s>", "</s>", "<pad>", "<unk>", new HashSet<string> { "<pad>", "<s>", "</s>" });

    public string[] InOrder => [Pad!, Bos!, Eos!];
}
