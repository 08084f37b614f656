namespace Retort.Tensors;

public sealed partial class Tape
{
    private readonly Pool<SwiGluNode> swiGlus = new();
    private readonly Pool<GeluNode> gelus = new();
    private readonly Pool<ReluNode> relus = new();

    /// <summary>silu(gate) * up, gate and up side by side in x[rows, 2n] (Shazeer 2020).</summary>
    public Variable SwiGlu(Variable gateUp)
    {
        var y = NewVariable(arena.Take(gateUp.Value.Rows, gateUp.Value.Columns / 2));
        Device.SwiGlu(gateUp.Value, y.Value);
        var node = swiGlus.Rent();
        (node.X, node.Y) = (gateUp, y);
        Record(node);
        return y;
    }

    /// <summary>GELU, the tanh form.</summary>
    public Variable Gelu(Variable x)
    {
        var y = NewVariable(arena.Take(x.Value.Rows, x.Value.Columns));
        Device.Gelu(x.Value, y.Value);
        var node = gelus.Rent();
        (node.X, node.Y) = (x, y);
        Record(node);
        return y;
    }

    /// <summary>max(0, x).</summary>
    public Variable Relu(Variable x)
    {
        var y = NewVariable(arena.Take(x.Value.Rows, x.Value.Columns));
        Device.Relu(x.Value, y.Value);
        var node = relus.Rent();
        (node.X, node.Y) = (x, y);
        Record(node);
        return y;
    }

    private sealed class SwiGluNode : Node
    {
        public Variable X = null!, Y = null!;

        public override void Backward(Tape tape)
        {
            tape.Device.SwiGluBackward(Y.Gradient, X.Value, tape.GradientOf(X, out _));
            tape.Retire(Y);
        }
    }

    private sealed class GeluNode : Node
    {
        public Variable X = null!, Y = null!;

        public override void Backward(Tape tape)
        {
            tape.Device.GeluBackward(Y.Gradient, X.Value, tape.GradientOf(X, out _));
            tape.Retire(Y);
        }
    }

    private sealed class ReluNode : Node
    {
        public Variable X = null!, Y = null!;

        public override void Backward(Tape tape)
        {
            tape.Device.ReluBackward(Y.Gradient, X.Value, tape.GradientOf(X, out _));
            tape.Retire(Y);
        }
    }
}
