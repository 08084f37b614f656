using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Retort.Core;
using Retort.Tensors.Cpu;

namespace Retort.Tensors.Tests;

/// <summary>
/// Generation over pages gives the training kernel's bits, for every way to feed the tokens: those of the sequence itself, and with
/// bfloat16 pages those of the sequence whose keys and values were rounded before.
/// </summary>
public sealed unsafe class AttentionPagedTests
{
    private const int Page = AttentionShape.TileKeys;

    public static TheoryData<int, int, int, int> Shapes => AttentionShapes.Many;

    [Theory, MemberData(nameof(Shapes))]
    public void Prefill_chunks_and_single_tokens_give_the_training_bits(int heads, int kvHeads, int headDim, int tokens)
    {
        var shape = new HeadShape(heads, kvHeads, headDim);
        CheckAll<float>(shape, tokens, x => x, null);
        CheckAll<BFloat16>(shape, tokens, x => BFloat16.Round(x).Widen(), null);
        using var bias = new RandomBias(shape, tokens);
        CheckAll<float>(shape, tokens, x => x, bias);
    }

    [Fact]
    public void Heads_attended_in_any_cut_give_the_same_bits()
    {
        HeadsInAnyCut<float>();
        HeadsInAnyCut<BFloat16>();
    }

    [Fact]
    public void Keys_and_values_are_rounded_to_the_nearest_half_with_ties_to_even()
    {
        float[] numbers =
        [
            0f, -0f, 1f, 1f + 1 / 256f, 1f + 3 / 256f, -1f - 1 / 256f, MathF.BitIncrement(1f + 1 / 256f), MathF.BitDecrement(1f + 3 / 256f),
            float.MaxValue, float.MinValue, float.PositiveInfinity, float.NegativeInfinity, float.Epsilon, -1e-40f,
            float.NaN, BitConverter.UInt32BitsToSingle(0x7F800001),
        ];
        var shape = new HeadShape(1, 1, numbers.Length);
        using var qkv = new NativeFloats(3 * numbers.Length);
        numbers.CopyTo(qkv.Span[numbers.Length..]);
        numbers.CopyTo(qkv.Span[(2 * numbers.Length)..]);
        using var cache = new Cache<BFloat16>(shape, 1);
        AttentionPaged.Append(shape, qkv.Data, default, 0, 1, cache.Pages);
        var first = cache.Pages.Pages[0] * cache.Pages.PageStride;
        for (var d = 0; d < numbers.Length; d++)
        {
            var expected = BFloat16.Round(numbers[d]);
            Assert.Equal(expected, cache.Pages.Keys[first + Page * d]);
            Assert.Equal(expected, cache.Pages.Values[first + d]);
        }

        Assert.Equal([1f, 1f + 1 / 64f, -1f, 1f + 1 / 128f, 1f + 1 / 128f], numbers[3..8].Select(x => BFloat16.Round(x).Widen()));
        Assert.Equal([float.PositiveInfinity, float.NegativeInfinity], numbers[8..10].Select(x => BFloat16.Round(x).Widen()));
        Assert.All(numbers[^2..], x => Assert.True(float.IsNaN(BFloat16.Round(x).Widen())));
    }

    private static void CheckAll<TStored>(HeadShape shape, int tokens, Func<float, float> stored, RandomBias? bias)
        where TStored : unmanaged
    {
        using var qkv = NativeFloats.Random(tokens * shape.QkvWidth, "qkv");
        using var rounded = NativeFloats.Random(tokens * shape.QkvWidth, "qkv");
        for (var i = 0; i < rounded.Count; i++)
        {
            rounded.Data[i] = i % shape.QkvWidth < shape.KeyOffset(0) ? rounded.Data[i] : stored(rounded.Data[i]);
        }

        using var expected = new NativeFloats(tokens * shape.OutputWidth);
        using var scratch = new NativeFloats(AttentionForward.ScratchFloats(shape, tokens));
        for (var kvHead = 0; kvHead < shape.NumKvHeads; kvHead++)
        {
            AttentionForward.Run(shape, rounded.Data, expected.Data, null, bias?.ScoreBias ?? default, kvHead, 0, tokens, scratch.Data);
        }

        Check<AttentionLanes256, TStored>(shape, qkv, tokens, _ => tokens, expected, bias);
        Check<AttentionLanes256, TStored>(shape, qkv, tokens, _ => 1, expected, bias);
        Check<AttentionLanes256, TStored>(shape, qkv, tokens, _ => 13, expected, bias);
        var random = CounterRandom.For(2, "chunks", (ulong)tokens);
        Check<AttentionLanes256, TStored>(shape, qkv, tokens, _ => 1 + (int)(random.NextUInt32() % 40), expected, bias);
        Check<AttentionLanesPortable, TStored>(shape, qkv, tokens, done => done == 0 ? Math.Max(1, tokens - 3) : 1, expected, bias);
        Check<AttentionLanes512, TStored>(shape, qkv, tokens, done => done == 0 ? Math.Max(1, tokens - 3) : 1, expected, bias);
    }

