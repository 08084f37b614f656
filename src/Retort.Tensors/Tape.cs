namespace Retort.Tensors;

/// <summary>A value on the tape and, in the backward pass, its gradient. Pooled: valid until the next <see cref="Tape.Reset"/>.</summary>
public sealed class Variable
{
    /// <summary>The value.</summary>
    public Tensor Value { get; internal set; }

    /// <summary>The gradient of the loss; absent until a consumer has written it.</summary>
    internal Tensor Gradient { get; set; }

    /// <summary>Data from outside, whose gradient nobody asks for.</summary>
    internal bool IsInput { get; set; }
}

/// <summary>
/// Records coarse fused operations and plays them backward. One tape serves training (recording) and generation (not
/// recording): the same model code, the same sums, hence the same bits. Nodes, variables and memory are pooled; after the
/// first step nothing is allocated. Each operation is one file in Ops/, its forward and backward side by side.
/// </summary>
public sealed partial class Tape : IDisposable
{
    private readonly List<Node> recorded = new(256);
    private readonly Pool<Variable> variables = new();
    private readonly Arena arena;
    private readonly Tensor values;

    /// <summary>A tape over a model's parameters, with <paramref name="arenaBytes"/> for one step's activations.</summary>
    public Tape(Device device, ParameterSet parameters, long arenaBytes, bool isRecording)
    {
        if (isRecording && parameters.Format != WeightFormat.Float32)
        {
            throw new ArgumentException("only float32 weights train", nameof(parameters));
        }

        (Device, IsRecording) = (device, isRecording);
        values = parameters.Values;
        arena = new Arena(device, arenaBytes);
    }

    /// <summary>Where the operations run.</summary>
    public Device Device { get; }

    /// <summary>Whether operations are kept for a backward pass.</summary>
    public bool IsRecording { get; }

    /// <summary>The most bytes of activations a step has needed so far.</summary>
    public long PeakBytes => arena.PeakBytes;

    /// <summary>The flat gradient that <see cref="Backward"/> writes, laid out like the parameters.</summary>
    private Tensor Gradients { get; set; }

    private GradientShards Shards { get; set; }

    /// <summary>Forgets the last step: its variables, nodes and memory.</summary>
    public void Reset()
    {
        recorded.Clear();
        variables.Reset();
        ResetPools();
        arena.Release(0);
    }

    /// <summary>Uninitialised step memory that lives until <see cref="Reset"/> (or the scope's end).</summary>
    public Tensor Take(int rows, int columns) => arena.Take(rows, columns);

    /// <summary>As <see cref="Take"/>, for integers.</summary>
    public IntTensor TakeInts(int length) => arena.TakeInts(length);

    /// <summary>Data from outside the tape, such as features; linear layers compute no gradient of it.</summary>
    public Variable Input(Tensor value)
    {
        var variable = NewVariable(value);
        variable.IsInput = true;
        return variable;
    }

    /// <summary>
    /// Marks the memory in use. Without recording, <see cref="EndScope"/> gives back all taken since, so that layers share
    /// one set of intermediates; with recording they are needed again and it does nothing.
    /// </summary>
    public long BeginScope() => arena.Mark();

    /// <inheritdoc cref="BeginScope"/>
    public void EndScope(long mark)
    {
        if (!IsRecording)
        {
            arena.Release(mark);
        }
    }

    /// <summary>
    /// Plays the recorded operations backward. Losses must have written the gradients of their inputs (see
    /// <see cref="CrossEntropy"/>). Parameter gradients go to <paramref name="gradients"/>: overwritten, or continued where the
    /// shards say so.
    /// </summary>
    public void Backward(Tensor gradients, GradientShards shards)
    {
        (Gradients, Shards) = (gradients, shards);
        for (var i = recorded.Count - 1; i >= 0; i--)
        {
            recorded[i].Backward(this);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => arena.Dispose();

    private partial void ResetPools();

    private Variable NewVariable(Tensor value)
    {
        var variable = variables.Rent();
        variable.Value = value;
        variable.Gradient = default;
        variable.IsInput = false;
        return variable;
    }

    private void Record(Node node)
    {
        if (IsRecording)
        {
            recorded.Add(node);
        }
    }

    /// <summary>Takes the gradient a consumer is to write; true in <paramref name="accumulate"/> if another has written already.</summary>
    private Tensor GradientOf(Variable variable, out bool accumulate)
    {
        accumulate = !variable.Gradient.IsAbsent;
        if (!accumulate)
        {
            variable.Gradient = arena.Take(variable.Value.Rows, variable.Value.Columns);
        }

        return variable.Gradient;
    }

    /// <summary>A node's output gradient is dead once the node has passed it on.</summary>
    private void Retire(Variable output)
    {
        arena.Recycle(output.Gradient);
        output.Gradient = default;
    }

    /// <summary>One recorded operation.</summary>
    private abstract class Node
    {
        public abstract void Backward(Tape tape);
    }

    /// <summary>Objects of one type, used again each step.</summary>
    private sealed class Pool<T>
        where T : class, new()
    {
        private readonly List<T> items = new(64);
        private int used;

        public T Rent()
        {
            if (used == items.Count)
            {
                items.Add(new T());
            }

            return items[used++];
        }

        public void Reset() => used = 0;
    }
}
