using Retort.Tensors;

namespace Retort.Models;

/// <summary>
/// One tensor of a checkpoint and where it lies in the model: rows of a matrix or table, or elements of a vector.
/// </summary>
/// <param name="Name">Hugging Face name.</param>
/// <param name="Parameter">The parameter that holds it.</param>
/// <param name="First">First row of a matrix or table; first element of a vector.</param>
/// <param name="Count">Rows, or elements of a vector.</param>
public sealed record NamedTensor(string Name, Parameter Parameter, int First, int Count)
{
    private bool IsVector => Parameter.Rows == 1 && !Parameter.IsPanels;

    /// <summary>Rows as the checkpoint sees them; a vector is one row.</summary>
    public int Rows => IsVector ? 1 : Count;

    /// <summary>Elements in a row.</summary>
    public int Columns => IsVector ? Count : Parameter.Columns;

    /// <summary>Writes consecutive rows, beginning with <paramref name="row"/>, from the host.</summary>
    public void Write(Transformer model, ReadOnlySpan<float> rows, int row = 0)
    {
        var flat = model.Parameters.Values;
        if (Parameter.IsPanels)
        {
            model.Device.WritePanels(rows, Parameter.MatrixIn(flat), First + row);
        }
        else
        {
            model.Device.Write(Place(flat, row, rows.Length / Columns), rows);
        }

        model.Parameters.Changed();
    }

    /// <summary>Reads the whole tensor, row-major, to the host; <paramref name="flat"/> is the values, a gradient or a moment.</summary>
    public void Read(Device device, Tensor flat, Span<float> destination)
    {
        if (Parameter.IsPanels)
        {
            device.ReadPanels(Parameter.MatrixIn(flat), First, destination);
        }
        else
        {
            device.Read(Place(flat, 0, Rows), destination);
        }
    }

    private Tensor Place(Tensor flat, int row, int rows)
    {
        var all = Parameter.In(flat);
        return IsVector ? all.As(all.Columns, 1).Slice(First, Count) : all.Slice(First + row, rows);
    }
}
