namespace Retort.Tensors;

/// <summary>
/// Counted work (law 4). Model FLOPs are 2 x weights x tokens for matrix products and 4 x headDim x (keys at or before
/// the query) for each head and query of causal attention; backward passes count twice their forward. Work done again to
/// save memory is counted apart and is not model work.
/// </summary>
public struct Work
{
    /// <summary>FLOPs of matrix products.</summary>
    public long LinearFlops;

    /// <summary>FLOPs of attention scores and their products with the values.</summary>
    public long AttentionFlops;

    /// <summary>FLOPs spent again on values that had been computed before (attention scores in the backward pass).</summary>
    public long RecomputedFlops;

    /// <summary>Bytes of weights read by matrix products.</summary>
    public long WeightBytes;

    /// <summary>Bytes of cached keys and values read.</summary>
    public long KvBytes;

    /// <summary>Model FLOPs: linear and attention.</summary>
    public readonly long Flops => LinearFlops + AttentionFlops;

    /// <summary>What was done since an earlier reading.</summary>
    public static Work operator -(Work later, Work earlier) => new()
    {
        LinearFlops = later.LinearFlops - earlier.LinearFlops,
        AttentionFlops = later.AttentionFlops - earlier.AttentionFlops,
        RecomputedFlops = later.RecomputedFlops - earlier.RecomputedFlops,
        WeightBytes = later.WeightBytes - earlier.WeightBytes,
        KvBytes = later.KvBytes - earlier.KvBytes,
    };

    /// <summary>The sum of two amounts of work.</summary>
    public static Work operator +(Work a, Work b) => new()
    {
        LinearFlops = a.LinearFlops + b.LinearFlops,
        AttentionFlops = a.AttentionFlops + b.AttentionFlops,
        RecomputedFlops = a.RecomputedFlops + b.RecomputedFlops,
        WeightBytes = a.WeightBytes + b.WeightBytes,
        KvBytes = a.KvBytes + b.KvBytes,
    };
}
