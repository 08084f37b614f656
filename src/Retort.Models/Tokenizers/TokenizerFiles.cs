using System.Text.Encodings.Web;
using System.Text.Json;
using Retort.Core;
using Retort.Models.Checkpoints;

namespace Retort.Models.Tokenizers;

/// <summary>What all kinds of tokenizer.json and tokenizer_config.json share.</summary>
internal static class TokenizerFiles
{
    public const string FileName = "tokenizer.json", SettingsName = "tokenizer_config.json";

    private static readonly JsonWriterOptions Indented =
        new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Save(string folder, byte[] json, byte[] settings)
    {
        AtomicFile.Write(Path.Combine(folder, FileName), stream => stream.Write(json));
        AtomicFile.Write(Path.Combine(folder, SettingsName), stream => stream.Write(settings));
    }

    /// <summary>A tokenizer.json whose parts <paramref name="write"/> gives, from added_tokens on.</summary>
    public static byte[] Json(Action<Utf8JsonWriter> write) => Object(writer =>
    {
        writer.WriteString("version", "1.0");
        writer.WriteNull("truncation");
        writer.WriteNull("padding");
        write(writer);
    });

    /// <summary>A tokenizer_config.json.</summary>
    public static byte[] Settings(string? bos, string? eos, string? pad, string? unknown) => Object(writer =>
    {
        writer.WriteString("tokenizer_class", "PreTrainedTokenizerFast");
        writer.WriteBoolean("clean_up_tokenization_spaces", false);
        foreach (var (name, token) in new[] { ("bos_token", bos), ("eos_token", eos), ("pad_token", pad), ("unk_token", unknown) })
        {
            if (token is not null)
            {
                writer.WriteString(name, token);
            }
        }
    });

    public static void WriteAddedTokens(Utf8JsonWriter writer, IEnumerable<(string Content, int Id)> tokens)
    {
        writer.WriteStartArray("added_tokens");
        foreach (var (content, id) in tokens)
        {
            writer.WriteStartObject();
            writer.WriteNumber("id", id);
            writer.WriteString("content", content);
            writer.WriteBoolean("single_word", false);
            writer.WriteBoolean("lstrip", false);
            writer.WriteBoolean("rstrip", false);
            writer.WriteBoolean("normalized", false);
            writer.WriteBoolean("special", true);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    /// <summary>The post-processor that puts a beginning token before every text.</summary>
    public static void WriteBosTemplate(Utf8JsonWriter writer, string? bos, int bosId)
    {
        if (bos is null)
        {
            writer.WriteNull("post_processor");
            return;
        }

        writer.WriteStartObject("post_processor");
        writer.WriteString("type", "TemplateProcessing");
        WriteTemplate(writer, "single", bos, "A");
        WriteTemplate(writer, "pair", bos, "A", "B");
        writer.WriteStartObject("special_tokens");
        writer.WriteStartObject(bos);
        writer.WriteString("id", bos);
        writer.WriteStartArray("ids");
        writer.WriteNumberValue(bosId);
        writer.WriteEndArray();
        writer.WriteStartArray("tokens");
        writer.WriteStringValue(bos);
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    /// <summary>model.vocab: different ids, none negative, not many more than tokens.</summary>
    public static Dictionary<string, int> ReadVocabulary(JsonFields model)
    {
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        var taken = new HashSet<int>();
        foreach (var entry in model.RequireObject("vocab").Fields)
        {
            if (entry.Value.ValueKind != JsonValueKind.Number || !entry.Value.TryGetInt32(out var id) || id is < 0 or >= 1 << 24)
            {
                throw UserError.Request($"{model.Where}: vocab", $"gives '{entry.Name}' the id {JsonFields.Show(entry.Value)}",
                    $"a whole number from 0 to {(1 << 24) - 1}");
            }

            if (!taken.Add(id))
            {
                throw UserError.Request($"{model.Where}: vocab", $"gives id {id} to '{entry.Name}' and another token", "different ids");
            }

            vocabulary.Add(entry.Name, id);
        }

        return vocabulary.Count > 0 ? vocabulary : throw UserError.Request($"{model.Where}: vocab", "is empty", "at least one token");
    }

    /// <summary>Tokens by id, for vocabularies that may have no gaps.</summary>
    public static string[] InOrder(Dictionary<string, int> vocabulary, string where)
    {
        var tokens = new string[vocabulary.Count];
        foreach (var (token, id) in vocabulary)
        {
            tokens[id < tokens.Length ? id : throw UserError.Request($"{where}: vocab",
                $"gives '{token}' the id {id}", $"{tokens.Length} tokens with ids 0 .. {tokens.Length - 1}")] = token;
        }

        return tokens;
    }

    private static void WriteTemplate(Utf8JsonWriter writer, string name, string bos, params string[] sequences)
    {
        writer.WriteStartArray(name);
        foreach (var (sequence, type) in sequences.Select((sequence, type) => (sequence, type)))
        {
            WriteItem(writer, "SpecialToken", bos, type);
            WriteItem(writer, "Sequence", sequence, type);
        }

        writer.WriteEndArray();
    }

    private static void WriteItem(Utf8JsonWriter writer, string kind, string id, int typeId)
    {
        writer.WriteStartObject();
        writer.WriteStartObject(kind);
        writer.WriteString("id", id);
        writer.WriteNumber("type_id", typeId);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static byte[] Object(Action<Utf8JsonWriter> write)
    {
        using var memory = new MemoryStream();
        using (var writer = new Utf8JsonWriter(memory, Indented))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        memory.WriteByte((byte)'\n');
        return memory.ToArray();
    }
}
