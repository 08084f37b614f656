namespace Retort.Tensors;

/// <summary>Draws a token from unnormalised probabilities. Plain scalar sums in a fixed order: the same token on every device.</summary>
internal static class Sampling
{
    /// <summary>
    /// Filters by top-k, then top-p, then min-p (each on what the one before left, probabilities renormalised), then inverts
    /// the cumulative sum at <c>row.Uniform</c>. <paramref name="keys"/> is scratch of the vocabulary's length.
    /// </summary>
    public static int Draw(ReadOnlySpan<float> probabilities, in SamplingRow row, Span<ulong> keys)
    {
        var (topK, vocabulary) = (row.TopK, probabilities.Length);
        if ((topK == 0 || topK >= vocabulary) && row.TopP >= 1 && row.MinP <= 0)
        {
            return Invert(probabilities, row.Uniform);
        }

        // Descending by probability, ties to the lower id: positive floats order like their bits.
        for (var i = 0; i < vocabulary; i++)
        {
            keys[i] = ((ulong)~BitConverter.SingleToUInt32Bits(probabilities[i]) << 32) | (uint)i;
        }

        keys = keys[..vocabulary];
        keys.Sort();
        var kept = topK == 0 ? vocabulary : Math.Min(topK, vocabulary);
        if (row.TopP < 1)
        {
            kept = Nucleus(keys[..kept], probabilities, row.TopP);
        }

        var floor = row.MinP * (double)Probability(keys[0], probabilities);
        while (kept > 1 && Probability(keys[kept - 1], probabilities) < floor)
        {
            kept--;
        }

        var threshold = row.Uniform * Total(keys[..kept], probabilities);
        var sum = 0.0;
        foreach (var key in keys[..kept])
        {
            sum += Probability(key, probabilities);
            if (sum > threshold)
            {
                return (int)(uint)key;
            }
        }

        return (int)(uint)keys[kept - 1];
    }

    private static int Invert(ReadOnlySpan<float> probabilities, float uniform)
    {
        var total = 0.0;
        foreach (var probability in probabilities)
        {
            total += probability;
        }

        var (threshold, sum, last) = (uniform * total, 0.0, 0);
        for (var i = 0; i < probabilities.Length; i++)
        {
            sum += probabilities[i];
            if (sum > threshold)
            {
                return i;
            }

            last = probabilities[i] > 0 ? i : last;
        }

        return last;
    }

    /// <summary>How many of the most probable tokens reach a share <paramref name="topP"/> of the total.</summary>
    private static int Nucleus(ReadOnlySpan<ulong> keys, ReadOnlySpan<float> probabilities, float topP)
    {
        var threshold = topP * Total(keys, probabilities);
        var sum = 0.0;
        for (var i = 0; i < keys.Length; i++)
        {
            sum += Probability(keys[i], probabilities);
            if (sum >= threshold)
            {
                return i + 1;
            }
        }

        return keys.Length;
    }

    private static double Total(ReadOnlySpan<ulong> keys, ReadOnlySpan<float> probabilities)
    {
        var total = 0.0;
        foreach (var key in keys)
        {
            total += Probability(key, probabilities);
        }

        return total;
    }

    private static float Probability(ulong key, ReadOnlySpan<float> probabilities) => probabilities[(int)(uint)key];
}
