using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Retort.Tensors.Cpu;

/// <summary>Two 256-bit registers to the virtual vector of 16 lanes.</summary>
internal readonly unsafe struct AttentionLanes256 : IAttentionLanes
{
    private const int Block = 64;
    private const int Tile = AttentionShape.TileKeys;

    private static Vector256<int> Iota => Vector256.Create(0, 1, 2, 3, 4, 5, 6, 7);

    public static void Multiply<TStored>(int rows, in Product product, TStored** panels, int numPanels, float* c)
        where TStored : unmanaged =>
        AttentionProduct256.Multiply(rows, product, panels, numPanels, c);

    public static void MultiplyTail<TStored>(int rows, in Product product, TStored* panel, int lanes, float* c)
        where TStored : unmanaged =>
        AttentionProduct256.MultiplyTail(rows, product, panel, lanes, c);

    public static void Softmax(
        int rows, float* scores, int tiles, int* visible, int firstKey, float scale, float* max, float* factors, float* sums)
    {
        var before = Vector256.Load(max);
        for (var row = 0; row < rows; row++)
        {
            var s = scores + row * Block;
            var keys = visible[row] - firstKey;
            if (keys < tiles * Tile)
            {
                Hide(s, tiles, keys);
            }

            // Rounding is monotone: the largest scaled score is the largest score, scaled.
            max[row] = float.MaxNative(max[row], scale * Highest(s, tiles));
        }

        var after = Vector256.Load(max);
        var factor = AttentionMath.Exp(before - after);
        factor = Vector256.ConditionalSelect(
            Vector256.Equals(before, Vector256.Create(float.NegativeInfinity)), Vector256<float>.Zero, factor);
        factor.Store(factors);
        for (var row = 0; row < rows; row++)
        {
            Exponentials(scores + row * Block, tiles, scale, max[row], factors[row], sums + row * Tile);
        }
    }

    private static void Hide(float* s, int tiles, int keys)
    {
        var bound = Vector256.Create(keys) - Iota;
        for (var key = Math.Max(0, keys) / 8 * 8; key < tiles * Tile; key += 8)
        {
            var shown = Vector256.GreaterThan(bound, Vector256.Create(key)).AsSingle();
            Vector256.ConditionalSelect(shown, Vector256.Load(s + key), Vector256.Create(float.NegativeInfinity)).Store(s + key);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Highest(float* s, int tiles)
    {
        var low = Vector256.Load(s);
        var high = Vector256.Load(s + 8);
        for (var tile = 1; tile < tiles; tile++)
        {
            s += Tile;
            low = Vector256.MaxNative(low, Vector256.Load(s));
            high = Vector256.MaxNative(high, Vector256.Load(s + 8));
        }

        return Highest(Vector256.MaxNative(low, high));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Highest(Vector256<float> x)
    {
        var four = Vector128.MaxNative(x.GetLower(), x.GetUpper());
        var two = Vector128.MaxNative(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        return float.MaxNative(two[0], two[1]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Exponentials(float* s, int tiles, float scale, float max, float factor, float* sums)
    {
        var top = Vector256.Create(max);
        var by = Vector256.Create(factor);
        var x = AttentionMath.Exp(Vector256.Load(s) * scale - top);
        var y = AttentionMath.Exp(Vector256.Load(s + 8) * scale - top);
        x.Store(s);
        y.Store(s + 8);
        var low = Vector256.FusedMultiplyAdd(Vector256.Load(sums), by, x);
        var high = Vector256.FusedMultiplyAdd(Vector256.Load(sums + 8), by, y);
        for (var tile = 1; tile < tiles; tile++)
        {
            s += Tile;
            x = AttentionMath.Exp(Vector256.Load(s) * scale - top);
            y = AttentionMath.Exp(Vector256.Load(s + 8) * scale - top);
            x.Store(s);
            y.Store(s + 8);
            low += x;
            high += y;
        }

        low.Store(sums);
        high.Store(sums + 8);
    }

    public static void Gradient(float* scores, float* dp, int tiles, int visible, float scale, float lse, float d)
    {
        var factor = Vector256.Create(scale);
        var norm = Vector256.Create(lse);
        var mean = Vector256.Create(d);
        var bound = Vector256.Create(visible) - Iota;
        var masked = visible < tiles * Tile;
        for (var key = 0; key < tiles * Tile; key += 8)
        {
            var p = AttentionMath.Exp(Vector256.Load(scores + key) * factor - norm);
            var ds = p * (Vector256.Load(dp + key) - mean);
            if (masked)
            {
                var shown = Vector256.GreaterThan(bound, Vector256.Create(key)).AsSingle();
                p &= shown;
                ds &= shown;
            }

            p.Store(scores + key);
            ds.Store(dp + key);
        }
    }

    public static bool ScoreHeads<TStored>(
        int kvHeads, int group, int headDim, float* queries, TStored* keys, float* scores)
        where TStored : unmanaged =>
        AttentionScores256.Run(kvHeads, group, headDim, queries, keys, scores);

    public static int MixHeads<TStored>(
        int rows, int group, int headDim, float* weights, TStored* values, int steps, float* outputs)
        where TStored : unmanaged =>
        AttentionLockstep256.Mix(rows, group, headDim, weights, values, steps, outputs);

    public static void ScaleRows(int rows, int columns, float* factors, float* target)
    {
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column += 4, target += 4)
            {
                (Vector128.Load(target) * factors[row]).Store(target);
            }
        }
    }

    public static void Scale(float* source, float* target, int count, float scale)
    {
        var i = 0;
        for (; i + 8 <= count; i += 8)
        {
            (scale * Vector256.Load(source + i) + Vector256<float>.Zero).Store(target + i);
        }

        if (i < count)
        {
            (scale * Vector128.Load(source + i) + Vector128<float>.Zero).Store(target + i);
        }
    }

    public static void Divide(float* source, float* target, int count, float divisor)
    {
        var i = 0;
        for (; i + 8 <= count; i += 8)
        {
            (Vector256.Load(source + i) / Vector256.Create(divisor) + Vector256<float>.Zero).Store(target + i);
        }

        if (i < count)
        {
            (Vector128.Load(source + i) / Vector128.Create(divisor) + Vector128<float>.Zero).Store(target + i);
        }
    }

    public static float Dot(float* x, float* y, int count)
    {
        Vector128<float> a = default, b = default, c = default, d = default;
        for (var i = 0; i < count; i += Tile)
        {
            a = Vector128.FusedMultiplyAdd(Vector128.Load(x + i), Vector128.Load(y + i), a);
            if (i + 4 < count)
            {
                b = Vector128.FusedMultiplyAdd(Vector128.Load(x + i + 4), Vector128.Load(y + i + 4), b);
            }

            if (i + 8 < count)
            {
                c = Vector128.FusedMultiplyAdd(Vector128.Load(x + i + 8), Vector128.Load(y + i + 8), c);
            }

            if (i + 12 < count)
            {
                d = Vector128.FusedMultiplyAdd(Vector128.Load(x + i + 12), Vector128.Load(y + i + 12), d);
            }
        }

        var four = a + c + (b + d);
        return four[0] + four[2] + (four[1] + four[3]);
    }
}
