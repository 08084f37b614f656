namespace Retort.Tensors;

/// <summary>
/// The upper half of a float32: 8 bits of exponent, 7 of fraction. A storage format only; whoever reads it widens it, which is exact,
/// and computes in float32.
/// </summary>
/// <param name="Bits">The stored half.</param>
public readonly record struct BFloat16(ushort Bits)
{
    /// <summary>The nearest number, ties to even; beyond the largest, infinity; NaN stays NaN.</summary>
    public static BFloat16 Round(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return new((ushort)(float.IsNaN(value) ? (bits >> 16) | 0x40 : (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16));
    }

    /// <summary>The same number.</summary>
    public float Widen() => BitConverter.UInt32BitsToSingle((uint)Bits << 16);
}
