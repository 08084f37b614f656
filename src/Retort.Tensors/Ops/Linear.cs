namespace Retort.Tensors;

public sealed partial class Tape
{
    private readonly Pool<LinearNode> linears = new();

    /// <summary>
    /// x[rows, in] -> x W^T (+ bias) (+ residual), [rows, out]. Without recording the sum lands in the residual's own memory.
    /// </summary>
    public Variable Linear(Variable x, Parameter weight, Parameter? bias = null, Variable? residual = null)
    {
        var inPlace = residual is not null && !IsRecording;
        var y = inPlace ? residual! : NewVariable(arena.Take(x.Value.Rows, weight.Rows));
        Device.Linear(x.Value, weight.MatrixIn(values), bias?.In(values) ?? default, residual?.Value ?? default, y.Value);
        var node = linears.Rent();
        (node.X, node.Y, node.Residual, node.Weight, node.Bias) = (x, y, residual, weight, bias);
        Record(node);
        return y;
    }

    private sealed class LinearNode : Node
    {
        public Variable X = null!, Y = null!;
        public Variable? Residual;
        public Parameter Weight = null!;
        public Parameter? Bias;

        public override void Backward(Tape tape)
        {
            var dY = Y.Gradient;
            tape.Device.LinearBackwardWeight(
                X.Value, dY, tape.Shards, Weight.MatrixIn(tape.Gradients), Bias?.In(tape.Gradients) ?? default);
            if (!X.IsInput)
            {
                var dX = tape.GradientOf(X, out var accumulate);
                tape.Device.LinearBackwardInput(dY, Weight.MatrixIn(tape.values), dX, accumulate);
            }

            if (Residual is null)
            {
                tape.Retire(Y);
            }
            else if (Residual.Gradient.IsAbsent)
            {
                // The residual's gradient is this one, unchanged: hand the memory on.
                Residual.Gradient = dY;
            }
            else
            {
                tape.Device.Add(Residual.Gradient, dY, Residual.Gradient);
                tape.Retire(Y);
            }
        }
    }
}
