using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Retort.Tensors.Reference;

namespace Retort.Tensors.Cpu;

/// <summary>What samplers and policy gradients read off rows r0 .. r1-1 of logits, which stay as they are.</summary>
internal static unsafe class CrossEntropyReadings
{
    /// <summary>
    /// logprobs[r] = x[chosen[r]] - lse (0 where chosen is -1); entropies[r] = log(z) - dot16(e, x - m) / z in nats, where
    /// e = exp(x - m) and terms with e = 0 count as 0. Either result may be null.
    /// </summary>
    internal static void LogProbs(
        float* logits, int ld, int vocabulary, int* chosen, float* logprobs, float* entropies, int r0, int r1)
    {
        for (var r = r0; r < r1; r++)
        {
            var row = logits + (nint)r * ld;
            var max = CrossEntropy.Max(row, vocabulary);
            float z;
            if (entropies == null)
            {
                z = CrossEntropy.SumExp(row, vocabulary, max);
            }
            else
            {
                z = SumExpAndMoment(row, vocabulary, max, out var moment);
                entropies[r] = Elementary.Log(z) - moment / z;
            }

            if (logprobs != null)
            {
                logprobs[r] = chosen[r] < 0 ? 0f : row[chosen[r]] - (max + Elementary.Log(z));
            }
        }
    }

    /// <summary>
    /// indices[r] = the column of the row's largest logit, ties to the lower one. NaN is never chosen; a row of nothing but
    /// NaN gives -1.
    /// </summary>
    internal static void ArgMax(float* logits, int ld, int vocabulary, int* indices, int r0, int r1)
    {
        for (var r = r0; r < r1; r++)
        {
            indices[r] = ArgMaxOfRow(logits + (nint)r * ld, vocabulary);
        }
    }

    private static int ArgMaxOfRow(float* x, int n)
    {
        // Greater-than is false for NaN on every machine, so a NaN never replaces a number.
        var best = Vector512.Create(float.NegativeInfinity);
        var i = 0;
        for (; i <= n - Lanes.Count; i += Lanes.Count)
        {
            var v = Vector512.Load(x + i);
            best = Vector512.ConditionalSelect(Vector512.GreaterThan(v, best), v, best);
        }

        if (i < n)
        {
            var v = Lanes.LoadPartial(x + i, n - i, float.NegativeInfinity);
            best = Vector512.ConditionalSelect(Vector512.GreaterThan(v, best), v, best);
        }

        var max = Lanes.Max(best);
        var maxima = Vector512.Create(max);
        for (i = 0; i <= n - Lanes.Count; i += Lanes.Count)
        {
            var hits = Vector512.Equals(Vector512.Load(x + i), maxima).ExtractMostSignificantBits();
            if (hits != 0)
            {
                return i + BitOperations.TrailingZeroCount(hits);
            }
        }

        for (; i < n; i++)
        {
            if (x[i] == max)
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>sum16(e) and dot16(e, x - max) for e = exp(x - max).</summary>
    internal static float SumExpAndMoment(float* x, int n, float max, out float moment)
    {
        var shift = Vector512.Create(max);
        var (sum, moments) = (Vector512<float>.Zero, Vector512<float>.Zero);
        var i = 0;
        for (; i <= n - Lanes.Count; i += Lanes.Count)
        {
            Add(Vector512.Load(x + i) - shift, ref sum, ref moments);
        }

        if (i < n)
        {
            Add(Lanes.LoadPartial(x + i, n - i, float.NegativeInfinity) - shift, ref sum, ref moments);
        }

        moment = Lanes.Tree(moments);
        return Lanes.Tree(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(Vector512<float> shifted, ref Vector512<float> sum, ref Vector512<float> moments)
    {
        var e = ElementaryFunctions.Exp(shifted);
        sum += e;
        // 0 * -infinity would be NaN.
        var impossible = Vector512.Equals(e, Vector512<float>.Zero);
        moments = Vector512.FusedMultiplyAdd(e, Vector512.AndNot(shifted, impossible), moments);
    }
}
