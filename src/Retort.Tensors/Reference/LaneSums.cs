namespace Retort.Tensors.Reference;

/// <summary>
/// The sums over 16 lanes of docs/numerics.md, one element at a time. The scalar kernels of this folder say what
/// the kernels of the same names in <c>Retort.Tensors.Cpu</c> compute, bit for bit; they are written to be read.
/// </summary>
internal unsafe ref struct LaneSums
{
    private fixed float lanes[16];

    /// <summary>Adds element i to lane i % 16.</summary>
    internal void Add(int i, float value) => lanes[i % 16] += value;

    /// <summary>Lane i % 16 becomes fma(a, b, lane).</summary>
    internal void AddProduct(int i, float a, float b) => lanes[i % 16] = MathF.FusedMultiplyAdd(a, b, lanes[i % 16]);

    /// <summary>The sum of the lanes: lane l and l+8, then l+4, l+2, l+1. Uses up the lanes.</summary>
    internal float Tree()
    {
        for (var distance = 8; distance >= 1; distance /= 2)
        {
            for (var l = 0; l < distance; l++)
            {
                lanes[l] += lanes[l + distance];
            }
        }

        return lanes[0];
    }

    /// <summary>sum16(x[0..n)).</summary>
    internal static float Sum(float* x, int n)
    {
        var sums = default(LaneSums);
        for (var i = 0; i < n; i++)
        {
            sums.Add(i, x[i]);
        }

        return sums.Tree();
    }

    /// <summary>sumsq16(x[0..n)).</summary>
    internal static float SumSquares(float* x, int n)
    {
        var sums = default(LaneSums);
        for (var i = 0; i < n; i++)
        {
            sums.AddProduct(i, x[i], x[i]);
        }

        return sums.Tree();
    }
}
