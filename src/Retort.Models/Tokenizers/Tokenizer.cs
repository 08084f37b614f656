using Retort.Core;
using Retort.Models.Checkpoints;

namespace Retort.Models.Tokenizers;

/// <summary>Opens the tokenizer that lies with a model.</summary>
public static class Tokenizer
{
    private static readonly string[] Known =
    [
        "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model",
    ];

    /// <summary>
    /// The tokenizer of a checkpoint folder (tokenizer.json), or of a llama2.c model (.bin), which has tokN.bin (N: its
    /// vocabulary) or tokenizer.bin beside it. A tokenizer with an option we do not carry out is refused.
    /// </summary>
    public static ITokenizer Open(string path)
    {
        if (File.Exists(path) && path.EndsWith(".bin", StringComparison.OrdinalIgnoreCase))
        {
            return Llama2cTokenizer.OpenBeside(path);
        }

        var file = Directory.Exists(path) ? Path.Combine(path, TokenizerFiles.FileName) : path;
        var fields = JsonFields.OfFile(file);
        fields.AllowOnly(Known);
        var settingsFile = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file))!, TokenizerFiles.SettingsName);
        JsonFields? settings = File.Exists(settingsFile) ? JsonFields.OfFile(settingsFile) : null;
        var marks = TokenizerMarks.Read(fields, settings);
        var model = fields.RequireObject("model");
        // The oldest files leave the type out; only byte-pair encoding has merges.
        var type = model.FindText("type") ?? (model.Find("merges") is null ? "none" : "BPE");
        return type switch
        {
            "WordLevel" => WordLevelJson.Read(fields, marks),
            "BPE" => SubwordJson.Read(fields, marks, file, settings is null ? null : settingsFile),
            _ => throw UserError.Request($"{model.Where}: type", $"is {type}", "BPE or WordLevel"),
        };
    }
}
