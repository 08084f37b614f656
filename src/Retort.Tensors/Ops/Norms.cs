namespace Retort.Tensors;

public sealed partial class Tape
{
    private readonly Pool<RmsNormNode> rmsNorms = new();
    private readonly Pool<LayerNormNode> layerNorms = new();
    private readonly Pool<HeadNormNode> headNorms = new();

    /// <summary>Root-mean-square norm over each row (Zhang and Sennrich 2019).</summary>
    public Variable RmsNorm(Variable x, Parameter gain, float epsilon)
    {
        var y = NewVariable(arena.Take(x.Value.Rows, x.Value.Columns));
        var rstd = IsRecording ? arena.Take(x.Value.Rows, 1) : default;
        Device.RmsNorm(x.Value, gain.In(values), epsilon, y.Value, rstd);
        var node = rmsNorms.Rent();
        (node.X, node.Y, node.Gain, node.Rstd) = (x, y, gain, rstd);
        Record(node);
        return y;
    }

    /// <summary>Layer norm over each row (Ba et al. 2016), with or without gain and bias.</summary>
    public Variable LayerNorm(Variable x, Parameter? gain, Parameter? bias, float epsilon)
    {
        var y = NewVariable(arena.Take(x.Value.Rows, x.Value.Columns));
        var mean = IsRecording ? arena.Take(x.Value.Rows, 1) : default;
        var rstd = IsRecording ? arena.Take(x.Value.Rows, 1) : default;
        Device.LayerNorm(x.Value, gain?.In(values) ?? default, bias?.In(values) ?? default, epsilon, y.Value, mean, rstd);
        var node = layerNorms.Rent();
        (node.X, node.Y, node.Gain, node.Bias, node.Mean, node.Rstd) = (x, y, gain, bias, mean, rstd);
        Record(node);
        return y;
    }

    /// <summary>RMSNorm of every query and key head (Dehghani et al. 2023, Henry et al. 2020); values pass through.</summary>
    public Variable HeadNorm(Variable qkv, Parameter gainQ, Parameter gainK, HeadShape heads, float epsilon)
    {
        var y = NewVariable(arena.Take(qkv.Value.Rows, qkv.Value.Columns));
        var rstd = arena.Take(qkv.Value.Rows, heads.NumHeads + heads.NumKvHeads);
        Device.HeadNorm(qkv.Value, gainQ.In(values), gainK.In(values), heads, epsilon, y.Value, rstd);
        var node = headNorms.Rent();
        (node.X, node.Y, node.GainQ, node.GainK, node.Rstd, node.Heads) = (qkv, y, gainQ, gainK, rstd, heads);
        Record(node);
        return y;
    }

    private sealed class RmsNormNode : Node
    {
        public Variable X = null!, Y = null!;
        public Parameter Gain = null!;
        public Tensor Rstd;

        public override void Backward(Tape tape)
        {
            var dX = tape.GradientOf(X, out var accumulate);
            tape.Device.RmsNormBackward(
                Y.Gradient, X.Value, Gain.In(tape.values), Rstd, dX, accumulate, tape.Shards, Gain.In(tape.Gradients));
            tape.Retire(Y);
        }
    }

    private sealed class LayerNormNode : Node
    {
        public Variable X = null!, Y = null!;
        public Parameter? Gain, Bias;
        public Tensor Mean, Rstd;

        public override void Backward(Tape tape)
        {
            var dX = tape.GradientOf(X, out var accumulate);
            tape.Device.LayerNormBackward(
                Y.Gradient, X.Value, Gain?.In(tape.values) ?? default, Mean, Rstd, dX, accumulate, tape.Shards,
                Gain?.In(tape.Gradients) ?? default, Bias?.In(tape.Gradients) ?? default);
            tape.Retire(Y);
        }
    }

    private sealed class HeadNormNode : Node
    {
        public Variable X = null!, Y = null!;
        public Parameter GainQ = null!, GainK = null!;
        public Tensor Rstd;
        public HeadShape Heads;

        public override void Backward(Tape tape)
        {
            tape.Device.HeadNormBackward(
                Y.Gradient, X.Value, GainQ.In(tape.values), GainK.In(tape.values), Rstd, Heads, tape.GradientOf(X, out _),
                tape.Shards, GainQ.In(tape.Gradients), GainK.In(tape.Gradients));
            tape.Retire(Y);
        }
    }
}
