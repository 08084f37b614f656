namespace Retort.Tensors;

public sealed partial class Tape
{
    private readonly Pool<EmbedNode> embeds = new();

    /// <summary>
    /// Rows of a table, one a token (or a learned position), [tokens, width]; with <paramref name="addTo"/> they are added to it.
    /// With a table tied to the output head (a matrix in panels), the gradient goes to <paramref name="gradient"/>, a
    /// parameter-shaped place of its own, and is joined to the head's when the whole batch is done.
    /// </summary>
    public Variable Embed(IntTensor tokens, Parameter table, Variable? addTo = null, Parameter? gradient = null)
    {
        var rows = NewVariable(arena.Take(tokens.Length, table.Columns));
        Device.Embed(tokens, TableIn(table, values), rows.Value);
        var y = rows;
        if (addTo is not null)
        {
            Device.Add(addTo.Value, rows.Value, rows.Value);
        }

        var node = embeds.Rent();
        (node.Tokens, node.Y, node.AddTo, node.Gradient) = (tokens, y, addTo, gradient ?? table);
        Record(node);
        return y;
    }

    /// <summary>ids[t] = map[tokens[t]].</summary>
    public IntTensor Map(IntTensor tokens, IntTensor map)
    {
        var ids = arena.TakeInts(tokens.Length);
        Device.GatherInts(map, tokens, ids);
        return ids;
    }

    /// <summary>x[t] = x[t] + table[ids[t]] in place, for a table that is not learned: gradients of x pass by unchanged.</summary>
    public void AddConstantRows(Variable x, IntTensor ids, Tensor table)
    {
        var mark = arena.Mark();
        var rows = arena.Take(ids.Length, table.Columns);
        Device.Embed(ids, new EmbeddingTable(table, default), rows);
        Device.Add(x.Value, rows, x.Value);
        arena.Release(mark);
    }

    private static EmbeddingTable TableIn(Parameter table, Tensor flat) => table.IsPanels
        ? new EmbeddingTable(default, table.MatrixIn(flat))
        : new EmbeddingTable(table.In(flat), default);

    private sealed class EmbedNode : Node
    {
        public IntTensor Tokens;
        public Variable Y = null!;
        public Variable? AddTo;
        public Parameter Gradient = null!;

        public override void Backward(Tape tape)
        {
            tape.Device.EmbedBackward(Tokens, Y.Gradient, tape.Shards, TableIn(Gradient, tape.Gradients));
            if (AddTo is null)
            {
                tape.Retire(Y);
            }
            else
            {
                AddTo.Gradient = Y.Gradient;
            }
        }
    }
}