    private static void HeadsInAnyCut<TStored>()
        where TStored : unmanaged
    {
        var shape = new HeadShape(8, 4, 8);
        const int tokens = 100;
        using var qkv = NativeFloats.Random(tokens * shape.QkvWidth, "qkv");
        using var cache = new Cache<TStored>(shape, tokens);
        using var together = new NativeFloats(shape.OutputWidth);
        using var apart = new NativeFloats(shape.OutputWidth);
        using var scratch = new NativeFloats(AttentionPaged.ScratchFloats(shape), float.NaN);
        AttentionPaged.Append(shape, qkv.Data, default, 0, tokens, cache.Pages);
        var query = qkv.Data + (tokens - 1) * shape.QkvWidth;
        AttentionPaged.Attend(shape, query, together.Data, default, tokens - 1, 1, 0, 4, cache.Pages, scratch.Data);
        AttentionPaged.Attend(shape, query, apart.Data, default, tokens - 1, 1, 3, 4, cache.Pages, scratch.Data);
        AttentionPaged.Attend(shape, query, apart.Data, default, tokens - 1, 1, 0, 3, cache.Pages, scratch.Data);
        AttentionShapes.AssertSameBits(together.Span, apart.Span, "output");
    }

    /// <summary>Every number outside the tokens appended so far is NaN, and so is the scratch: any leak shows.</summary>
    private static void Check<TLanes, TStored>(
        HeadShape shape, NativeFloats qkv, int tokens, Func<int, int> chunk, NativeFloats expected, RandomBias? bias)
        where TLanes : struct, IAttentionLanes
        where TStored : unmanaged
    {
        using var cache = new Cache<TStored>(shape, tokens);
        using var output = new NativeFloats(expected.Count, float.NaN);
        using var scratch = new NativeFloats(AttentionPaged.ScratchFloats(shape), float.NaN);
        for (var done = 0; done < tokens;)
        {
            var rows = Math.Min(chunk(done), tokens - done);
            var at = qkv.Data + done * shape.QkvWidth;
            var rowBias = (bias?.ScoreBias ?? default).From(done);
            AttentionPaged.Append(shape, at, rowBias, done, rows, cache.Pages);
            AttentionPaged.Attend<TLanes, TStored>(
                shape, at, output.Data + done * shape.OutputWidth, rowBias, done, rows, 0, shape.NumKvHeads, cache.Pages, scratch.Data);
            done += rows;
        }

        AttentionShapes.AssertSameBits(expected.Span, output.Span, $"{typeof(TLanes).Name} over {typeof(TStored).Name}");
    }

    private sealed class Cache<TStored> : IDisposable
        where TStored : unmanaged
    {
        private readonly NativeFloats keys, values, pages, ids;

        public Cache(HeadShape shape, int tokens)
        {
            var numPages = (tokens + Page - 1) / Page;
            var pageElements = shape.NumKvHeads * shape.HeadDim * Page;
            keys = new NativeFloats((2 * numPages + 1) * pageElements * Unsafe.SizeOf<TStored>() / sizeof(float));
            values = new NativeFloats(keys.Count);
            // All bits set is not a number in either format.
            MemoryMarshal.AsBytes(keys.Span).Fill(0xFF);
            MemoryMarshal.AsBytes(values.Span).Fill(0xFF);
            pages = new NativeFloats(numPages);
            ids = new NativeFloats((2 * numPages + 1) * Page);
            // Read as a distance it would be far outside of any table.
            MemoryMarshal.Cast<float, int>(ids.Span).Fill(int.MinValue / 2);
            var indices = (int*)pages.Data;
            for (var page = 0; page < numPages; page++)
            {
                // Neither ascending nor adjacent.
                indices[page] = page % 2 == 0 ? page + 1 : 2 * numPages - page;
            }

            Pages = new AttentionPages<TStored>((TStored*)keys.Data, (TStored*)values.Data, (int*)ids.Data, pageElements, indices);
        }

        public AttentionPages<TStored> Pages { get; }

        public void Dispose()
        {
            keys.Dispose();
            values.Dispose();
            pages.Dispose();
            ids.Dispose();
        }
    }
}
