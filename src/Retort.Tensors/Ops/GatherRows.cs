namespace Retort.Tensors;

public sealed partial class Tape
{
    private readonly Pool<GatherRowsNode> gathers = new();

    /// <summary>Some rows of x, [rows, columns], in any order and as often as wanted.</summary>
    public Variable GatherRows(Variable x, IntTensor rows)
    {
        var y = NewVariable(arena.Take(rows.Length, x.Value.Columns));
        Device.GatherRows(x.Value, rows, y.Value);
        var node = gathers.Rent();
        (node.X, node.Y, node.Rows) = (x, y, rows);
        Record(node);
        return y;
    }

    private sealed class GatherRowsNode : Node
    {
        public Variable X = null!, Y = null!;
        public IntTensor Rows;

        public override void Backward(Tape tape)
        {
            var dX = tape.GradientOf(X, out var accumulate);
            if (accumulate)
            {
                throw new InvalidOperationException("gathered rows must be their input's only use");
            }

            tape.Device.ScatterRows(Y.Gradient, Rows, dX);
            tape.Retire(Y);
        }
    }
}
