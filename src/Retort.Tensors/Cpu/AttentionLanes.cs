namespace Retort.Tensors.Cpu;

/// <summary>How a product's accumulators begin.</summary>
internal enum ProductStart
{
    /// <summary>At +0.</summary>
    Zero,

    /// <summary>From the stored elements: the chain goes on.</summary>
    Load,

    /// <summary>From the stored elements times the row's factor (the online softmax's correction).</summary>
    Scale,
}

/// <summary>
/// A small matrix product, C[row, lane] = chain over step ascending of fma(A[row, step], B[step, lane], acc). One form
/// serves all five products of attention; only the strides differ. All strides in floats.
/// </summary>
internal unsafe struct Product
{
    /// <summary>A's first element, its stride between rows and its stride between steps.</summary>
    public float* A;
    public nint ARow, AStep;

    /// <summary>B's stride between steps; each panel of lanes has its own pointer.</summary>
    public nint BStep;

    /// <summary>Length of the chain.</summary>
    public nint Steps;

    /// <summary>C's stride between rows.</summary>
    public nint CRow;

    public ProductStart Start;

    /// <summary>A factor a row, for <see cref="ProductStart.Scale"/>.</summary>
    public float* Factors;
}

/// <summary>One width of the machine's vectors. All three give the same bits, element for element.</summary>
internal unsafe interface IAttentionLanes
{
    /// <summary>
    /// 1..6 rows; <paramref name="panels"/> are B's columns by 16, panel i writes C columns 16 i .. 16 i + 15.
    /// </summary>
    static abstract void Multiply<TStored>(int rows, in Product product, TStored** panels, int numPanels, float* c)
        where TStored : unmanaged;

    /// <summary>As Multiply for one panel of 4, 8 or 12 lanes (what a head size leaves over from 16).</summary>
    static abstract void MultiplyTail<TStored>(int rows, in Product product, TStored* panel, int lanes, float* c)
        where TStored : unmanaged;

    /// <summary>
    /// One softmax block: <paramref name="scores"/> [rows][64] become exp(scale s - max); <paramref name="max"/>[row] and
    /// <paramref name="sums"/>[row][16] go on; <paramref name="factors"/>[row] is the correction of what came before.
    /// Key lanes at or beyond visible[row] - <paramref name="firstKey"/> are selected away, whatever they hold.
    /// Max and factors hold 8 floats.
    /// </summary>
    static abstract void Softmax(
        int rows, float* scores, int tiles, int* visible, int firstKey, float scale, float* max, float* factors, float* sums);

    /// <summary>
    /// Backward of one row: scores become p = exp(scale s - lse), dp becomes p (dp - d); lanes at or beyond
    /// <paramref name="visible"/> become +0.
    /// </summary>
    static abstract void Gradient(float* scores, float* dp, int tiles, int visible, float scale, float lse, float d);

    /// <summary>
    /// All heads' scores against one page of keys [kvHeads][headDim][16], where that pays: queries [kvHeads * group][headDim] to
    /// scores [kvHeads * group][64], 16 of each row. False: not done.
    /// </summary>
    static abstract bool ScoreHeads<TStored>(
        int kvHeads, int group, int headDim, float* queries, TStored* keys, float* scores)
        where TStored : unmanaged;

    /// <summary>
    /// Several heads' values of one page, where lockstep pays: [rows][64] weights times [row / group][16][headDim] values
    /// added to [rows][headDim] outputs. Returns how many rows, from the first, it has done (0: none).
    /// </summary>
    static abstract int MixHeads<TStored>(
        int rows, int group, int headDim, float* weights, TStored* values, int steps, float* outputs)
        where TStored : unmanaged;

    /// <summary>Row r of target [rows][columns] *= factors[r]; columns a multiple of 4.</summary>
    static abstract void ScaleRows(int rows, int columns, float* factors, float* target);

    /// <summary>target = scale * source + 0, <paramref name="count"/> a multiple of 4.</summary>
    static abstract void Scale(float* source, float* target, int count, float scale);

    /// <summary>target = source / divisor + 0, <paramref name="count"/> a multiple of 4.</summary>
    static abstract void Divide(float* source, float* target, int count, float divisor);

    /// <summary>dot16 of numerics.md, <paramref name="count"/> a multiple of 4.</summary>
    static abstract float Dot(float* x, float* y, int count);
}

internal static unsafe class AttentionProducts
{
    /// <summary>A product whose columns are a head's lanes: whole panels, then what the head size leaves over.</summary>
    public static void Columns<TLanes, TStored>(
        int rows, int headDim, in Product product, TStored* b, TStored** panels, float* c)
        where TLanes : struct, IAttentionLanes
        where TStored : unmanaged
    {
        const int lanes = AttentionShape.TileKeys;
        var numPanels = headDim / lanes;
        if (numPanels > 0)
        {
            for (var panel = 0; panel < numPanels; panel++)
            {
                panels[panel] = b + lanes * panel;
            }

            TLanes.Multiply(rows, product, panels, numPanels, c);
        }

        var rest = headDim - lanes * numPanels;
        if (rest > 0)
        {
            TLanes.MultiplyTail(rows, product, b + lanes * numPanels, rest, c + lanes * numPanels);
        }
    }
}

/// <summary>A row count the compiler can see, so that a kernel keeps only the accumulators it uses.</summary>
internal interface IRows
{
    static abstract int Count { get; }
}

internal readonly struct Rows1 : IRows
{
    public static int Count => 1;
}

internal readonly struct Rows2 : IRows
{
    public static int Count => 2;
}

internal readonly struct Rows3 : IRows
{
    public static int Count => 3;
}

internal readonly struct Rows4 : IRows
{
    public static int Count => 4;
}

internal readonly struct Rows5 : IRows
{
    public static int Count => 5;
}

internal readonly struct Rows6 : IRows
{
    public static int Count => 6;
}
