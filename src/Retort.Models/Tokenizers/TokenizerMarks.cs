using System.Text.Json;
using Retort.Core;
using Retort.Models.Checkpoints;

namespace Retort.Models.Tokenizers;

/// <summary>
/// A tokenizer's marks by name. Bos is the token put before every text, by the post-processor's template or by
/// "add_bos_token" of tokenizer_config.json, which goes first; a bos_token that nothing adds is none.
/// </summary>
internal sealed record TokenizerMarks(string? Bos, string? Eos, string? Pad)
{
    /// <param name="fields">tokenizer.json.</param>
    /// <param name="settings">tokenizer_config.json, if there is one.</param>
    public static TokenizerMarks Read(JsonFields fields, JsonFields? settings)
    {
        var bos = settings?.FindBool("add_bos_token") switch
        {
            true => Content(settings, "bos_token")
                ?? throw UserError.Request(settings!.Value.Where, "has add_bos_token but no bos_token", "a bos_token"),
            false => null,
            null => fields.FindObject("post_processor") is { } processor ? BosOf(processor) : null,
        };
        if (settings?.FindBool("add_eos_token") == true)
        {
            throw UserError.Request(settings.Value.Where, "has add_eos_token = true", "false: callers say when a text ends");
        }

        return new(bos, Content(settings, "eos_token"), Content(settings, "pad_token"));
    }

    public static string? Content(JsonFields? settings, string name) => settings?.Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } => settings.Value.RequireObject(name).RequireText("content"),
        _ => settings.Value.RequireText(name),
    };

    private static string? BosOf(JsonFields processor)
    {
        switch (processor.RequireText("type"))
        {
            case "ByteLevel": // Trims offsets, which we do not report.
                return null;
            case "Sequence":
                string? found = null;
                foreach (var part in processor.FindArray("processors"))
                {
                    found ??= BosOf(new JsonFields(part, $"{processor.Where}: processors"));
                }

                return found;
            case "TemplateProcessing":
                return BosOfTemplate(processor);
            default:
                throw processor.Wrong("type", processor.Require("type"), "TemplateProcessing, ByteLevel or Sequence");
        }
    }

    private static string? BosOfTemplate(JsonFields processor)
    {
        var items = processor.FindArray("single").Select(item => new JsonFields(item, $"{processor.Where}: single")).ToArray();
        var sequence = Array.FindIndex(items, item => item.FindObject("Sequence") is not null);
        // [bos, text] or [text]; anything else would add tokens we would not.
        return (sequence, items.Length) switch
        {
            (0, 1) => null,
            (1, 2) => items[0].RequireObject("SpecialToken").RequireText("id"),
            _ => throw processor.Wrong("single", processor.Require("single"), "the text, with at most one token before it"),
        };
    }
}
