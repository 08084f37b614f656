using System.Runtime.InteropServices;
using Retort.Core;
using Retort.Tensors.Cpu;

namespace Retort.Tensors.Tests;

/// <summary>Native floats filled by name, and the shapes the attention tests share.</summary>
internal sealed unsafe class NativeFloats : IDisposable
{
    public NativeFloats(long count, float fill = 0f)
    {
        Count = (int)count;
        Data = (float*)NativeMemory.AlignedAlloc((nuint)Math.Max(64, count * sizeof(float)), 64);
        Span.Fill(fill);
    }

    public float* Data { get; }

    public int Count { get; }

    public Span<float> Span => new(Data, Count);

    public static NativeFloats Random(long count, string purpose, float spread = 1f)
    {
        var floats = new NativeFloats(count);
        var random = CounterRandom.For(3, purpose, (ulong)count);
        foreach (ref var x in floats.Span)
        {
            x = spread * (float)(4 * (random.NextUInt32() / 4294967296.0 - 0.5));
        }

        return floats;
    }

    public void Dispose() => NativeMemory.AlignedFree(Data);
}

/// <summary>A table of random numbers and ids in no order at all: what kernels must not care about.</summary>
internal sealed unsafe class RandomBias : IDisposable
{
    private const int NumIds = 300;

    private readonly NativeFloats table, ids;

    public RandomBias(HeadShape shape, int tokens, bool isByPair = false)
    {
        var entries = isByPair ? NumIds * (NumIds + 1) / 2 : NumIds;
        table = NativeFloats.Random(entries * shape.NumHeads, "bias");
        ids = new NativeFloats(tokens);
        var random = CounterRandom.For(5, "ids", (ulong)tokens);
        for (var i = 0; i < tokens; i++)
        {
            Ids[i] = random.NextInt32(NumIds);
        }

        Bias = new AttentionBias(
            new Tensor((nint)table.Data, entries, shape.NumHeads), new IntTensor((nint)ids.Data, tokens), isByPair);
    }

    public AttentionBias Bias { get; }

    public int* Ids => (int*)ids.Data;

    public ScoreBias ScoreBias => ScoreBias.Of(Bias);

    public void Dispose()
    {
        table.Dispose();
        ids.Dispose();
    }
}

internal static class AttentionShapes
{
    public static TheoryData<int, int, int, int> Many { get; } = new()
    {
        // heads, kvHeads, headDim, tokens
        { 1, 1, 4, 7 }, { 2, 1, 8, 1 }, { 8, 4, 8, 70 }, { 2, 2, 12, 33 }, { 3, 1, 16, 65 }, { 4, 2, 20, 48 },
        { 2, 1, 24, 17 }, { 6, 2, 32, 97 }, { 4, 4, 28, 16 }, { 2, 1, 64, 130 }, { 5, 1, 64, 49 }, { 1, 1, 64, 200 },
        { 7, 1, 32, 64 }, { 2, 2, 128, 66 }, { 4, 1, 16, 200 }, { 1, 1, 36, 128 },
    };

    public static void AssertSameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        var left = MemoryMarshal.Cast<float, int>(expected);
        var right = MemoryMarshal.Cast<float, int>(actual);
        for (var i = 0; i < left.Length; i++)
        {
            if (left[i] != right[i])
            {
                Assert.Fail($"{what}: element {i} is {actual[i]:R}, expected {expected[i]:R}");
            }
        }
    }
}
