using System.Text.Json;
using Retort.Core;
using Retort.Models.Checkpoints;
using Retort.Models.Tokenizers.ChatTemplates;

namespace Retort.Models.Tokenizers;

/// <summary>
/// A chat template as published checkpoints carry it: the part of Jinja they use, rendered as transformers renders it. A template is
/// a stranger's program: it can do nothing but make text, in a bounded number of steps. It is not told the date.
/// </summary>
public sealed class ChatTemplate : IChatTemplate
{
    private const string FileName = "chat_template.jinja";
    private const int MaxChars = 1 << 20;

    private static readonly string[] TokenNames = ["bos_token", "eos_token", "pad_token", "unk_token", "sep_token", "cls_token", "mask_token"];

    private readonly List<TemplateStatement> body;
    private readonly IReadOnlyDictionary<string, string> tokens;
    private readonly string source, where;

    /// <param name="source">The template in Jinja.</param>
    /// <param name="tokens">Text of the tokens it may name: bos_token, eos_token, ...</param>
    /// <param name="where">Names it in errors.</param>
    public ChatTemplate(string source, IReadOnlyDictionary<string, string>? tokens = null, string where = "chat template")
    {
        ArgumentNullException.ThrowIfNull(source);
        if (source.Length > MaxChars)
        {
            throw UserError.Request(where, $"has {source.Length:N0} characters", $"at most {MaxChars:N0}");
        }

        (this.source, this.where, this.tokens) = (source, where, tokens ?? new Dictionary<string, string>());
        body = TemplateParser.Parse(source, where);
    }

    /// <summary>
    /// The template of a checkpoint: chat_template.jinja, or "chat_template" of tokenizer_config.json, where the one named "default"
    /// is taken of several. Null if the checkpoint has none.
    /// </summary>
    public static ChatTemplate? Open(string checkpointPath)
    {
        var folder = Directory.Exists(checkpointPath) ? checkpointPath : Path.GetDirectoryName(Path.GetFullPath(checkpointPath))!;
        var (file, settingsFile) = (Path.Combine(folder, FileName), Path.Combine(folder, TokenizerFiles.SettingsName));
        JsonFields? settings = File.Exists(settingsFile) ? JsonFields.OfFile(settingsFile) : null;
        var tokens = TokenNames.Select(name => (Name: name, Text: TokenizerMarks.Content(settings, name)))
            .Where(token => token.Text is not null).ToDictionary(token => token.Name, token => token.Text!);
        return File.Exists(file) ? new ChatTemplate(ReadText(file), tokens, file)
            : settings is { } fields && fields.Find("chat_template") is { } value
            ? new ChatTemplate(Choose(fields, value), tokens, $"{settingsFile}: chat_template")
            : null;
    }

    /// <inheritdoc/>
    public string Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var state = new RenderState(where);
        TemplateFunctions.AddTo(state.Scope);
        foreach (var (name, text) in tokens)
        {
            state.Scope[name] = text;
        }

        (state.Scope["tools"], state.Scope["documents"], state.Scope["add_generation_prompt"]) = (null, null, addGenerationPrompt);
        state.Scope["messages"] = messages
            .Select(object? (message) => new OrderedDictionary<string, object?>(StringComparer.Ordinal)
            {
                ["role"] = message.Role,
                ["content"] = message.Content,
            })
            .ToList();
        TemplateStatement.RunAll(state, body);
        return state.Output.ToString();
    }

    /// <summary>Writes chat_template.jinja into a checkpoint, whose tokenizer_config.json names the tokens.</summary>
    public void Save(string checkpointFolder) => AtomicFile.Write(Path.Combine(checkpointFolder, FileName), stream =>
    {
        using var writer = new StreamWriter(stream, leaveOpen: true);
        writer.Write(source);
    });

    private static string ReadText(string file)
    {
        try
        {
            return new FileInfo(file).Length <= 4 * MaxChars ? File.ReadAllText(file)
                : throw UserError.Request(file, "is longer than any chat template", $"at most {MaxChars:N0} characters");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw UserError.Environment(file, $"cannot be read ({fault.Message})", "a readable file", fault);
        }
    }

    private static string Choose(JsonFields settings, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String)
        {
            return value.GetString()!;
        }

        var named = settings.FindArray("chat_template").Select(item => new JsonFields(item, $"{settings.Where}: chat_template"))
            .ToDictionary(item => item.RequireText("name"), item => item.RequireText("template"));
        return named.Count == 1 ? named.Values.Single() : named.TryGetValue("default", out var template) ? template
            : throw UserError.Request(
                $"{settings.Where}: chat_template", $"has the templates {string.Join(", ", named.Keys)}", "one named 'default'");
    }
}
