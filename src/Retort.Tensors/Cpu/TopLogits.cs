using System.Runtime.Intrinsics;

namespace Retort.Tensors.Cpu;

/// <summary>The few largest of many logits, in one pass.</summary>
internal static unsafe class TopLogits
{
    /// <summary>
    /// The tops.Length largest of x[0..n), descending, ties to the lower index, each less <paramref name="lse"/>. NaN is never
    /// chosen; where only NaN is left the token is -1 and its log-probability NaN.
    /// </summary>
    internal static void Select(float* x, int n, float lse, Span<TokenLogprob> tops)
    {
        var (i, count) = (0, 0);
        for (; i < n && count < tops.Length; i++)
        {
            if (!float.IsNaN(x[i]))
            {
                Insert(tops[..++count], i, x[i]);
            }
        }

        // Greater-than is false for NaN, and for a tie, which the lower index has won.
        while (i < n)
        {
            if (i <= n - Lanes.Count && !Vector512.GreaterThanAny(Vector512.Load(x + i), Vector512.Create(tops[^1].Logprob)))
            {
                i += Lanes.Count;
                continue;
            }

            for (var end = Math.Min(i + Lanes.Count, n); i < end; i++)
            {
                if (x[i] > tops[^1].Logprob)
                {
                    Insert(tops, i, x[i]);
                }
            }
        }

        foreach (ref var top in tops[..count])
        {
            top = top with { Logprob = top.Logprob - lse };
        }

        tops[count..].Fill(new TokenLogprob(-1, float.NaN));
    }

    /// <summary>Puts a logit into its place among descending ones; the last of them is lost.</summary>
    private static void Insert(Span<TokenLogprob> tops, int token, float logit)
    {
        var place = tops.Length - 1;
        for (; place > 0 && tops[place - 1].Logprob < logit; place--)
        {
            tops[place] = tops[place - 1];
        }

        tops[place] = new TokenLogprob(token, logit);
    }
}
