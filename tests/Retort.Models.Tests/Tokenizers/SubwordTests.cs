using System.Text;
using CsCheck;
using Retort.Core;
using Retort.Models.Tokenizers;

namespace Retort.Models.Tests.Tokenizers;

public sealed class SubwordTests : IDisposable
{
    private const string QwenPattern = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    private const string ByteLevel = """{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}""";
    private const string SentencePieceNormalizer =
        """{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}""";
    private const string SentencePieceDecoder =
        """{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}""";

    private static readonly string[] Parts =
        ["the", " ", "  ", "den", "'s", "é", "🎲", "\n", "12", "!", "東", "𝒜", "h", "e", "▁", "\t", "n"];

    private static readonly Gen<string> AnyText = Gen.OneOf(
        Gen.Int[0, SlowBpe.Texts.Length - 1].Select(i => SlowBpe.Texts[i]),
        Gen.Int[0, Parts.Length - 1].Select(i => Parts[i]).Array[0, 12].Select(string.Concat),
        Gen.String);

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static string QwenPreTokenizer(string pattern) =>
        $$$"""{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"{{{pattern}}}"},"behavior":"Isolated","invert":false},{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":false,"use_regex":false}]}""";

    [Theory]
    [InlineData("gpt2")]
    [InlineData("qwen2")]
    [InlineData("llama3")]
    public void Byte_level_tokens_are_those_of_the_slow_definition(string kind)
    {
        Func<string, List<string>> cut = kind switch
        {
            "gpt2" => SlowBpe.Gpt2Pieces,
            "qwen2" => text => SlowBpe.Qwen2Pieces(text),
            _ => text => SlowBpe.Qwen2Pieces(text, digits: 3),
        };
        var (vocabulary, merges) = ByteLevelVocabulary(cut);
        var preTokenizer = kind == "gpt2" ? ByteLevel
            : QwenPreTokenizer(kind == "qwen2" ? QwenPattern : QwenPattern.Replace(@"\\p{N}| ?", @"\\p{N}{1,3}| ?", StringComparison.Ordinal));
        folder.Write("tokenizer.json", SlowBpe.Json(vocabulary, merges, "null", preTokenizer, """{"type":"ByteLevel"}""", false, null, pairs: kind == "llama3"));
        var tokenizer = Tokenizer.Open(folder.Path);
        var ranks = merges.Select((merge, rank) => (merge, rank)).ToDictionary(pair => pair.merge, pair => pair.rank);
        void Check(string text)
        {
            var expected = cut(text).SelectMany(piece => SlowBpe.Encode(SlowBpe.Symbols(SlowBpe.ByteLetters(piece)), ranks)).Select(token => vocabulary[token]);
            var ids = tokenizer.Encode(text);
            Assert.Equal(expected, ids);
            Assert.Equal(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)), tokenizer.Decode(ids));
        }

        Assert.All([.. SlowBpe.Texts, SlowBpe.Paragraph], Check);
        AnyText.Sample(Check, iter: 500, threads: 1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void SentencePiece_style_tokens_are_those_of_the_slow_definition(bool byteFallback)
    {
        var (vocabulary, merges) = SentencePieceVocabulary();
        folder.Write("tokenizer.json", SlowBpe.Json(vocabulary, merges, SentencePieceNormalizer, "null", SentencePieceDecoder, byteFallback, "<unk>"));
        var tokenizer = Tokenizer.Open(folder.Path);
        var ranks = merges.Select((merge, rank) => (merge, rank)).ToDictionary(pair => pair.merge, pair => pair.rank);
        void Check(string text)
        {
            var symbols = text.Length == 0 ? [] : SlowBpe.Symbols("▁" + text.Replace(' ', '▁'));
            var known = new List<string>();
            foreach (var symbol in symbols)
            {
                if (vocabulary.ContainsKey(symbol))
                {
                    known.Add(symbol);
                }
                else if (byteFallback)
                {
                    known.AddRange(Encoding.UTF8.GetBytes(symbol).Select(value => $"<0x{value:X2}>"));
                }
                else if (known.Count == 0 || known[^1] != "<unk>")
                {
                    known.Add("<unk>");
                }
            }

            var ids = tokenizer.Encode(text);
            Assert.Equal(SlowBpe.Encode(known, ranks).Select(token => vocabulary[token]), ids);
            if (byteFallback)
            {
                Assert.Equal(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).Replace('▁', ' '), tokenizer.Decode(ids));
            }
        }

        Assert.All([.. SlowBpe.Texts, SlowBpe.Paragraph], Check);
        AnyText.Sample(Check, iter: 500, threads: 1);
    }

    [Fact]
    public void Added_tokens_are_found_before_anything_else_longest_first_and_marks_have_no_text()
    {
        var (vocabulary, merges) = ByteLevelVocabulary(SlowBpe.Gpt2Pieces);
        var size = vocabulary.Count;
        var added = $$"""
            [{"id":{{size}},"content":"<|end|>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},
             {"id":{{size + 1}},"content":"<|end|>!","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":false}]
            """;
        folder.Write("tokenizer.json", SlowBpe.Json(vocabulary, merges, """{"type":"NFC"}""", ByteLevel, """{"type":"ByteLevel"}""", false, null, added));
        folder.Write("tokenizer_config.json", """{"add_bos_token":false,"bos_token":null,"eos_token":{"content":"<|end|>"},"pad_token":"<|end|>"}""");
        var tokenizer = Tokenizer.Open(folder.Path);
        Assert.Equal((null, size, size, size + 2), (tokenizer.BosId, tokenizer.EosId, tokenizer.PadId, tokenizer.VocabularySize));
        int[] the = tokenizer.Encode("the");
        Assert.Equal([.. the, size, .. the, size + 1, size], tokenizer.Encode("the<|end|>the<|end|>!", addEos: true));
        Assert.Equal("thethe<|end|>!", tokenizer.Decode([.. the, size, .. the, size + 1, size]));
        Assert.Equal(tokenizer.Encode("caf\u00E9"), tokenizer.Encode("cafe\u0301"));
        var saved = folder.File("saved");
        tokenizer.Save(saved);
        Assert.Equal(tokenizer.Encode(SlowBpe.Paragraph), Tokenizer.Open(saved).Encode(SlowBpe.Paragraph));
        Assert.Equal(size, Tokenizer.Open(saved).EosId);
    }

    [Fact]
    public void A_character_whose_bytes_lie_in_several_tokens_appears_once_it_is_whole()
    {
        var (vocabulary, merges) = SentencePieceVocabulary();
        folder.Write("tokenizer.json", SlowBpe.Json(vocabulary, merges, SentencePieceNormalizer, "null", SentencePieceDecoder, true, "<unk>"));
        var tokenizer = Tokenizer.Open(folder.Path);
        var decoder = tokenizer.CreateDecoder();
        Assert.Equal(["", "", "", "", "€", "z"], tokenizer.Encode("€z").Select(id => decoder.Append(id)).Prepend(""));
        Assert.Equal("", decoder.Append(vocabulary["<0xE2>"]));
        Assert.Equal("\uFFFD", decoder.Flush());
    }

    [Fact]
    public void Metaspace_puts_its_mark_where_its_scheme_says_and_cuts_before_each()
    {
        var (vocabulary, merges) = SentencePieceVocabulary();
        ITokenizer Open(string scheme, bool split)
        {
            var metaspace = $$"""{"type":"Metaspace","replacement":"▁","prepend_scheme":"{{scheme}}","split":{{(split ? "true" : "false")}}}""";
            folder.Write("tokenizer.json", SlowBpe.Json(vocabulary, merges, "null", metaspace, metaspace, true, "<unk>",
                """[{"id":0,"content":"<unk>","special":true,"normalized":false}]"""));
            return Tokenizer.Open(folder.Path);
        }

        string[] Texts(ITokenizer tokenizer, string text) => [.. tokenizer.Encode(text).Select(tokenizer.TokenText)];
        Assert.Equal(["▁the", "<unk>", "▁the"], Texts(Open("always", true), "the<unk>the"));
        Assert.Equal(["▁the", "<unk>", "the"], Texts(Open("first", true), "the<unk>the"));
        Assert.Equal(["the"], Texts(Open("never", true), "the"));
        Assert.Equal(["▁the"], Texts(Open("always", true), " the"));
        Assert.Equal(["▁", "▁the"], Texts(Open("always", true), "  the"));
        Assert.Equal(SlowBpe.Encode(["▁", "▁", "▁", "x"], merges.Select((m, r) => (m, r)).ToDictionary(p => p.m, p => p.r)), Texts(Open("always", false), "   x"));
        Assert.Equal(" the", Open("never", true).Decode(Open("never", true).Encode(" the")));
        Assert.Equal("the", Open("first", true).Decode(Open("first", true).Encode("the")));
    }

    [Theory]
    [InlineData("\"normalizer\":null", "\"normalizer\":{\"type\":\"Lowercase\"}", "normalizer: type: is \"Lowercase\"; expected NFC")]
    [InlineData("\"type\":\"ByteLevel\",\"add", "\"type\":\"BertPreTokenizer\",\"add", "pre_tokenizer: type: is \"BertPreTokenizer\"")]
    [InlineData("\"post_processor\":null", "\"post_processor\":{\"type\":\"BertProcessing\"}", "post_processor: type: is \"BertProcessing\"")]
    [InlineData("\"decoder\":{\"type\":\"ByteLevel\"}", "\"decoder\":{\"type\":\"WordPiece\"}", "decoder: type: is \"WordPiece\"")]
    [InlineData("\"type\":\"BPE\"", "\"type\":\"Unigram\"", "model: type: is Unigram; expected BPE or WordLevel")]
    [InlineData("\"dropout\":null", "\"dropout\":0.1", "dropout: is 0.1")]
    [InlineData("\"fuse_unk\":true", "\"end_of_word_suffix\":\"</w>\"", "end_of_word_suffix: is \"</w>\"")]
    [InlineData("\"fuse_unk\":true", "\"fuse_unknown\":true", "has an unknown field 'fuse_unknown'")]
    [InlineData("\"unk_token\":null", "\"unk_token\":\"<unk>\"", "has no token '<unk>'")]
    [InlineData("\"added_tokens\":[]", "\"added_tokens\":[{\"id\":1,\"content\":\"x y\"}]", "gives id 1 to 'x y', which is '")]
    [InlineData("\"added_tokens\":[]", "\"added_tokens\":[{\"id\":999,\"content\":\"x\",\"rstrip\":true}]", "rstrip: is true")]
    [InlineData("\"merges\":[", "\"merges\":[\"a\",", "merges: holds \"a\"")]
    [InlineData("\"merges\":[", "\"merges\":[\"z z\",", "merge 0 ('z' with 'z'): needs the token 'zz'")]
    [InlineData("\"version\"", "\"vershun\"", "has an unknown field 'vershun'")]
    public void What_is_not_supported_is_refused_by_name(string from, string to, string message)
    {
        var (vocabulary, merges) = ByteLevelVocabulary(SlowBpe.Gpt2Pieces);
        var json = Encoding.UTF8.GetString(SlowBpe.Json(vocabulary, merges, "null", ByteLevel, """{"type":"ByteLevel"}""", false, null));
        Assert.Contains(from, json, StringComparison.Ordinal);
        folder.Write("tokenizer.json", json.Replace(from, to, StringComparison.Ordinal));
        Assert.Contains(message, Assert.Throws<UserError>(() => Tokenizer.Open(folder.Path)).Message, StringComparison.Ordinal);
    }

    private static (Dictionary<string, int> Vocabulary, List<(string, string)> Merges) ByteLevelVocabulary(Func<string, List<string>> cut)
    {
        var merges = SlowBpe.Train(cut(SlowBpe.Paragraph).Select(SlowBpe.ByteLetters), 60);
        var bytes = string.Concat(Enumerable.Range(0, 0x110000).Where(c => c is < 0xD800 or > 0xDFFF).Take(0x1000).Select(char.ConvertFromUtf32));
        // All 256 letters: those of every byte that UTF-8 uses, and the rest by their place in the table.
        var letters = SlowBpe.ByteLetters(bytes + "\uFFFD\U0010FFFF\U00040000\U00080000\U000C0000").Distinct()
            .Concat(Enumerable.Range(0x21, 94).Concat(Enumerable.Range(0xA1, 12)).Concat(Enumerable.Range(0xAE, 82)).Concat(Enumerable.Range(0x100, 68)).Select(c => (char)c))
            .Distinct().Order().Select(letter => letter.ToString());
        return (Number(letters, merges), merges);
    }

    private static (Dictionary<string, int> Vocabulary, List<(string, string)> Merges) SentencePieceVocabulary()
    {
        var text = "▁" + SlowBpe.Paragraph.Replace(' ', '▁').Replace("🎲", "", StringComparison.Ordinal);
        var merges = SlowBpe.Train([text], 60);
        var first = Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>").Prepend("<unk>");
        return (Number(first.Concat(SlowBpe.Symbols(text).Append("z").Distinct()), merges), merges);
    }

    private static Dictionary<string, int> Number(IEnumerable<string> first, List<(string, string)> merges) =>
        first.Concat(merges.Select(merge => merge.Item1 + merge.Item2)).Distinct().Select((token, id) => (token, id)).ToDictionary(pair => pair.token, pair => pair.id);
}
