namespace Retort.Tensors;

/// <summary>
/// A row-major float32 matrix [rows, columns] in a device's memory: an opaque view that owns nothing. Models pass it
/// around; only a <see cref="Device"/> looks inside. The default value is "absent" (an optional bias, say).
/// </summary>
public readonly struct Tensor
{
    internal readonly nint Address;

    /// <summary>Rows; for activations, tokens.</summary>
    public readonly int Rows;

    /// <summary>Columns; rows are contiguous.</summary>
    public readonly int Columns;

    internal Tensor(nint address, int rows, int columns) => (Address, Rows, Columns) = (address, rows, columns);

    /// <summary>Elements.</summary>
    public long Length => (long)Rows * Columns;

    /// <summary>True for the default value.</summary>
    public bool IsAbsent => Rows == 0 && Columns == 0;

    internal unsafe float* Data => (float*)Address;

    /// <summary>Rows first .. first+count-1 of this matrix, the same memory.</summary>
    public unsafe Tensor Slice(int firstRow, int count)
    {
        if (firstRow < 0 || count < 0 || firstRow + count > Rows)
        {
            throw new ArgumentOutOfRangeException(nameof(firstRow), $"rows {firstRow}+{count} of {Rows}");
        }

        return new Tensor((nint)(Data + (long)firstRow * Columns), count, Columns);
    }

    /// <summary>The same memory under another shape of the same length.</summary>
    public Tensor As(int rows, int columns) => (long)rows * columns == Length
        ? new Tensor(Address, rows, columns)
        : throw new ArgumentException($"[{rows},{columns}] has not the length of [{Rows},{Columns}]");

    /// <inheritdoc/>
    public override string ToString() => IsAbsent ? "absent" : $"[{Rows},{Columns}]";
}

/// <summary>Int32 values (tokens, positions, row numbers) in a device's memory: an opaque view that owns nothing.</summary>
public readonly struct IntTensor
{
    internal readonly nint Address;

    /// <summary>Elements.</summary>
    public readonly int Length;

    internal IntTensor(nint address, int length) => (Address, Length) = (address, length);

    /// <summary>True for the default value.</summary>
    public bool IsAbsent => Length == 0;

    internal unsafe int* Data => (int*)Address;

    /// <summary>Elements first .. first+count-1, the same memory.</summary>
    public unsafe IntTensor Slice(int first, int count) => first >= 0 && count >= 0 && first + count <= Length
        ? new IntTensor((nint)(Data + first), count)
        : throw new ArgumentOutOfRangeException(nameof(first), $"{first}+{count} of {Length}");
}

/// <summary>In which format weight matrices are kept. Arithmetic is float32 in either.</summary>
public enum WeightFormat
{
    /// <summary>As they were trained; the only format that trains.</summary>
    Float32,

    /// <summary>Rounded to <see cref="Tensors.BFloat16"/> as they are written: half the bytes to read, for generation.</summary>
    BFloat16,
}

/// <summary>
/// A weight matrix W[out, in] in panels of 16 outputs, <c>panel[out / 16][in][16]</c>, padded with zeros
/// (docs/numerics.md). The same layout holds its gradient and its moments.
/// </summary>
/// <param name="Panels">ceil(out / 16) * in rows of 16 weights: 16 floats wide, or 8, a pair of bfloat16 in the place of each.</param>
/// <param name="OutDim">Outputs.</param>
/// <param name="InDim">Inputs.</param>
/// <param name="Format">How the weights are kept; gradients and moments are float32.</param>
public readonly record struct PanelMatrix(Tensor Panels, int OutDim, int InDim, WeightFormat Format = WeightFormat.Float32)
{
    /// <summary>Outputs in a panel: the virtual vector's lanes.</summary>
    public const int PanelWidth = 16;

    /// <summary>Floats' worth of padded storage that an [out, in] matrix takes.</summary>
    public static long StorageLength(int outDim, int inDim, WeightFormat format = WeightFormat.Float32) =>
        (long)((outDim + PanelWidth - 1) / PanelWidth) * inDim * RowFloats(format);

    /// <summary>Floats' worth of one row of a panel.</summary>
    internal static int RowFloats(WeightFormat format) => format == WeightFormat.BFloat16 ? PanelWidth / 2 : PanelWidth;
}
