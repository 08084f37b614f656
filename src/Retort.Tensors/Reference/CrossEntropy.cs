namespace Retort.Tensors.Reference;

/// <summary>Scalar cross-entropy; see <see cref="Cpu.CrossEntropy"/>.</summary>
internal static unsafe class CrossEntropy
{
    /// <inheritdoc cref="Cpu.CrossEntropy.Forward"/>
    internal static void Forward(
        float* logits, int ld, int vocabulary, int* targets, float* weights, float zLoss, float* losses,
        float* logprobs, int r0, int r1)
    {
        for (var r = r0; r < r1; r++)
        {
            var (loss, logprob) = (0f, 0f);
            if (targets[r] >= 0)
            {
                var row = logits + (nint)r * ld;
                var lse = LogSumExp(row, vocabulary, out _, out _);
                logprob = row[targets[r]] - lse;
                loss = (weights == null ? 1f : weights[r])
                    * (zLoss == 0f ? -logprob : MathF.FusedMultiplyAdd(zLoss * lse, lse, -logprob));
            }

            losses[r] = loss;
            if (logprobs != null)
            {
                logprobs[r] = logprob;
            }
        }
    }

    /// <inheritdoc cref="Cpu.CrossEntropy.ForwardBackward"/>
    internal static void ForwardBackward(
        float* logits, int ld, int vocabulary, int* targets, float* weights, float zLoss, float scale, float* losses,
        float* logprobs, int r0, int r1)
    {
        Forward(logits, ld, vocabulary, targets, weights, zLoss, losses, logprobs, r0, r1);
        for (var r = r0; r < r1; r++)
        {
            var row = logits + (nint)r * ld;
            if (targets[r] < 0)
            {
                new Span<float>(row, vocabulary).Clear();
                continue;
            }

            var lse = LogSumExp(row, vocabulary, out var max, out var z);
            var w = (weights == null ? 1f : weights[r]) * scale;
            var factor = w * MathF.FusedMultiplyAdd(2f * zLoss, lse, 1f) / z;
            for (var j = 0; j < vocabulary; j++)
            {
                row[j] = Elementary.Exp(row[j] - max) * factor;
            }

            row[targets[r]] -= w;
        }
    }

    /// <inheritdoc cref="Cpu.CrossEntropyReadings.LogProbs"/>
    internal static void LogProbs(
        float* logits, int ld, int vocabulary, int* chosen, float* logprobs, float* entropies, int r0, int r1)
    {
        for (var r = r0; r < r1; r++)
        {
            var row = logits + (nint)r * ld;
            var lse = LogSumExp(row, vocabulary, out var max, out var z);
            var moments = default(LaneSums);
            for (var j = 0; j < vocabulary; j++)
            {
                var e = Elementary.Exp(row[j] - max);
                moments.AddProduct(j, e, e == 0f ? 0f : row[j] - max);
            }

            if (entropies != null)
            {
                entropies[r] = Elementary.Log(z) - moments.Tree() / z;
            }

            if (logprobs != null)
            {
                logprobs[r] = chosen[r] < 0 ? 0f : row[chosen[r]] - lse;
            }
        }
    }

    /// <inheritdoc cref="Cpu.CrossEntropyReadings.ArgMax"/>
    internal static void ArgMax(float* logits, int ld, int vocabulary, int* indices, int r0, int r1)
    {
        for (var r = r0; r < r1; r++)
        {
            indices[r] = -1;
            for (var j = 0; j < vocabulary; j++)
            {
                var value = logits[(nint)r * ld + j];
                if (!float.IsNaN(value) && (indices[r] < 0 || value > logits[(nint)r * ld + indices[r]]))
                {
                    indices[r] = j;
                }
            }
        }
    }

    /// <summary>m + log z of a row.</summary>
    internal static float LogSumExp(float* row, int vocabulary, out float max, out float z)
    {
        max = float.NegativeInfinity;
        for (var j = 0; j < vocabulary; j++)
        {
            max = row[j] > max ? row[j] : max;
        }

        // A zero of either sign counts as +0.
        max += 0f;
        var sum = default(LaneSums);
        for (var j = 0; j < vocabulary; j++)
        {
            sum.Add(j, Elementary.Exp(row[j] - max));
        }

        z = sum.Tree();
        return max + Elementary.Log(z);
    }
}
