using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Retort.Core;
using Retort.Tensors;

namespace Retort.Models.Checkpoints;

/// <summary>Number formats of weights on disk that we read and write; how a model keeps them in memory is its own choice.</summary>
public enum TensorType
{
    /// <summary>IEEE 754, 32 bits.</summary>
    F32,

    /// <summary>The upper half of a float32: 8 bits of exponent, 7 of fraction.</summary>
    BF16,

    /// <summary>IEEE 754, 16 bits.</summary>
    F16,
}

/// <summary>Conversions between little-endian bytes of a <see cref="TensorType"/> and float32.</summary>
public static class TensorTypes
{
    /// <summary>Every dtype of the safetensors format with its bytes an element; those we cannot read are still checked.</summary>
    internal static readonly IReadOnlyDictionary<string, int> BytesByName = new Dictionary<string, int>
    {
        ["F32"] = 4,
        ["BF16"] = 2,
        ["F16"] = 2,
        ["F64"] = 8,
        ["BOOL"] = 1,
        ["U8"] = 1,
        ["I8"] = 1,
        ["F8_E4M3"] = 1,
        ["F8_E5M2"] = 1,
        ["I16"] = 2,
        ["U16"] = 2,
        ["I32"] = 4,
        ["U32"] = 4,
        ["I64"] = 8,
        ["U64"] = 8,
    };

    /// <summary>Bytes of one element.</summary>
    public static int Bytes(this TensorType type) => type == TensorType.F32 ? 4 : 2;

    internal static TensorType Parse(string name, string where) => name switch
    {
        "F32" => TensorType.F32,
        "BF16" => TensorType.BF16,
        "F16" => TensorType.F16,
        _ => throw UserError.Request(where, $"has dtype {name}", "weights in F32, BF16 or F16"),
    };

    /// <summary>bfloat16 to float32: exact, the bits move to the upper half.</summary>
    public static float FromBFloat16(ushort bits) => new BFloat16(bits).Widen();

    /// <summary>float32 to bfloat16, rounded to nearest, ties to even; NaN stays NaN.</summary>
    public static ushort ToBFloat16(float value) => BFloat16.Round(value).Bits;

    /// <summary>float16 to float32: exact.</summary>
    public static float FromFloat16(ushort bits) => (float)BitConverter.UInt16BitsToHalf(bits);

    /// <summary>float32 to float16, rounded to nearest, ties to even.</summary>
    public static ushort ToFloat16(float value) => BitConverter.HalfToUInt16Bits((Half)value);

    /// <summary>Reads <paramref name="destination"/>.Length numbers.</summary>
    internal static void Decode(this TensorType type, ReadOnlySpan<byte> bytes, Span<float> destination)
    {
        if (type == TensorType.F32)
        {
            for (var i = 0; i < destination.Length; i++)
            {
                destination[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(4 * i)..]);
            }

            return;
        }

        var halves = MemoryMarshal.Cast<byte, ushort>(bytes);
        for (var i = 0; i < destination.Length; i++)
        {
            var bits = BitConverter.IsLittleEndian ? halves[i] : BinaryPrimitives.ReverseEndianness(halves[i]);
            destination[i] = type == TensorType.BF16 ? FromBFloat16(bits) : FromFloat16(bits);
        }
    }

    /// <summary>Writes <paramref name="source"/>.Length numbers.</summary>
    internal static void Encode(this TensorType type, ReadOnlySpan<float> source, Span<byte> bytes)
    {
        for (var i = 0; i < source.Length; i++)
        {
            switch (type)
            {
                case TensorType.F32:
                    BinaryPrimitives.WriteSingleLittleEndian(bytes[(4 * i)..], source[i]);
                    break;
                case TensorType.BF16:
                    BinaryPrimitives.WriteUInt16LittleEndian(bytes[(2 * i)..], ToBFloat16(source[i]));
                    break;
                default:
                    BinaryPrimitives.WriteUInt16LittleEndian(bytes[(2 * i)..], ToFloat16(source[i]));
                    break;
            }
        }
    }
}
