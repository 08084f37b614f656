using System.Text.Json;
using System.Text.RegularExpressions;
using Retort.Core;
using Retort.Models.Checkpoints;

namespace Retort.Models.Tokenizers;

/// <summary>
/// The tokenizer.json of byte-pair encodings, carried out to the letter or refused: a normalizer, pre-tokenizer, decoder or
/// option that is not listed here is a <see cref="UserError"/>.
/// </summary>
internal static class SubwordJson
{
    private const string Space = " ", Mark = "\u2581";

    // GPT-2's expression, which ByteLevel applies unless use_regex is false.
    private const string Gpt2Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    public static SubwordTokenizer Read(JsonFields fields, TokenizerMarks marks, string file, string? settingsFile)
    {
        var model = fields.RequireObject("model");
        model.AllowOnly("type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback",
            "ignore_merges", "vocab", "merges");
        foreach (var name in new[] { "continuing_subword_prefix", "end_of_word_suffix" })
        {
            if (model.FindText(name) is { Length: > 0 })
            {
                throw model.Wrong(name, model.Require(name), "null: marked subwords are not supported");
            }
        }

        if (model.FindNumber("dropout") is > 0)
        {
            throw model.Wrong("dropout", model.Require("dropout"), "null: the same text has the same tokens");
        }

        var steps = new List<TextStep>();
        var normalizes = AddNormalizer(steps, fields.FindObject("normalizer"));
        var byteLevel = AddPreTokenizer(steps, fields.FindObject("pre_tokenizer"), isLast: true);
        var stripsLeadingSpace = ReadDecoder(fields, byteLevel);
        var added = AddedToken.ReadAll(fields);
        if (added.Find(token => token.Normalized && !(normalizes == Normalizes.Nothing
            || (normalizes == Normalizes.Composition && token.Content.All(char.IsAscii)))) is { } hidden)
        {
            throw UserError.Request($"{fields.Where}: added_tokens", $"has '{hidden.Content}' with normalized = true",
                "false, since this normalizer rewrites text");
        }

        var fallback = new BpeFallback(
            model.FindBool("byte_fallback") ?? false, model.FindText("unk_token"), model.FindBool("fuse_unk") ?? false);
        return new SubwordTokenizer(new SubwordParts
        {
            Vocabulary = TokenizerFiles.ReadVocabulary(model),
            Merges = ReadMerges(model),
            Fallback = fallback,
            ByteLevel = byteLevel,
            IgnoreMerges = model.FindBool("ignore_merges") ?? false,
            StripsLeadingSpace = stripsLeadingSpace,
            Steps = steps,
            Added = added,
            Marks = marks,
            Json = File.ReadAllBytes(file),
            Settings = settingsFile is null ? TokenizerFiles.Settings(marks.Bos, marks.Eos, marks.Pad, fallback.Unknown)
                : File.ReadAllBytes(settingsFile),
            Where = fields.Where,
        });
    }

    private enum Normalizes
    {
        Nothing,
        Composition,
        Anything,
    }

    private static List<(string Left, string Right)> ReadMerges(JsonFields model)
    {
        model.Require("merges");
        var merges = new List<(string, string)>();
        foreach (var item in model.FindArray("merges"))
        {
            var pair = item.ValueKind switch
            {
                JsonValueKind.String => item.GetString()!.Split(' '),
                JsonValueKind.Array => [.. item.EnumerateArray().Select(part => part.ValueKind == JsonValueKind.String ? part.GetString()! : "")],
                _ => [],
            };
            merges.Add(pair is [{ Length: > 0 } left, { Length: > 0 } right] ? (left, right)
                : throw UserError.Request($"{model.Where}: merges", $"holds {JsonFields.Show(item)}", "\"left right\" or [\"left\", \"right\"]"));
        }

        return merges;
    }

    private static Normalizes AddNormalizer(List<TextStep> steps, JsonFields? normalizer)
    {
        if (normalizer is not { } fields)
        {
            return Normalizes.Nothing;
        }

        switch (fields.RequireText("type"))
        {
            case "Sequence":
                var result = Normalizes.Nothing;
                foreach (var part in fields.FindArray("normalizers"))
                {
                    var one = AddNormalizer(steps, new JsonFields(part, $"{fields.Where}: normalizers"));
                    result = one > result ? one : result;
                }

                return result;
            case "NFC":
                steps.Add(piece => [piece with { Text = UnicodeComposition.Compose(piece.Text) }]);
                return Normalizes.Composition;
            case "Prepend":
                fields.AllowOnly("type", "prepend");
                steps.Add(TextSteps.Prepend(fields.RequireText("prepend")));
                return Normalizes.Anything;
            case "Replace":
                fields.AllowOnly("type", "pattern", "content");
                var pattern = fields.RequireObject("pattern");
                pattern.AllowOnly("String");
                var text = pattern.RequireText("String");
                steps.Add(TextSteps.Replace(
                    text.Length > 0 ? text : throw pattern.Wrong("String", pattern.Require("String"), "some text"), fields.RequireText("content")));
                return Normalizes.Anything;
            default:
                throw fields.Wrong("type", fields.Require("type"), "NFC, Prepend, Replace or Sequence");
        }
    }

