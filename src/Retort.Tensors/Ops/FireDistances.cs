namespace Retort.Tensors;

public sealed partial class Tape
{
    private readonly Pool<FireNode> fires = new();

    /// <summary>FIRE's normalised distances of all pairs of position ids, [ids (ids + 1) / 2, 1]: see <see cref="Device.FireDistances"/>.</summary>
    public Variable FireDistances(Parameter shape, float threshold, int numIds)
    {
        var y = NewVariable(arena.Take(numIds * (numIds + 1) / 2, 1));
        Device.FireDistances(shape.In(values), threshold, y.Value);
        var node = fires.Rent();
        (node.Shape, node.Threshold, node.Y) = (shape, threshold, y);
        Record(node);
        return y;
    }

    private sealed class FireNode : Node
    {
        public Parameter Shape = null!;
        public float Threshold;
        public Variable Y = null!;

        public override void Backward(Tape tape)
        {
            tape.Device.FireDistancesBackward(Y.Gradient, Shape.In(tape.values), Threshold, Shape.In(tape.Gradients));
            tape.Retire(Y);
        }
    }
}
