using System.Numerics;

namespace Retort.Tensors.Cpu;

/// <summary>
/// Gradient of <see cref="Embedding"/>: per table row one ascending chain of additions over each shard's tokens, then the
/// perfect binary tree over the shards. First <see cref="SortById"/> once, on one thread; then the scatters, split over
/// threads by table rows.
/// </summary>
/// <remarks>
/// shardRowStarts has numShards + 1 entries, numShards a power of two. With continueChain there is one shard and its
/// chains go on from what the gradient holds; otherwise every row of v0 .. v1-1 is overwritten, with zeros where no token
/// points.
/// </remarks>
internal static unsafe class EmbeddingGradient
{
    private const int MaxTreeLevels = 16;
    private const int BlockColumns = 64;

    /// <summary>
    /// Counting sort of token rows 0 .. numTokens-1 by id: order[starts[v] .. starts[v+1]-1] are the rows whose id is v,
    /// ascending; rows with the id -1 are left out. starts has numRows + 1 entries, order numTokens.
    /// </summary>
    internal static void SortById(int* ids, int numTokens, int numRows, int* starts, int* order)
    {
        new Span<int>(starts, numRows + 1).Clear();
        for (var t = 0; t < numTokens; t++)
        {
            if (ids[t] >= 0)
            {
                starts[ids[t]]++;
            }
        }

        var before = 0;
        for (var v = 0; v <= numRows; v++)
        {
            before += starts[v];
            starts[v] = before;
        }

        // Filling backwards leaves each start where its run begins and keeps rows ascending.
        for (var t = numTokens - 1; t >= 0; t--)
        {
            if (ids[t] >= 0)
            {
                order[--starts[ids[t]]] = t;
            }
        }
    }

    /// <summary>Gradient of table rows v0 .. v1-1, row-major [V, width].</summary>
    internal static void Scatter(
        float* dy, int ldDy, int width, int* starts, int* order, int* shardRowStarts, int numShards,
        bool continueChain, float* dTable, int v0, int v1)
    {
        Check(numShards, continueChain);
        for (var v = v0; v < v1; v++)
        {
            var tokens = new ReadOnlySpan<int>(order + starts[v], starts[v + 1] - starts[v]);
            var row = dTable + (nint)v * width;
            if (tokens.IsEmpty)
            {
                if (!continueChain)
                {
                    new Span<float>(row, width).Clear();
                }

                continue;
            }

            for (var c = 0; c < width; c += BlockColumns)
            {
                SumTokens(
                    dy + c, ldDy, Math.Min(BlockColumns, width - c), tokens, shardRowStarts, numShards, continueChain, row + c);
            }
        }
    }

    /// <summary>
    /// Gradient of table rows v0 .. v1-1 in panels [ceil(V / 16)][width][16]; v0 a multiple of 16. Rows beyond numRows in
    /// the last panel are left alone.
    /// </summary>
    internal static void ScatterToPanels(
        float* dy, int ldDy, int width, int* starts, int* order, int* shardRowStarts, int numShards,
        bool continueChain, float* dPanels, int v0, int v1)
    {
        Check(numShards, continueChain);
        var block = stackalloc float[BlockColumns];
        for (var v = v0; v < v1; v++)
        {
            var tokens = new ReadOnlySpan<int>(order + starts[v], starts[v + 1] - starts[v]);
            var lane = dPanels + (nint)(v / Lanes.Count) * width * Lanes.Count + v % Lanes.Count;
            if (tokens.IsEmpty && continueChain)
            {
                continue;
            }

            for (var c = 0; c < width; c += BlockColumns)
            {
                var columns = Math.Min(BlockColumns, width - c);
                for (var i = 0; i < columns; i++)
                {
                    block[i] = continueChain ? lane[(c + i) * Lanes.Count] : 0f;
                }

                if (!tokens.IsEmpty)
                {
                    SumTokens(dy + c, ldDy, columns, tokens, shardRowStarts, numShards, continueChain, block);
                }

                for (var i = 0; i < columns; i++)
                {
                    lane[(c + i) * Lanes.Count] = block[i];
                }
            }
        }
    }

    /// <summary>
    /// One table row's columns: chains and tree. A shard without a token adds +0 to sums that are never -0 (chains start
    /// at +0), so it is skipped: joining with an absent half leaves the other half's bits.
    /// </summary>
    private static void SumTokens(
        float* dy, int ldDy, int columns, ReadOnlySpan<int> tokens, int* shardRowStarts, int numShards,
        bool continueChain, float* result)
    {
        if (continueChain || numShards == 1)
        {
            Chain(dy, ldDy, columns, tokens, result, continueChain);
            return;
        }

        var waiting = stackalloc float[MaxTreeLevels * BlockColumns];
        var chain = stackalloc float[BlockColumns];
        var occupied = 0;
        var taken = 0;
        for (var s = 0; s < numShards; s++)
        {
            var end = taken;
            while (end < tokens.Length && tokens[end] < shardRowStarts[s + 1])
            {
                end++;
            }

            var present = end > taken;
            if (present)
            {
                Chain(dy, ldDy, columns, tokens[taken..end], chain, continueChain: false);
                taken = end;
            }

            // Joins finished pairs: bit `level` of s is set when s closes a pair of subtrees of 2^level shards.
            var level = 0;
            for (; (s >> level & 1) != 0; level++)
            {
                var left = waiting + level * BlockColumns;
                if ((occupied >> level & 1) != 0)
                {
                    if (present)
                    {
                        Elementwise.Add(left, chain, chain, 0, columns);
                    }
                    else
                    {
                        Elementwise.Copy(left, chain, 0, columns);
                    }

                    present = true;
                    occupied &= ~(1 << level);
                }
            }

            if (present && level < MaxTreeLevels)
            {
                Elementwise.Copy(chain, waiting + level * BlockColumns, 0, columns);
                occupied |= 1 << level;
            }
        }

        Elementwise.Copy(chain, result, 0, columns);
    }

    private static void Chain(
        float* dy, int ldDy, int columns, ReadOnlySpan<int> tokens, float* chain, bool continueChain)
    {
        if (!continueChain)
        {
            new Span<float>(chain, columns).Clear();
        }

        foreach (var t in tokens)
        {
            Elementwise.Add(chain, dy + (nint)t * ldDy, chain, 0, columns);
        }
    }

    private static void Check(int numShards, bool continueChain)
    {
        if (!BitOperations.IsPow2(numShards) || BitOperations.Log2((uint)numShards) > MaxTreeLevels
            || (continueChain && numShards != 1))
        {
            throw new ArgumentException(
                "shards: a power of two up to 2^16, and one when a chain is continued", nameof(numShards));
        }
    }
}
