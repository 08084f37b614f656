using System.Text;
using CsCheck;
using Retort.Core;
using Retort.Models.Tokenizers;

namespace Retort.Models.Tests.Tokenizers;

public sealed class Llama2cTokenizerTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static readonly string[] Parts =
        ["Once", " upon", " a time", "he", "r", "in", "g", "ed", " ", "  ", "\n", "é", "🎲", "t", "th", "e", "l", "ll"];

    private static readonly Gen<string> AnyText = Gen.OneOf(
        Gen.Int[0, SlowBpe.Texts.Length - 1].Select(i => SlowBpe.Texts[i]),
        Gen.Int[0, Parts.Length - 1].Select(i => Parts[i]).Array[0, 20].Select(string.Concat),
        Gen.Char['a', 'z'].Array[0, 40].Select(chars => new string(chars)),
        Gen.String);

    [Fact]
    public void The_published_tokenizer_encodes_as_its_score_rule_says_and_so_does_its_saved_form()
    {
        var path = SharedData.Find("stories260k/tok512.bin");
        var tokenizer = Tokenizer.Open(Path.Combine(Path.GetDirectoryName(path)!, "stories260K.bin"));
        tokenizer.Save(folder.Path);
        var saved = Tokenizer.Open(folder.Path);
        var pieces = ReadPieces(path);
        Assert.Equal((512, 1, 2, 0), (tokenizer.VocabularySize, tokenizer.BosId, tokenizer.EosId, tokenizer.UnknownId));
        Assert.Equal((512, 1, 2, 0), (saved.VocabularySize, saved.BosId, saved.EosId, saved.UnknownId));
        void Check(string text)
        {
            var ids = tokenizer.Encode(text);
            Assert.Equal(EncodeByScore(text, pieces), ids);
            Assert.Equal(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)), tokenizer.Decode(ids));
            if (!text.Contains('▁', StringComparison.Ordinal) && !text.Contains("<s>", StringComparison.Ordinal))
            {
                Assert.Equal(ids, saved.Encode(text));
                Assert.Equal(tokenizer.Decode(ids), saved.Decode(ids));
            }
        }

        Assert.All([.. SlowBpe.Texts, SlowBpe.Paragraph], Check);
        AnyText.Sample(Check, iter: 1000, threads: 1);
    }

    [Fact]
    public void Only_the_space_after_the_beginning_is_dropped()
    {
        var tokenizer = Llama2cTokenizer.Open(folder.Write("tok.bin", FileOf(Pieces([" ", "a", " a"]))));
        Assert.Equal([1, 261], tokenizer.Encode("a"));
        Assert.Equal([1], tokenizer.Encode(""));
        Assert.Equal("a a", tokenizer.Decode([1, 261, 261]));
        Assert.Equal(" a", tokenizer.Decode([261], continues: true));
        Assert.Equal("\n", tokenizer.Decode([1, 3 + 10]));
        Assert.Equal("", tokenizer.Decode([0, 1, 2]));
    }

    [Fact]
    public void Mutated_and_truncated_files_give_user_errors_and_nothing_else()
    {
        var valid = FileOf(Pieces([" ", "a", "b", "ab", "abb", " a"]));
        Gen.Select(Gen.Select(Gen.Int[0, valid.Length - 1], Gen.Byte).Array[1, 4], Gen.Frequency((3, Gen.Const(valid.Length)), (1, Gen.Int[0, valid.Length]))).Sample(
            (mutations, length) =>
            {
                var bytes = valid[..length];
                foreach (var (position, value) in mutations.Where(mutation => mutation.Item1 < length))
                {
                    bytes[position] = value;
                }

                try
                {
                    Llama2cTokenizer.Open(folder.Write("tok.bin", bytes)).Encode("abba abb");
                }
                catch (UserError)
                {
                }
            },
            iter: 500, threads: 1);
    }

    [Fact]
    public void Equal_scores_of_different_tokens_are_refused()
    {
        var pieces = Pieces(["a", "b", "ab", "ba"]);
        pieces[^1] = (pieces[^1].Text, pieces[^2].Score);
        var error = Assert.Throws<UserError>(() => Llama2cTokenizer.Open(folder.Write("tok.bin", FileOf(pieces))));
        Assert.Contains("the same score", error.Message, StringComparison.Ordinal);
    }

    /// <summary>The rule of the data's README, word for word.</summary>
    private static List<int> EncodeByScore(string text, List<(string Text, float Score)> pieces)
    {
        var idByText = pieces.Select((piece, id) => (piece.Text, id)).ToDictionary(pair => pair.Text, pair => pair.id);
        var ids = new List<int> { 1 };
        foreach (var symbol in SlowBpe.Symbols(text.Length == 0 ? "" : " " + text))
        {
            if (idByText.TryGetValue(symbol, out var id))
            {
                ids.Add(id);
            }
            else
            {
                ids.AddRange(Encoding.UTF8.GetBytes(symbol).Select(value => value + 3));
            }
        }

        while (true)
        {
            var (best, bestScore, bestId) = (-1, float.NegativeInfinity, -1);
            for (var i = 0; i + 1 < ids.Count; i++)
            {
                if (idByText.TryGetValue(pieces[ids[i]].Text + pieces[ids[i + 1]].Text, out var id) && pieces[id].Score > bestScore)
                {
                    (best, bestScore, bestId) = (i, pieces[id].Score, id);
                }
            }

            if (best < 0)
            {
                return ids;
            }

            ids[best] = bestId;
            ids.RemoveAt(best + 1);
        }
    }

    private static List<(string Text, float Score)> Pieces(string[] more) =>
    [
        ("<unk>", 0), ("\n<s>\n", 0), ("\n</s>\n", 0), .. Enumerable.Range(0, 256).Select(value => ($"<0x{value:X2}>", 0f)),
        .. more.Select((text, i) => (text, (float)-i)),
    ];

    private static List<(string Text, float Score)> ReadPieces(string path)
    {
        var pieces = new List<(string, float)>();
        using var reader = new BinaryReader(File.OpenRead(path));
        reader.ReadInt32();
        while (reader.BaseStream.Position < reader.BaseStream.Length)
        {
            var score = reader.ReadSingle();
            pieces.Add((Encoding.UTF8.GetString(reader.ReadBytes(reader.ReadInt32())), score));
        }

        return pieces;
    }

    private static byte[] FileOf(List<(string Text, float Score)> pieces)
    {
        using var memory = new MemoryStream();
        using var writer = new BinaryWriter(memory);
        writer.Write(pieces.Max(piece => piece.Text.Length));
        foreach (var (text, score) in pieces)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            writer.Write(score);
            writer.Write(bytes.Length);
            writer.Write(bytes);
        }

        return memory.ToArray();
    }
}
