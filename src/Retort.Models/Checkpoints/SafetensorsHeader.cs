using System.Text.Json;
using Retort.Core;

namespace Retort.Models.Checkpoints;

/// <summary>One tensor as a safetensors header describes it; offsets count from the first byte after the header.</summary>
internal sealed record SafetensorsEntry(string Name, string Dtype, int[] Shape, long Begin, long End)
{
    public long NumElements => (End - Begin) / TensorTypes.BytesByName[Dtype];
}

/// <summary>
/// The JSON header of a safetensors file: { name: { dtype, shape, data_offsets: [begin, end] } } and "__metadata__".
/// A header that does not describe its file exactly (holes, overlaps, sizes that disagree) is refused.
/// </summary>
internal static class SafetensorsHeader
{
    /// <summary>The format's own limit.</summary>
    public const long MaxHeaderBytes = 100_000_000;

    public static Dictionary<string, SafetensorsEntry> Parse(byte[] json, long dataBytes, string path)
    {
        var header = JsonFields.OfBytes(json, $"{path}: header");
        var entries = new Dictionary<string, SafetensorsEntry>();
        foreach (var field in header.Fields)
        {
            if (field.Name == "__metadata__")
            {
                CheckMetadata(new JsonFields(field.Value, $"{header.Where}: __metadata__"));
            }
            else
            {
                entries.Add(field.Name, ParseEntry(field.Name, field.Value, dataBytes, path));
            }
        }

        CheckCoverage(entries.Values, dataBytes, path);
        return entries;
    }

    private static void CheckMetadata(JsonFields metadata)
    {
        foreach (var field in metadata.Fields)
        {
            if (field.Value.ValueKind != JsonValueKind.String)
            {
                throw UserError.Request(metadata.Where, $"holds {JsonFields.Show(field.Value)}", "strings only");
            }
        }
    }

    private static SafetensorsEntry ParseEntry(string name, JsonElement value, long dataBytes, string path)
    {
        var fields = new JsonFields(value, $"{path}: tensor '{name}'");
        fields.AllowOnly("dtype", "shape", "data_offsets");
        var dtype = fields.RequireText("dtype");
        if (!TensorTypes.BytesByName.TryGetValue(dtype, out var bytes))
        {
            throw fields.Wrong("dtype", fields.Require("dtype"), string.Join(", ", TensorTypes.BytesByName.Keys),
                NearestName.Of(dtype, TensorTypes.BytesByName.Keys));
        }

        var shape = Longs(fields, "shape");
        var offsets = Longs(fields, "data_offsets");
        if (offsets.Length != 2 || offsets[0] > offsets[1] || offsets[1] > dataBytes)
        {
            throw fields.Wrong("data_offsets", fields.Require("data_offsets"),
                $"[begin, end] with 0 <= begin <= end <= {dataBytes}, the bytes after the header");
        }

        var size = (Int128)bytes;
        foreach (var length in shape)
        {
            // Lengths are below 2^31, so the product of a shape that fits cannot pass 2^63 * 2^31 before it is refused.
            size *= length;
            if (size > long.MaxValue)
            {
                break;
            }
        }

        if (size != offsets[1] - offsets[0])
        {
            throw UserError.Request(fields.Where,
                $"has {offsets[1] - offsets[0]} bytes for shape {JsonFields.Show(fields.Require("shape"))} of {dtype}",
                size > long.MaxValue ? "a shape that fits a file" : $"{size} bytes");
        }

        return new(name, dtype, Array.ConvertAll(shape, length => (int)length), offsets[0], offsets[1]);
    }

    private static long[] Longs(JsonFields fields, string name)
    {
        fields.Require(name);
        var numbers = new List<long>();
        foreach (var item in fields.FindArray(name))
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt64(out var number) || number < 0
                || (name == "shape" && number > int.MaxValue))
            {
                throw fields.Wrong(name, item, "whole numbers, none of them negative");
            }

            numbers.Add(number);
        }

        return [.. numbers];
    }

    private static void CheckCoverage(IEnumerable<SafetensorsEntry> entries, long dataBytes, string path)
    {
        var position = 0L;
        foreach (var entry in entries.OrderBy(entry => entry.Begin).ThenBy(entry => entry.End))
        {
            if (entry.Begin != position)
            {
                var fault = entry.Begin < position ? "overlaps the tensor before it" : "leaves a hole before it";
                throw UserError.Request($"{path}: tensor '{entry.Name}'",
                    $"begins at byte {entry.Begin}, which {fault}", $"byte {position}");
            }

            position = entry.End;
        }

        if (position != dataBytes)
        {
            throw UserError.Request(path, $"has {dataBytes} bytes of data", $"{position}, the end of the last tensor");
        }
    }
}
