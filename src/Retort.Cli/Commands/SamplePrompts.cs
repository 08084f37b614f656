using System.Globalization;
using System.Text.Json;
using Retort.Core;

namespace Retort.Cli.Commands;

/// <summary>A prompt to complete.</summary>
/// <param name="Id">The line's own "id", or its number counted from 0.</param>
/// <param name="Text">The prompt.</param>
/// <param name="Where">For messages.</param>
internal sealed record SamplePrompt(string Id, string Text, string Where)
{
    /// <summary>The prompt's tokens, which must leave room in the model's context.</summary>
    public int[] Encode(LoadedModel model)
    {
        var context = model.Transformer.Config.MaxPositions;
        var tokens = InputFile.At(Where, () => model.Tokenizer.Encode(Text));
        return tokens.Length > 0 && tokens.Length < context ? tokens : throw UserError.Request(
            Where, $"the prompt has {tokens.Length} tokens", $"1 to {context - 1}: the model's context is {context} tokens");
    }
}

/// <summary>
/// Reads <c>--prompts</c>: one prompt a line (an empty line is an empty prompt), or JSON objects with a "prompt", if the
/// file is named .jsonl or .json or its first line is such an object.
/// </summary>
internal static class SamplePrompts
{
    private const string Expected = "one prompt a line, or a JSON object with a \"prompt\" a line";

    public static IReadOnlyList<SamplePrompt> Read(string path)
    {
        var lines = InputFile.ReadLines(path, Expected);
        if (lines.Length == 0)
        {
            throw UserError.Request(path, "holds no prompt", Expected);
        }

        if (Path.GetExtension(path).ToUpperInvariant() is ".JSONL" or ".JSON" || IsPromptObject(lines[0]))
        {
            return [.. InputFile.ReadObjects(path, Expected).Select((line, index) => OfObject(line, index))];
        }

        return [.. lines.Select((line, index) => new SamplePrompt(Number(index), line, $"{path}:{index + 1}"))];
    }

    private static SamplePrompt OfObject(JsonLine line, int index)
    {
        if (!line.Fields.TryGetProperty("prompt", out var prompt) || prompt.ValueKind != JsonValueKind.String)
        {
            throw UserError.Request(line.Where, "has no text in \"prompt\"", Expected);
        }

        var id = line.Fields.TryGetProperty("id", out var own) && own.ValueKind is JsonValueKind.String or JsonValueKind.Number
            ? own.ToString() : Number(index);
        return new SamplePrompt(id, prompt.GetString()!, line.Where);
    }

    private static bool IsPromptObject(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return document.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("prompt", out _);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static string Number(int index) => index.ToString(CultureInfo.InvariantCulture);
}
