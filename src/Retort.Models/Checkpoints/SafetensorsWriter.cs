using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using Retort.Core;

namespace Retort.Models.Checkpoints;

/// <summary>Fills a tensor's row-major elements.</summary>
public delegate void TensorFill(Span<float> destination);

/// <summary>A tensor to be written: asked for its elements when its turn comes.</summary>
public sealed record TensorToWrite(string Name, IReadOnlyList<int> Shape, TensorFill Fill);

/// <summary>
/// Writes safetensors files whose bytes depend on names, shapes and values only: tensors in ordinal order of their names,
/// fixed metadata, no gaps. Memory: the largest tensor, once.
/// </summary>
public static class SafetensorsWriter
{
    private const int ChunkElements = 1 << 14;

    private static readonly JsonWriterOptions HeaderOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a file atomically. Names must differ; a shape's product must be below 2^31.</summary>
    public static void Write(string path, IEnumerable<TensorToWrite> tensors, TensorType type = TensorType.F32)
    {
        var ordered = tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal).ToArray();
        var sizes = Array.ConvertAll(ordered, NumElements);
        var header = Header(ordered, sizes, type);
        var elements = new float[sizes.DefaultIfEmpty().Max()];
        var bytes = new byte[ChunkElements * type.Bytes()];
        AtomicFile.Write(path, stream =>
        {
            Span<byte> length = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
            stream.Write(length);
            stream.Write(header);
            for (var i = 0; i < ordered.Length; i++)
            {
                var values = elements.AsSpan(0, sizes[i]);
                ordered[i].Fill(values);
                for (; values.Length > 0; values = values[Math.Min(ChunkElements, values.Length)..])
                {
                    var chunk = values[..Math.Min(ChunkElements, values.Length)];
                    type.Encode(chunk, bytes);
                    stream.Write(bytes, 0, chunk.Length * type.Bytes());
                }
            }
        });
    }

    private static int NumElements(TensorToWrite tensor)
    {
        var product = 1L;
        foreach (var size in tensor.Shape)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(size, tensor.Name);
            product = checked(product * size);
        }

        return product <= Array.MaxLength ? (int)product
            : throw new ArgumentException($"'{tensor.Name}' has {product} elements, more than one array holds");
    }

    private static byte[] Header(TensorToWrite[] tensors, int[] sizes, TensorType type)
    {
        using var memory = new MemoryStream();
        using (var json = new Utf8JsonWriter(memory, HeaderOptions))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            json.WriteString("format", "pt");
            json.WriteEndObject();
            var position = 0L;
            for (var i = 0; i < tensors.Length; i++)
            {
                if (tensors[i].Name == "__metadata__" || (i > 0 && tensors[i].Name == tensors[i - 1].Name))
                {
                    throw new ArgumentException($"the name '{tensors[i].Name}' is taken");
                }

                json.WriteStartObject(tensors[i].Name);
                json.WriteString("dtype", type.ToString());
                WriteNumbers(json, "shape", tensors[i].Shape.Select(size => (long)size));
                var end = position + (long)sizes[i] * type.Bytes();
                WriteNumbers(json, "data_offsets", [position, end]);
                json.WriteEndObject();
                position = end;
            }

            json.WriteEndObject();
        }

        // Spaces up to a multiple of 8 align the data, as the format recommends.
        while (memory.Length % 8 != 0)
        {
            memory.WriteByte((byte)' ');
        }

        return memory.ToArray();
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, IEnumerable<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (var number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }
}
