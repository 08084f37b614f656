using Retort.Models.Checkpoints;

namespace Retort.Models.Tests.Checkpoints;

public class TensorTypeTests
{
    [Fact]
    public void Every_bfloat16_is_the_float_its_fields_spell_and_comes_back_as_the_same_bits()
    {
        for (var pattern = 0; pattern <= ushort.MaxValue; pattern++)
        {
            var bits = (ushort)pattern;
            AssertSpells(TensorTypes.FromBFloat16(bits), bits, exponentBits: 8, fractionBits: 7);
            if (!float.IsNaN(TensorTypes.FromBFloat16(bits)))
            {
                Assert.Equal(bits, TensorTypes.ToBFloat16(TensorTypes.FromBFloat16(bits)));
            }
        }
    }

    [Fact]
    public void Every_float16_is_the_float_its_fields_spell_and_comes_back_as_the_same_bits()
    {
        for (var pattern = 0; pattern <= ushort.MaxValue; pattern++)
        {
            var bits = (ushort)pattern;
            AssertSpells(TensorTypes.FromFloat16(bits), bits, exponentBits: 5, fractionBits: 10);
            if (!float.IsNaN(TensorTypes.FromFloat16(bits)))
            {
                Assert.Equal(bits, TensorTypes.ToFloat16(TensorTypes.FromFloat16(bits)));
            }
        }
    }

    [Fact]
    public void Between_two_neighbours_rounding_goes_to_the_nearer_and_from_the_middle_to_the_even_one()
    {
        // All finite positive neighbours; the last one's upper neighbour is where infinity would stand.
        for (ushort bits = 0; bits < 0x7F80; bits++)
        {
            AssertRounds(bits, TensorTypes.FromBFloat16, TensorTypes.ToBFloat16, bits == 0x7F7F ? Math.Pow(2, 128) : null);
        }

        for (ushort bits = 0; bits < 0x7C00; bits++)
        {
            AssertRounds(bits, TensorTypes.FromFloat16, TensorTypes.ToFloat16, bits == 0x7BFF ? 65536 : null);
        }
    }

    [Fact]
    public void NaN_stays_NaN_even_if_only_low_bits_mark_it()
    {
        var faint = BitConverter.UInt32BitsToSingle(0x7F800001);
        Assert.True(float.IsNaN(TensorTypes.FromBFloat16(TensorTypes.ToBFloat16(faint))));
        Assert.True(float.IsNaN(TensorTypes.FromFloat16(TensorTypes.ToFloat16(faint))));
    }

    private static void AssertRounds(ushort bits, Func<ushort, float> from, Func<float, ushort> to, double? upperValue)
    {
        var (low, high) = ((double)from(bits), upperValue ?? from((ushort)(bits + 1)));
        var middle = (float)((low + high) / 2);
        if (middle != (low + high) / 2)
        {
            return; // The middle is no float: below float32's own smallest steps.
        }

        var even = (ushort)(bits % 2 == 0 ? bits : bits + 1);
        Assert.Equal(even, to(middle));
        Assert.Equal(bits, to(MathF.BitDecrement(middle)));
        Assert.Equal((ushort)(bits + 1), to(MathF.BitIncrement(middle)));
        Assert.Equal((ushort)(even | 0x8000), to(-middle));
    }

    /// <summary>The value from its definition: sign, exponent and fraction, in double.</summary>
    private static void AssertSpells(float actual, ushort bits, int exponentBits, int fractionBits)
    {
        var bias = (1 << (exponentBits - 1)) - 1;
        var sign = bits >> 15 == 0 ? 1.0 : -1.0;
        var exponent = (bits >> fractionBits) & ((1 << exponentBits) - 1);
        var fraction = (bits & ((1 << fractionBits) - 1)) / Math.Pow(2, fractionBits);
        if (exponent == (1 << exponentBits) - 1 && fraction != 0)
        {
            Assert.True(float.IsNaN(actual));
            return;
        }

        var expected = exponent == (1 << exponentBits) - 1 ? sign * double.PositiveInfinity
            : exponent == 0 ? sign * fraction * Math.Pow(2, 1 - bias)
            : sign * (1 + fraction) * Math.Pow(2, exponent - bias);
        Assert.Equal(BitConverter.SingleToInt32Bits((float)expected), BitConverter.SingleToInt32Bits(actual));
    }
}
