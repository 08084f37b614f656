using System.Runtime.Intrinsics;

namespace Retort.Tensors.Cpu;

/// <summary>The virtual vector is one register. What is not on the hot path is shared with the 256-bit lanes.</summary>
internal readonly unsafe struct AttentionLanes512 : IAttentionLanes
{
    private const int Block = 64;
    private const int Tile = AttentionShape.TileKeys;

    private static Vector512<int> Iota => Vector512.Create(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);

    public static void Multiply<TStored>(int rows, in Product product, TStored** panels, int numPanels, float* c)
        where TStored : unmanaged =>
        AttentionProduct512.Multiply(rows, product, panels, numPanels, c);

    public static void MultiplyTail<TStored>(int rows, in Product product, TStored* panel, int lanes, float* c)
        where TStored : unmanaged =>
        AttentionProduct256.MultiplyTail(rows, product, panel, lanes, c);

    public static void Softmax(
        int rows, float* scores, int tiles, int* visible, int firstKey, float scale, float* max, float* factors, float* sums)
    {
        var before = Vector256.Load(max);
        var hidden = Vector512.Create(float.NegativeInfinity);
        for (var row = 0; row < rows; row++)
        {
            var s = scores + row * Block;
            var bound = Vector512.Create(visible[row] - firstKey) - Iota;
            var top = hidden;
            for (var tile = 0; tile < tiles; tile++, s += Tile)
            {
                var shown = Vector512.GreaterThan(bound, Vector512.Create(Tile * tile)).AsSingle();
                var x = Vector512.ConditionalSelect(shown, Vector512.Load(s) * scale, hidden);
                x.Store(s);
                top = Vector512.MaxNative(top, x);
            }

            var eight = Vector256.MaxNative(top.GetLower(), top.GetUpper());
            var four = Vector128.MaxNative(eight.GetLower(), eight.GetUpper());
            var two = Vector128.MaxNative(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
            max[row] = float.MaxNative(max[row], float.MaxNative(two[0], two[1]));
        }

        var factor = AttentionMath.Exp(before - Vector256.Load(max));
        factor = Vector256.ConditionalSelect(
            Vector256.Equals(before, Vector256.Create(float.NegativeInfinity)), Vector256<float>.Zero, factor);
        factor.Store(factors);
        for (var row = 0; row < rows; row++)
        {
            var s = scores + row * Block;
            var top = Vector512.Create(max[row]);
            var e = AttentionMath.Exp(Vector512.Load(s) - top);
            e.Store(s);
            var sum = Vector512.FusedMultiplyAdd(Vector512.Load(sums + row * Tile), Vector512.Create(factors[row]), e);
            for (var tile = 1; tile < tiles; tile++)
            {
                e = AttentionMath.Exp(Vector512.Load(s + Tile * tile) - top);
                e.Store(s + Tile * tile);
                sum += e;
            }

            sum.Store(sums + row * Tile);
        }
    }

    public static void Gradient(float* scores, float* dp, int tiles, int visible, float scale, float lse, float d)
    {
        var bound = Vector512.Create(visible) - Iota;
        for (var key = 0; key < tiles * Tile; key += Tile)
        {
            var shown = Vector512.GreaterThan(bound, Vector512.Create(key)).AsSingle();
            var p = AttentionMath.Exp(Vector512.Load(scores + key) * scale - Vector512.Create(lse)) & shown;
            var ds = (p * (Vector512.Load(dp + key) - Vector512.Create(d))) & shown;
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

    public static void ScaleRows(int rows, int columns, float* factors, float* target) =>
        AttentionLanes256.ScaleRows(rows, columns, factors, target);

    public static void Scale(float* source, float* target, int count, float scale) =>
        AttentionLanes256.Scale(source, target, count, scale);

    public static void Divide(float* source, float* target, int count, float divisor) =>
        AttentionLanes256.Divide(source, target, count, divisor);

    public static float Dot(float* x, float* y, int count) => AttentionLanes256.Dot(x, y, count);
}
