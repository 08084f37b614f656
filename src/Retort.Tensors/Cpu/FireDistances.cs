namespace Retort.Tensors.Cpu;

/// <summary>FIRE's normalised distances (docs/numerics.md), a query's at a time.</summary>
internal static unsafe class FireDistances
{
    /// <summary>Keeps a query at place 0 from dividing 0 by 0.</summary>
    public const float Least = 1e-6f;

    /// <summary>y[i (i + 1) / 2 + d] for queries i0 .. i1-1; shape holds c and m.</summary>
    public static void Forward(float* shape, float threshold, float* y, int i0, int i1)
    {
        var (c, least) = (MathF.Abs(shape[0]), MathF.Abs(shape[1]) * threshold);
        for (var i = i0; i < i1; i++)
        {
            var row = y + (nint)i * (i + 1) / 2;
            var whole = AttentionMath.Log(MathF.FusedMultiplyAdd(c, MathF.Max(i, least), 1f)) + Least;
            for (var d = 0; d <= i; d++)
            {
                row[d] = AttentionMath.Log(MathF.FusedMultiplyAdd(c, d, 1f)) / whole;
            }
        }
    }

    /// <summary>dShape[0 .. 1] from dY, for <paramref name="numIds"/> queries: two sums in double, entries ascending.</summary>
    public static void Backward(float* dY, float* shape, float threshold, float* dShape, int numIds)
    {
        var (c, least) = (MathF.Abs(shape[0]), MathF.Abs(shape[1]) * threshold);
        var (toC, toLeast) = (0.0, 0.0);
        for (var i = 0; i < numIds; i++)
        {
            var row = dY + (nint)i * (i + 1) / 2;
            double n = MathF.Max(i, least);
            var whole = AttentionMath.Log(MathF.FusedMultiplyAdd(c, (float)n, 1f)) + Least;
            for (var d = 0; d <= i; d++)
            {
                double y = AttentionMath.Log(MathF.FusedMultiplyAdd(c, d, 1f)) / whole;
                toC += row[d] * ((d / (c * (double)d + 1) - y * n / (c * n + 1)) / whole);
                toLeast -= i < least ? row[d] * (y * c / (c * n + 1) / whole) : 0;
            }
        }

        dShape[0] = (float)(shape[0] < 0 ? -toC : toC);
        dShape[1] = (float)(shape[1] < 0 ? -toLeast : toLeast) * threshold;
    }
}
