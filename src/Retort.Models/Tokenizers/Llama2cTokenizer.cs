using System.Buffers.Binary;
using System.Text;
using Retort.Core;
using Retort.Models.Checkpoints;

namespace Retort.Models.Tokenizers;

/// <summary>
/// llama2.c's tokenizer file: int32 longest token, then per token float32 score, int32 length, bytes. Tokens 0, 1, 2 are
/// unknown, beginning and end; 3 .. 258 the bytes. A text gets a space before it, and the adjacent pair whose joined string
/// scores highest is merged until none is left: a byte-pair encoding whose ranks are the scores, descending. Saved, it is the
/// Llama 2 kind of tokenizer.json, where U+2581 stands for a space; only texts that hold U+2581, "&lt;s&gt;", "&lt;/s&gt;" or
/// "&lt;unk&gt;" themselves are read differently there.
/// </summary>
public static class Llama2cTokenizer
{
    private const int UnknownId = 0, BosId = 1, EosId = 2, FirstByteId = 3, FirstPieceId = FirstByteId + 256;
    private const int MaxTokenBytes = 1 << 10, MaxFileBytes = 64 << 20;
    private const char Mark = '\u2581';

    private static readonly string[] MarkNames = ["<unk>", "<s>", "</s>"];

    /// <summary>The tokenizer beside a llama2.c model: tokN.bin for its vocabulary of N, or tokenizer.bin.</summary>
    public static SubwordTokenizer OpenBeside(string modelPath)
    {
        using var model = Llama2cFile.Open(modelPath);
        var folder = Path.GetDirectoryName(Path.GetFullPath(modelPath))!;
        string[] names = [$"tok{model.Config.VocabularySize}.bin", "tokenizer.bin"];
        var path = names.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
            ?? throw UserError.Request(modelPath, "has no tokenizer beside it", string.Join(" or ", names));
        var tokenizer = Open(path);
        return tokenizer.VocabularySize == model.Config.VocabularySize ? tokenizer
            : throw UserError.Request(path, $"has {tokenizer.VocabularySize} tokens", $"{model.Config.VocabularySize}, the vocabulary of {modelPath}");
    }

    /// <summary>Reads a tokenizer file.</summary>
    public static SubwordTokenizer Open(string path)
    {
        var pieces = ReadPieces(path);
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var id = 0; id < pieces.Count; id++)
        {
            var text = id < FirstByteId ? MarkNames[id] : pieces[id].Text;
            if (id is >= FirstByteId and < FirstPieceId && text != BpeEngine.ByteToken(id - FirstByteId))
            {
                throw UserError.Request(path, $"has '{text}' as token {id}", $"{BpeEngine.ByteToken(id - FirstByteId)}");
            }

            if (text.Contains(Mark, StringComparison.Ordinal))
            {
                throw UserError.Request(path, $"has '{text}' as token {id}", $"no {Mark}, which stands for a space in the saved form");
            }

            if (!vocabulary.TryAdd(text, id))
            {
                throw UserError.Request(path, $"has '{text}' as token {vocabulary[text]} and {id}", "each token once");
            }
        }

        if (pieces.Count < FirstPieceId)
        {
            throw UserError.Request(path, $"has {pieces.Count} tokens", $"at least {FirstPieceId}: three marks and 256 bytes");
        }

