using System.Text;
using CsCheck;
using Retort.Core;
using Retort.Models.Tokenizers;

namespace Retort.Models.Tests.Tokenizers;

public sealed class WordLevelTests : IDisposable
{
    private static readonly string[] Grammar = ["GOAL", "+", "-", "=", "|", "12", "ünder", "🎲", "a\"b\\", "<0x41>"];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Words_are_numbered_after_the_marks_and_joined_by_single_spaces()
    {
        var tokenizer = WordLevelTokenizer.ForWords(Grammar);
        Assert.Equal(13, tokenizer.VocabularySize);
        Assert.Equal((0, 1, 2, null), (tokenizer.PadId, tokenizer.BosId, tokenizer.EosId, tokenizer.UnknownId));
        Assert.Equal([1, 8, 4, 8, 2], tokenizer.Encode(" 12 +\n\t12 ", addEos: true));
        Assert.Equal("12 + 12", tokenizer.Decode([1, 8, 4, 8, 2, 0, 0]));
        Assert.Equal(" + 12", tokenizer.Decode([4, 8], continues: true));
        Assert.Equal([], tokenizer.Encode("", addBos: false));
    }

    [Fact]
    public void An_unknown_word_is_named_with_its_place_and_the_nearest_one()
    {
        var error = Assert.Throws<UserError>(() => WordLevelTokenizer.ForWords(Grammar).Encode("12 + GAOL"));
        Assert.Equal("text: has the word 'GAOL' as word 3 (character 5), which the vocabulary lacks; expected one of its 10 words; did you mean 'GOAL'?", error.Message);
        Assert.Equal(2, error.ExitCode);
    }

    [Fact]
    public void An_unknown_character_is_named_with_its_place()
    {
        var tokenizer = WordLevelTokenizer.ForCharacters(["abc", "🎲 a"]);
        var error = Assert.Throws<UserError>(() => tokenizer.Encode("a🎲é"));
        Assert.StartsWith("text: has the character 'é' (U+00E9) at position 3, which the vocabulary lacks", error.Message, StringComparison.Ordinal);
        Assert.Contains("U+D800", Assert.Throws<UserError>(() => tokenizer.Encode("\uD800")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Saved_and_read_back_it_gives_the_same_tokens_texts_and_files(bool readsCharacters)
    {
        var original = readsCharacters ? WordLevelTokenizer.ForCharacters(Grammar.Append(" \n\r")) : WordLevelTokenizer.ForWords(Grammar);
        original.Save(folder.Path);
        var bytes = File.ReadAllBytes(folder.File("tokenizer.json"));
        var read = Assert.IsType<WordLevelTokenizer>(Tokenizer.Open(folder.Path));
        Assert.Equal(readsCharacters, read.ReadsCharacters);
        Assert.Equal((original.VocabularySize, original.BosId, original.EosId, original.PadId), (read.VocabularySize, read.BosId, read.EosId, read.PadId));
        Gen.Int[0, original.VocabularySize - 1].Array[0, 30].Sample(ids =>
        {
            var text = original.Decode(ids);
            Assert.Equal(original.Encode(text), read.Encode(text));
            Assert.Equal(text, read.Decode(ids));
            Assert.Equal(ids.Where(id => !original.IsSpecial(id)), read.Encode(text, addBos: false));
        }, iter: 200);
        read.Save(folder.Path);
        Assert.Equal(bytes, File.ReadAllBytes(folder.File("tokenizer.json")));
    }

    [Fact]
    public void The_file_is_the_one_other_programs_expect()
    {
        WordLevelTokenizer.ForWords(["a"]).Save(folder.Path);
        using var json = System.Text.Json.JsonDocument.Parse(File.ReadAllBytes(folder.File("tokenizer.json")));
        var root = json.RootElement;
        Assert.Equal("WordLevel", root.GetProperty("model").GetProperty("type").GetString());
        Assert.Equal(3, root.GetProperty("model").GetProperty("vocab").GetProperty("a").GetInt32());
        Assert.Equal("WhitespaceSplit", root.GetProperty("pre_tokenizer").GetProperty("type").GetString());
        Assert.Equal("<s>", root.GetProperty("post_processor").GetProperty("single")[0].GetProperty("SpecialToken").GetProperty("id").GetString());
        Assert.Equal(3, root.GetProperty("added_tokens").GetArrayLength());
        Assert.Contains("\"eos_token\": \"</s>\"", File.ReadAllText(folder.File("tokenizer_config.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_vocabulary_that_is_no_list_of_different_words_is_a_programming_error()
    {
        Assert.Throws<ArgumentException>(() => WordLevelTokenizer.ForWords(["a", "a"]));
        Assert.Throws<ArgumentException>(() => WordLevelTokenizer.ForWords(["a b"]));
        Assert.Throws<ArgumentException>(() => WordLevelTokenizer.ForWords([""]));
        Assert.Throws<ArgumentException>(() => WordLevelTokenizer.ForWords(["<s>"]));
    }

    [Fact]
    public void Mutated_files_give_user_errors_and_nothing_else()
    {
        WordLevelTokenizer.ForWords(["a", "b"]).Save(folder.Path);
        var valid = File.ReadAllBytes(folder.File("tokenizer.json"));
        Gen.Select(Gen.Select(Gen.Int[0, valid.Length - 1], Gen.Byte).Array[1, 4], Gen.Frequency((3, Gen.Const(valid.Length)), (1, Gen.Int[0, valid.Length]))).Sample(
            (mutations, length) =>
            {
                var bytes = valid[..length];
                foreach (var (position, value) in mutations.Where(mutation => mutation.Item1 < length))
                {
                    bytes[position] = value;
                }

                folder.Write("tokenizer.json", bytes);
                try
                {
                    var tokenizer = Tokenizer.Open(folder.Path);
                    tokenizer.Decode(tokenizer.Encode("a b"));
                }
                catch (UserError)
                {
                }
            },
            iter: 1000, threads: 1);
    }

    [Fact]
    public void Streamed_pieces_add_up_to_the_text_wherever_it_is_cut()
    {
        var tokenizer = WordLevelTokenizer.ForWords(Grammar);
        int[] ids = [1, 10, 9, 2, 4];
        for (var cut = 0; cut <= ids.Length; cut++)
        {
            var first = tokenizer.Decode(ids.AsSpan(0, cut));
            var rest = tokenizer.Decode(ids.AsSpan(cut), continues: first.Length > 0);
            Assert.Equal(tokenizer.Decode(ids), first + rest);
        }

        var stream = tokenizer.CreateDecoder();
        var text = new StringBuilder();
        foreach (var id in ids)
        {
            text.Append(stream.Append(id));
        }

        Assert.Equal("🎲 ünder +", text.Append(stream.Flush()).ToString());
    }
}
