namespace Retort.Tensors.Cpu;

/// <summary>Sixteen scalars: the portable path, and the shape of what the vector paths do.</summary>
internal readonly unsafe struct AttentionLanesPortable : IAttentionLanes
{
    private const int Lanes = AttentionShape.TileKeys;

    public static void Multiply<TStored>(int rows, in Product product, TStored** panels, int numPanels, float* c)
        where TStored : unmanaged
    {
        for (var panel = 0; panel < numPanels; panel++)
        {
            MultiplyTail(rows, product, panels[panel], Lanes, c + Lanes * panel);
        }
    }

    public static void MultiplyTail<TStored>(int rows, in Product product, TStored* panel, int lanes, float* c)
        where TStored : unmanaged
    {
        for (var row = 0; row < rows; row++)
        {
            for (var lane = 0; lane < lanes; lane++)
            {
                var element = c + row * product.CRow + lane;
                var acc = product.Start switch
                {
                    ProductStart.Zero => 0f,
                    ProductStart.Load => *element,
                    _ => *element * product.Factors[row],
                };
                var a = product.A + row * product.ARow;
                var b = panel + lane;
                for (nint step = 0; step < product.Steps; step++, a += product.AStep, b += product.BStep)
                {
                    acc = MathF.FusedMultiplyAdd(*a, Stored.Load(b), acc);
                }

                *element = acc;
            }
        }
    }

    public static void Softmax(
        int rows, float* scores, int tiles, int* visible, int firstKey, float scale, float* max, float* factors, float* sums)
    {
        for (var row = 0; row < rows; row++, scores += 4 * Lanes, sums += Lanes)
        {
            var keys = Math.Clamp(visible[row] - firstKey, 0, tiles * Lanes);
            var top = max[row];
            for (var key = 0; key < tiles * Lanes; key++)
            {
                scores[key] = key < keys ? scores[key] * scale : float.NegativeInfinity;
                top = MathF.Max(top, scores[key]);
            }

            var factor = float.IsNegativeInfinity(max[row]) ? 0f : AttentionMath.Exp(max[row] - top);
            max[row] = top;
            factors[row] = factor;
            for (var key = 0; key < tiles * Lanes; key++)
            {
                var e = AttentionMath.Exp(scores[key] - top);
                scores[key] = e;
                sums[key % Lanes] = key < Lanes ? MathF.FusedMultiplyAdd(sums[key], factor, e) : sums[key % Lanes] + e;
            }
        }
    }

    public static void Gradient(float* scores, float* dp, int tiles, int visible, float scale, float lse, float d)
    {
        for (var key = 0; key < tiles * Lanes; key++)
        {
            var p = key < visible ? AttentionMath.Exp(scores[key] * scale - lse) : 0f;
            scores[key] = p;
            dp[key] = key < visible ? p * (dp[key] - d) : 0f;
        }
    }

    public static bool ScoreHeads<TStored>(
        int kvHeads, int group, int headDim, float* queries, TStored* keys, float* scores)
        where TStored : unmanaged =>
        false;

    public static int MixHeads<TStored>(
        int rows, int group, int headDim, float* weights, TStored* values, int steps, float* outputs)
        where TStored : unmanaged => 0;

    public static void ScaleRows(int rows, int columns, float* factors, float* target)
    {
        for (var i = 0; i < rows * columns; i++)
        {
            target[i] *= factors[i / columns];
        }
    }

    public static void Scale(float* source, float* target, int count, float scale)
    {
        for (var i = 0; i < count; i++)
        {
            target[i] = scale * source[i] + 0f;
        }
    }

    public static void Divide(float* source, float* target, int count, float divisor)
    {
        for (var i = 0; i < count; i++)
        {
            target[i] = source[i] / divisor + 0f;
        }
    }

    public static float Dot(float* x, float* y, int count)
    {
        var lanes = stackalloc float[Lanes];
        for (var i = 0; i < count; i++)
        {
            lanes[i % Lanes] = MathF.FusedMultiplyAdd(x[i], y[i], lanes[i % Lanes]);
        }

        return AttentionMath.Tree(lanes);
    }
}
