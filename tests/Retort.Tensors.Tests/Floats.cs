using System.Runtime.InteropServices;
using Retort.Core;

namespace Retort.Tensors.Tests;

/// <summary>
/// Native arrays for kernel tests with a guard of a known pattern behind the end, checked at disposal: a kernel that
/// writes beyond its range fails its test.
/// </summary>
internal sealed unsafe class Floats : IDisposable
{
    private const int GuardFloats = 64;
    private const float GuardValue = 12345.678f;

    internal Floats(int length)
    {
        Length = length;
        Pointer = (float*)NativeMemory.AlignedAlloc((nuint)(length + GuardFloats) * sizeof(float), 64);
        Span.Clear();
        new Span<float>(Pointer + length, GuardFloats).Fill(GuardValue);
    }

    internal float* Pointer { get; }

    internal int Length { get; }

    internal Span<float> Span => new(Pointer, Length);

    /// <summary>Normal values times a scale.</summary>
    internal static Floats Normal(int length, string purpose, float scale = 1f)
    {
        var random = CounterRandom.For(7, purpose);
        var floats = new Floats(length);
        for (var i = 0; i < length; i++)
        {
            floats.Pointer[i] = scale * (float)random.NextGaussian();
        }

        return floats;
    }

    internal static Floats Of(params ReadOnlySpan<float> values)
    {
        var floats = new Floats(values.Length);
        values.CopyTo(floats.Span);
        return floats;
    }

    internal Floats Copy() => Of(Span);

    /// <summary>Fails unless both hold the same bits; any NaN equals any NaN.</summary>
    internal static void AssertSameBits(Floats expected, Floats actual, string what = "")
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            var (e, a) = (expected.Pointer[i], actual.Pointer[i]);
            if (BitConverter.SingleToInt32Bits(e) != BitConverter.SingleToInt32Bits(a) && !(float.IsNaN(e) && float.IsNaN(a)))
            {
                Assert.Fail($"{what} element {i}: {e:R} expected, {a:R} found");
            }
        }
    }

    public void Dispose()
    {
        for (var i = 0; i < GuardFloats; i++)
        {
            Assert.Equal(GuardValue, Pointer[Length + i]);
        }

        NativeMemory.AlignedFree(Pointer);
    }
}
