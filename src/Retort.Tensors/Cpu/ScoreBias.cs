namespace Retort.Tensors.Cpu;

/// <summary>
/// What is added to scaled scores, read by distance: see <see cref="AttentionBias"/>. Two roundings a score, a product and a sum, on every
/// path. The softmax that follows then scales by 1, which changes no bit.
/// </summary>
/// <param name="table">[heads][numDistances]; null: nothing is added.</param>
/// <param name="numDistances">Columns of the table.</param>
/// <param name="ids">Position ids of the rows.</param>
internal readonly unsafe struct ScoreBias(float* table, int numDistances, int* ids)
{
    public static ScoreBias Of(in AttentionBias bias) =>
        bias.IsAbsent ? default : new ScoreBias(bias.Table.Data, bias.Table.Columns, bias.Ids.Data);

    public bool IsAbsent => table == null;

    /// <summary>Position ids of the rows, from the first on.</summary>
    public int* Ids => ids;

    /// <summary>The same table for rows from <paramref name="row"/> on.</summary>
    public ScoreBias From(long row) => IsAbsent ? default : new ScoreBias(table, numDistances, ids + row);

    /// <summary>scores[k] = scores[k] * scale + table[head][distance of key k], for the first <paramref name="keys"/>.</summary>
    public void Apply(float* scores, int head, int queryId, int* keyIds, int keys, float scale)
    {
        var row = table + (nint)head * numDistances;
        for (var k = 0; k < keys; k++)
        {
            scores[k] = scores[k] * scale + row[Math.Max(0, queryId - keyIds[k])];
        }
    }
}
