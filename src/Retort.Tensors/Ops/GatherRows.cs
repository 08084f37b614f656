namespace Retort.Tensors;

public sealed partial class Tape
{
    /// <summary>Some rows of x, [rows, columns]: in generation, the rows whose logits are wanted. Not recorded.</summary>
    public Variable GatherRows(Variable x, IntTensor rows)
    {
        if (IsRecording)
        {
            throw new InvalidOperationException("gathering rows has no backward pass; give unwanted rows the target -1");
        }

        var y = NewVariable(arena.Take(rows.Length, x.Value.Columns));
        Device.GatherRows(x.Value, rows, y.Value);
        return y;
    }
}
