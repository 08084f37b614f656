namespace Retort.Tensors;

public sealed partial class Tape
{
    private readonly Pool<RopeNode> ropes = new();
    private readonly Pool<AttentionNode> attentions = new();

    /// <summary>Rotary positions on the q and k heads of x = q|k|v, in place (Su et al. 2021).</summary>
    public Variable Rope(Variable qkv, IntTensor positions, RopeTables tables, HeadShape heads)
    {
        var numHeads = heads.NumHeads + heads.NumKvHeads;
        Device.Rope(qkv.Value, positions, tables, numHeads, heads.HeadDim, inverse: false);
        var node = ropes.Rent();
        (node.Qkv, node.Positions, node.Tables, node.NumHeads, node.HeadDim) = (qkv, positions, tables, numHeads, heads.HeadDim);
        Record(node);
        return qkv;
    }

    /// <summary>Causal attention inside each sequence of a training batch, [tokens, NumHeads * HeadDim].</summary>
    public Variable Attention(Variable qkv, IntTensor sequenceStarts, HeadShape heads, long keysSeen, AttentionBias bias = default)
    {
        var y = NewVariable(arena.Take(qkv.Value.Rows, heads.OutputWidth));
        var lse = arena.Take(qkv.Value.Rows, heads.NumHeads);
        Device.Attention(qkv.Value, sequenceStarts, heads, keysSeen, y.Value, lse, bias);
        var node = attentions.Rent();
        (node.Qkv, node.Y, node.Lse, node.SequenceStarts, node.Heads, node.KeysSeen, node.Bias) =
            (qkv, y, lse, sequenceStarts, heads, keysSeen, bias);
        Record(node);
        return y;
    }

    /// <summary>Attention of a generation step over cached keys and values, which it extends.</summary>
    public Variable CachedAttention(
        Variable qkv, StepLayout layout, KvPages pages, int layer, HeadShape heads, AttentionBias bias = default)
    {
        if (IsRecording)
        {
            throw new InvalidOperationException("cached attention has no backward pass");
        }

        var y = NewVariable(arena.Take(qkv.Value.Rows, heads.OutputWidth));
        Device.CachedAttention(qkv.Value, layout, pages, layer, heads, y.Value, bias);
        return y;
    }

    private sealed class RopeNode : Node
    {
        public Variable Qkv = null!;
        public IntTensor Positions;
        public RopeTables Tables;
        public int NumHeads, HeadDim;

        public override void Backward(Tape tape) =>
            tape.Device.Rope(Qkv.Gradient, Positions, Tables, NumHeads, HeadDim, inverse: true);
    }

    private sealed class AttentionNode : Node
    {
        public Variable Qkv = null!, Y = null!;
        public Tensor Lse;
        public IntTensor SequenceStarts;
        public HeadShape Heads;
        public long KeysSeen;
        public AttentionBias Bias;

        public override void Backward(Tape tape)
        {
            tape.Device.AttentionBackward(
                Y.Gradient, Qkv.Value, Y.Value, Lse, SequenceStarts, Heads, KeysSeen, tape.GradientOf(Qkv, out _), Bias);
            if (Bias.Gradient is { } place)
            {
                tape.Device.AttentionBiasBackward(
                    Y.Gradient, Qkv.Value, Y.Value, Lse, SequenceStarts, Heads, KeysSeen, Bias, tape.Shards, place.In(tape.Gradients));
            }

            tape.Retire(Y);
        }
    }
}