    /// <summary>Adds the cutting steps; true if they end with the byte-level alphabet.</summary>
    private static bool AddPreTokenizer(List<TextStep> steps, JsonFields? preTokenizer, bool isLast)
    {
        if (preTokenizer is not { } fields)
        {
            return false;
        }

        switch (fields.RequireText("type"))
        {
            case "Sequence":
                var (parts, byteLevel) = (fields.FindArray("pretokenizers").ToArray(), false);
                for (var i = 0; i < parts.Length; i++)
                {
                    byteLevel = AddPreTokenizer(
                        steps, new JsonFields(parts[i], $"{fields.Where}: pretokenizers[{i}]"), isLast && i == parts.Length - 1);
                }

                return byteLevel;
            case "ByteLevel":
                fields.AllowOnly("type", "add_prefix_space", "trim_offsets", "use_regex");
                if (!isLast)
                {
                    throw fields.Wrong("type", fields.Require("type"), "ByteLevel at the end, since it changes the alphabet");
                }

                if (fields.FindBool("add_prefix_space") ?? true)
                {
                    steps.Add(TextSteps.PrefixSpace());
                }

                if (fields.FindBool("use_regex") ?? true)
                {
                    steps.Add(TextSteps.Split(Compile(Gpt2Pattern, fields), keepMatches: true, keepGaps: true));
                }

                steps.Add(TextSteps.ByteLevel());
                return true;
            case "Split":
                steps.Add(ReadSplit(fields));
                return false;
            case "Digits":
                fields.AllowOnly("type", "individual_digits");
                steps.Add(fields.FindBool("individual_digits") == true ? TextSteps.Digits()
                    : throw UserError.Request(fields.Where, "keeps runs of digits together", "individual_digits = true"));
                return false;
            case "Metaspace":
                steps.Add(ReadMetaspace(fields, out _));
                return false;
            default:
                throw fields.Wrong("type", fields.Require("type"), "ByteLevel, Split, Digits, Metaspace or Sequence");
        }
    }

    private static TextStep ReadSplit(JsonFields fields)
    {
        fields.AllowOnly("type", "pattern", "behavior", "invert");
        var pattern = fields.RequireObject("pattern");
        pattern.AllowOnly("Regex", "String");
        var regex = Compile(pattern.FindText("Regex") ?? Regex.Escape(pattern.RequireText("String")), pattern);
        var invert = fields.FindBool("invert") ?? false;
        return fields.RequireText("behavior") switch
        {
            "Isolated" => TextSteps.Split(regex, keepMatches: true, keepGaps: true),
            "Removed" => TextSteps.Split(regex, keepMatches: invert, keepGaps: !invert),
            _ => throw fields.Wrong("behavior", fields.Require("behavior"), "Isolated or Removed"),
        };
    }

    private static TextStep ReadMetaspace(JsonFields fields, out bool prepends)
    {
        fields.AllowOnly("type", "replacement", "prepend_scheme", "add_prefix_space", "split", "str_rep");
        if (fields.RequireText("replacement") is not Mark)
        {
            throw fields.Wrong("replacement", fields.Require("replacement"), $"\"{Mark}\"");
        }

        var scheme = fields.FindText("prepend_scheme") ?? (fields.FindBool("add_prefix_space") == false ? "never" : "always");
        if (scheme is not ("always" or "first" or "never"))
        {
            throw fields.Wrong("prepend_scheme", fields.Require("prepend_scheme"), "always, first or never", NearestName.Of(scheme, ["always", "first", "never"]));
        }

        prepends = scheme != "never";
        return TextSteps.Metaspace(Mark[0], scheme == "always", scheme == "first", fields.FindBool("split") ?? true);
    }

    /// <summary>Whether decoding drops a leading space. Decoders are ByteLevel, Metaspace, or the steps of SentencePiece.</summary>
    private static bool ReadDecoder(JsonFields fields, bool byteLevel)
    {
        var decoder = fields.RequireObject("decoder");
        var type = decoder.RequireText("type");
        if (byteLevel || type == "ByteLevel")
        {
            return byteLevel && type == "ByteLevel" ? false
                : throw decoder.Wrong("type", decoder.Require("type"), "ByteLevel together with the pre-tokenizer ByteLevel");
        }

        if (type == "Metaspace")
        {
            ReadMetaspace(decoder, out var prepends);
            return prepends;
        }

        if (type != "Sequence")
        {
            throw decoder.Wrong("type", decoder.Require("type"), "ByteLevel, Metaspace or Sequence");
        }

        var (strips, replaces) = (false, false);
        foreach (var element in decoder.FindArray("decoders"))
        {
            var part = new JsonFields(element, $"{decoder.Where}: decoders");
            switch (part.RequireText("type"))
            {
                case "Replace" when part.RequireObject("pattern").FindText("String") == Mark && part.RequireText("content") == Space:
                    replaces = true;
                    break;
                case "ByteFallback" or "Fuse":
                    break;
                case "Strip" when part.RequireText("content") == Space && part.RequireInt("start") is 0 or 1 && part.RequireInt("stop") == 0:
                    strips = part.RequireInt("start") == 1;
                    break;
                case "Metaspace":
                    ReadMetaspace(part, out strips);
                    replaces = true;
                    break;
                default:
                    throw UserError.Request(part.Where, $"has the step {JsonFields.Show(element)}",
                        $"Replace \"{Mark}\" by \" \", ByteFallback, Fuse, Strip of one leading space, or Metaspace");
            }
        }

        return replaces ? strips : throw UserError.Request(decoder.Where, $"never turns \"{Mark}\" into a space", "a step Replace or Metaspace");
    }

    private static Regex Compile(string pattern, JsonFields where)
    {
        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant);
        }
        catch (ArgumentException fault)
        {
            throw UserError.Request(where.Where, $"holds an expression we cannot read ({fault.Message})", "a regular expression of .NET's kind");
        }
    }
}
