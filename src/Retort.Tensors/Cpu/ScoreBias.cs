namespace Retort.Tensors.Cpu;

/// <summary>
/// What is added to scaled scores, read by position ids: see <see cref="AttentionBias"/>. Two roundings a score, a product and a sum, on
/// every path. The softmax that follows then scales by 1, which changes no bit.
/// </summary>
/// <param name="table">[entries][numHeads]; null: nothing is added.</param>
/// <param name="numHeads">Columns of the table.</param>
/// <param name="isByPair">An entry is told by the query's id and the distance, not by the distance alone.</param>
/// <param name="ids">Position ids of the rows.</param>
internal readonly unsafe struct ScoreBias(float* table, int numHeads, bool isByPair, int* ids)
{
    public static ScoreBias Of(in AttentionBias bias) =>
        bias.IsAbsent ? default : new ScoreBias(bias.Table.Data, bias.Table.Columns, bias.IsByPair, bias.Ids.Data);

    public bool IsAbsent => table == null;

    /// <summary>Position ids of the rows, from the first on.</summary>
    public int* Ids => ids;

    /// <summary>The same table for rows from <paramref name="row"/> on.</summary>
    public ScoreBias From(long row) => IsAbsent ? default : new ScoreBias(table, numHeads, isByPair, ids + row);

    /// <summary>The entry of a query at distance 0; that at distance d is d further.</summary>
    public nint FirstEntry(int queryId) => isByPair ? (nint)queryId * (queryId + 1) / 2 : 0;

    /// <summary>scores[k] = scores[k] * scale + the table's entry of key k in the head's column, for the first <paramref name="keys"/>.</summary>
    public void Apply(float* scores, int head, int queryId, int* keyIds, int keys, float scale)
    {
        var column = table + FirstEntry(queryId) * numHeads + head;
        for (var k = 0; k < keys; k++)
        {
            scores[k] = scores[k] * scale + column[(nint)Math.Max(0, queryId - keyIds[k]) * numHeads];
        }
    }
}
