using Retort.Core;
using Retort.Tensors.Cpu;

namespace Retort.Tensors.Tests;

/// <summary>Generation over pages gives the training kernel's bits, for every way to feed the tokens.</summary>
public sealed unsafe class AttentionPagedTests
{
    private const int Page = AttentionShape.TileKeys;

    public static TheoryData<int, int, int, int> Shapes => AttentionShapes.Many;

    [Theory, MemberData(nameof(Shapes))]
    public void Prefill_chunks_and_single_tokens_give_the_training_bits(int heads, int kvHeads, int headDim, int tokens)
    {
        var shape = new HeadShape(heads, kvHeads, headDim);
        using var qkv = NativeFloats.Random(tokens * shape.QkvWidth, "qkv");
        using var expected = new NativeFloats(tokens * shape.OutputWidth);
        using var scratch = new NativeFloats(AttentionForward.ScratchFloats(shape, tokens));
        for (var kvHead = 0; kvHead < kvHeads; kvHead++)
        {
            AttentionForward.Run(shape, qkv.Data, expected.Data, null, kvHead, 0, tokens, scratch.Data);
        }

        Check<AttentionLanes256>(shape, qkv, tokens, _ => tokens, expected);
        Check<AttentionLanes256>(shape, qkv, tokens, _ => 1, expected);
        Check<AttentionLanes256>(shape, qkv, tokens, _ => 13, expected);
        var random = CounterRandom.For(2, "chunks", (ulong)tokens);
        Check<AttentionLanes256>(shape, qkv, tokens, _ => 1 + (int)(random.NextUInt32() % 40), expected);
        Check<AttentionLanesPortable>(shape, qkv, tokens, done => done == 0 ? Math.Max(1, tokens - 3) : 1, expected);
        Check<AttentionLanes512>(shape, qkv, tokens, done => done == 0 ? Math.Max(1, tokens - 3) : 1, expected);
    }

    [Fact]
    public void Heads_attended_in_any_cut_give_the_same_bits()
    {
        var shape = new HeadShape(8, 4, 8);
        const int tokens = 100;
        using var qkv = NativeFloats.Random(tokens * shape.QkvWidth, "qkv");
        using var cache = new Cache(shape, tokens);
        using var together = new NativeFloats(shape.OutputWidth);
        using var apart = new NativeFloats(shape.OutputWidth);
        using var scratch = new NativeFloats(AttentionPaged.ScratchFloats(shape), float.NaN);
        AttentionPaged.Append(shape, qkv.Data, 0, tokens, cache.Pages);
        var query = qkv.Data + (tokens - 1) * shape.QkvWidth;
        AttentionPaged.Attend(shape, query, together.Data, tokens - 1, 1, 0, 4, cache.Pages, scratch.Data);
        AttentionPaged.Attend(shape, query, apart.Data, tokens - 1, 1, 3, 4, cache.Pages, scratch.Data);
        AttentionPaged.Attend(shape, query, apart.Data, tokens - 1, 1, 0, 3, cache.Pages, scratch.Data);
        AttentionShapes.AssertSameBits(together.Span, apart.Span, "output");
    }

    /// <summary>Every float outside the tokens appended so far is NaN, and so is the scratch: any leak shows.</summary>
    private static void Check<TLanes>(
        HeadShape shape, NativeFloats qkv, int tokens, Func<int, int> chunk, NativeFloats expected)
        where TLanes : struct, IAttentionLanes
    {
        using var cache = new Cache(shape, tokens);
        using var output = new NativeFloats(expected.Count, float.NaN);
        using var scratch = new NativeFloats(AttentionPaged.ScratchFloats(shape), float.NaN);
        for (var done = 0; done < tokens;)
        {
            var rows = Math.Min(chunk(done), tokens - done);
            var at = qkv.Data + done * shape.QkvWidth;
            AttentionPaged.Append(shape, at, done, rows, cache.Pages);
            AttentionPaged.Attend<TLanes>(
                shape, at, output.Data + done * shape.OutputWidth, done, rows, 0, shape.NumKvHeads, cache.Pages, scratch.Data);
            done += rows;
        }

        AttentionShapes.AssertSameBits(expected.Span, output.Span, typeof(TLanes).Name);
    }

    private sealed class Cache : IDisposable
    {
        private readonly NativeFloats keys, values, pages;

        public Cache(HeadShape shape, int tokens)
        {
            var numPages = (tokens + Page - 1) / Page;
            var pageFloats = shape.NumKvHeads * shape.HeadDim * Page;
            keys = new NativeFloats((2 * numPages + 1) * pageFloats, float.NaN);
            values = new NativeFloats((2 * numPages + 1) * pageFloats, float.NaN);
            pages = new NativeFloats(numPages);
            var indices = (int*)pages.Data;
            for (var page = 0; page < numPages; page++)
            {
                // Neither ascending nor adjacent.
                indices[page] = page % 2 == 0 ? page + 1 : 2 * numPages - page;
            }

            Pages = new AttentionPages(keys.Data, values.Data, pageFloats, indices);
        }

        public AttentionPages Pages { get; }

        public void Dispose()
        {
            keys.Dispose();
            values.Dispose();
            pages.Dispose();
        }
    }
}