        var merges = Merges(pieces, vocabulary, path);
        return new SubwordTokenizer(new SubwordParts
        {
            Vocabulary = vocabulary,
            Merges = merges,
            Fallback = new BpeFallback(ByteFallback: true, MarkNames[UnknownId], FuseUnknown: true),
            SpaceMark = ' ',
            StripsLeadingSpace = true,
            Steps = [TextSteps.Prepend(" ")],
            // Known by id only: llama2.c finds no marks in a text.
            HiddenMarks = [UnknownId, BosId, EosId],
            Marks = new TokenizerMarks(MarkNames[BosId], MarkNames[EosId], null),
            Json = Json(vocabulary, merges),
            Settings = TokenizerFiles.Settings(MarkNames[BosId], MarkNames[EosId], null, MarkNames[UnknownId]),
            Where = path,
        });
    }

    private static List<(string Text, float Score)> ReadPieces(string path)
    {
        byte[] bytes;
        try
        {
            var length = new FileInfo(path).Length;
            bytes = length <= MaxFileBytes ? File.ReadAllBytes(path)
                : throw UserError.Request(path, $"has {length} bytes", $"a tokenizer of at most {MaxFileBytes}");
        }
        catch (FileNotFoundException)
        {
            throw UserError.Request(path, "does not exist", "a llama2.c tokenizer");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw UserError.Environment(path, $"cannot be read ({fault.Message})", "a readable file", fault);
        }

        var (pieces, position) = (new List<(string, float)>(), sizeof(int));
        var utf8 = new UTF8Encoding(false, throwOnInvalidBytes: true);
        while (position < bytes.Length)
        {
            var where = $"{path}: token {pieces.Count}";
            if (bytes.Length - position < 8)
            {
                throw UserError.Request(where, "is cut off", "a score and a length");
            }

            var score = BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(position));
            var length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(position + 4));
            position += 8;
            if (!float.IsFinite(score) || length <= 0 || length > Math.Min(MaxTokenBytes, bytes.Length - position))
            {
                throw UserError.Request(where, $"has score {score} and {length} bytes",
                    $"a finite score and 1 to {Math.Min(MaxTokenBytes, bytes.Length - position)} bytes");
            }

            try
            {
                pieces.Add((utf8.GetString(bytes, position, length), score));
            }
            catch (DecoderFallbackException)
            {
                throw UserError.Request(where, "is not UTF-8", "text");
            }

            position += length;
        }

        return pieces;
    }

    /// <summary>
    /// Every way to cut a token into two others, best score first. Equal scores would need "leftmost pair first" across
    /// different tokens, which ranks cannot say, so they are refused.
    /// </summary>
    private static List<(string Left, string Right)> Merges(
        List<(string Text, float Score)> pieces, Dictionary<string, int> vocabulary, string path)
    {
        var merges = new List<(string, string)>();
        var ownerOfScore = new Dictionary<float, string>();
        foreach (var (text, score) in pieces.Skip(FirstPieceId).OrderByDescending(piece => piece.Score))
        {
            for (var cut = 1; cut < text.Length; cut++)
            {
                if (!vocabulary.TryGetValue(text[..cut], out var left) || !vocabulary.TryGetValue(text[cut..], out var right)
                    || left < FirstPieceId || right < FirstPieceId)
                {
                    continue;
                }

                if (!ownerOfScore.TryAdd(score, text) && ownerOfScore[score] != text)
                {
                    throw UserError.Request(path, $"gives '{text}' and '{ownerOfScore[score]}' the same score {score}",
                        "different scores for tokens that merging makes");
                }

                merges.Add((text[..cut], text[cut..]));
            }
        }

        return merges;
    }

    private static byte[] Json(Dictionary<string, int> vocabulary, List<(string Left, string Right)> merges) => TokenizerFiles.Json(writer =>
    {
        TokenizerFiles.WriteAddedTokens(writer, MarkNames.Select((name, id) => (name, id)));
        writer.WritePropertyName("normalizer");
        writer.WriteRawValue("""
            {"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}
            """);
        writer.WriteNull("pre_tokenizer");
        TokenizerFiles.WriteBosTemplate(writer, MarkNames[BosId], BosId);
        writer.WritePropertyName("decoder");
        writer.WriteRawValue("""
            {"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}
            """);
        writer.WriteStartObject("model");
        writer.WriteString("type", "BPE");
        writer.WriteNull("dropout");
        writer.WriteString("unk_token", MarkNames[UnknownId]);
        writer.WriteNull("continuing_subword_prefix");
        writer.WriteNull("end_of_word_suffix");
        writer.WriteBoolean("fuse_unk", true);
        writer.WriteBoolean("byte_fallback", true);
        writer.WriteBoolean("ignore_merges", false);
        writer.WriteStartObject("vocab");
        foreach (var (text, id) in vocabulary.OrderBy(pair => pair.Value))
        {
            writer.WriteNumber(text.Replace(' ', Mark), id);
        }

        writer.WriteEndObject();
        writer.WriteStartArray("merges");
        foreach (var (left, right) in merges)
        {
            writer.WriteStringValue($"{left.Replace(' ', Mark)} {right.Replace(' ', Mark)}");
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    });
}
