namespace Retort.Tensors.Cpu;

/// <summary>Which registers a kernel thinks in. Every choice gives the same bits.</summary>
internal enum SimdWidth
{
    /// <summary>One float at a time.</summary>
    Portable,

    /// <summary>Two 8-lane registers a panel (AVX2 with FMA; on Arm the runtime splits them).</summary>
    Vector256,

    /// <summary>One 16-lane register a panel (AVX-512).</summary>
    Vector512,
}

/// <summary>
/// The inner product of the engine: <c>y[r, o] = residual + ((start + sum over k of x[r, k] * panel[k][o]) + bias)</c> for
/// consecutive rows and 16 outputs a panel, one ascending chain of fused multiply-adds an element.
/// </summary>
internal unsafe struct MatMulTile<TStored>
    where TStored : unmanaged
{
    /// <summary>First row, and floats from a row to the next.</summary>
    public float* X;
    public nint Ldx;

    /// <summary>First panel at the first k, <c>[k][16]</c>, and weights from a panel to the next.</summary>
    public TStored* Panel;
    public nint PanelStride;

    /// <summary>Weights from <see cref="Panel"/> to the weights used after it, asked for while it is in use; 0 for none.</summary>
    public nint Ahead;

    /// <summary>Number of k.</summary>
    public nint Depth;

    /// <summary>Where the chains start, or null for +0.</summary>
    public float* Start;
    public nint LdStart;

    /// <summary>Result, 16 floats a panel and row.</summary>
    public float* Y;
    public nint Ldy;

    /// <summary>16 floats a panel, or null.</summary>
    public float* Bias;

    /// <summary>Added to the finished element, or null. May be <see cref="Y"/> itself.</summary>
    public float* Residual;
    public nint LdResidual;

    /// <summary>The same tile some rows further down.</summary>
    public readonly MatMulTile<TStored> Rows(nint rows)
    {
        var moved = this;
        moved.X += rows * Ldx;
        moved.Y += rows * Ldy;
        moved.Start = Start == null ? null : Start + rows * LdStart;
        moved.Residual = Residual == null ? null : Residual + rows * LdResidual;
        return moved;
    }
}

/// <summary>A row or panel count the JIT sees as a constant.</summary>
internal interface ICount
{
    static abstract int Value { get; }
}

internal readonly struct N1 : ICount
{
    public static int Value => 1;
}

internal readonly struct N2 : ICount
{
    public static int Value => 2;
}

internal readonly struct N3 : ICount
{
    public static int Value => 3;
}

internal readonly struct N4 : ICount
{
    public static int Value => 4;
}

internal readonly struct N5 : ICount
{
    public static int Value => 5;
}

internal readonly struct N6 : ICount
{
    public static int Value => 6;
}

internal readonly struct N7 : ICount
{
    public static int Value => 7;
}

internal readonly struct N8 : ICount
{
    public static int Value => 8;
}
