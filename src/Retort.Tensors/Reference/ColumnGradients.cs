namespace Retort.Tensors.Reference;

/// <summary>
/// Scalar sums over tokens: one ascending chain a shard, a perfect binary tree between shards (docs/numerics.md).
/// </summary>
internal static unsafe class ColumnGradients
{
    /// <summary>The chain of rows row0 .. row1-1, from <paramref name="start"/>.</summary>
    internal delegate float Chain(float start, int row0, int row1);

    /// <summary>The tree over all shards' chains; with continueChain the one shard's chain from <paramref name="stored"/>.</summary>
    internal static float Shards(Chain chain, float stored, int* shardRowStarts, int numShards, bool continueChain)
    {
        if (continueChain)
        {
            return chain(stored, shardRowStarts[0], shardRowStarts[1]);
        }

        return numShards == 1
            ? chain(0f, shardRowStarts[0], shardRowStarts[1])
            : Shards(chain, 0f, shardRowStarts, numShards / 2, false)
                + Shards(chain, 0f, shardRowStarts + numShards / 2, numShards / 2, false);
    }
}

/// <summary>Scalar gradients of gains and biases; see <see cref="Cpu.NormGradients"/>.</summary>
internal static unsafe class NormGradients
{
    /// <inheritdoc cref="Cpu.NormGradients.RmsGain"/>
    internal static void RmsGain(
        float* dy, int ldDy, float* x, int ldX, float* rstd, int ldRstd, int groups, int n, float* dGain,
        int* shardRowStarts, int numShards, bool continueChain, int column0, int column1)
    {
        for (var c = column0; c < column1; c++)
        {
            var column = c;
            dGain[c] = ColumnGradients.Shards(Chain, dGain[c], shardRowStarts, numShards, continueChain);

            float Chain(float chain, int row0, int row1)
            {
                for (var r = row0; r < row1; r++)
                {
                    for (var g = 0; g < groups; g++)
                    {
                        var xhat = x[(nint)r * ldX + g * n + column] * rstd[(nint)r * ldRstd + g];
                        chain = MathF.FusedMultiplyAdd(dy[(nint)r * ldDy + g * n + column], xhat, chain);
                    }
                }

                return chain;
            }
        }
    }

    /// <inheritdoc cref="Cpu.NormGradients.LayerGain"/>
    internal static void LayerGain(
        float* dy, int ldDy, float* x, int ldX, float* mean, float* rstd, float* dGain,
        int* shardRowStarts, int numShards, bool continueChain, int column0, int column1)
    {
        for (var c = column0; c < column1; c++)
        {
            var column = c;
            dGain[c] = ColumnGradients.Shards(Chain, dGain[c], shardRowStarts, numShards, continueChain);

            float Chain(float chain, int row0, int row1)
            {
                for (var r = row0; r < row1; r++)
                {
                    var xhat = (x[(nint)r * ldX + column] - mean[r]) * rstd[r];
                    chain = MathF.FusedMultiplyAdd(dy[(nint)r * ldDy + column], xhat, chain);
                }

                return chain;
            }
        }
    }

    /// <inheritdoc cref="Cpu.NormGradients.Bias"/>
    internal static void Bias(
        float* dy, int ldDy, float* dBias, int* shardRowStarts, int numShards, bool continueChain, int column0,
        int column1)
    {
        for (var c = column0; c < column1; c++)
        {
            var column = c;
            dBias[c] = ColumnGradients.Shards(Chain, dBias[c], shardRowStarts, numShards, continueChain);

            float Chain(float chain, int row0, int row1)
            {
                for (var r = row0; r < row1; r++)
                {
                    chain += dy[(nint)r * ldDy + column];
                }

                return chain;
            }
        }
    }
}
