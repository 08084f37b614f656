using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Retort.Tensors.Reference;

namespace Retort.Tensors.Cpu;

/// <summary>
/// Cross-entropy over rows r0 .. r1-1 of logits [rows, vocabulary], ld floats apart. Per row (docs/numerics.md): m = max,
/// z = sum16(exp(x - m)), lse = m + log(z), logprob = x[target] - lse.
/// </summary>
/// <remarks>
/// Target -1 is ignored: loss, logprob and gradient are 0. weights null counts as 1 each, logprobs may be null. A NaN or
/// +infinity in a row makes the row's loss, logprob and whole gradient NaN; a logit of -infinity has probability 0.
/// </remarks>
internal static unsafe class CrossEntropy
{
    /// <summary>
    /// losses[r] = weight * -logprob, or weight * fma(zLoss * lse, lse, -logprob) where zLoss is not 0.
    /// </summary>
    internal static void Forward(
        float* logits, int ld, int vocabulary, int* targets, float* weights, float zLoss, float* losses,
        float* logprobs, int r0, int r1)
    {
        for (var r = r0; r < r1; r++)
        {
            var row = logits + (nint)r * ld;
            var lse = 0f;
            if (targets[r] >= 0)
            {
                var max = Max(row, vocabulary);
                lse = max + Elementary.Log(SumExp(row, vocabulary, max));
            }

            Record(row, targets[r], lse, weights == null ? 1f : weights[r], zLoss, r, losses, logprobs);
        }
    }

    /// <summary>
    /// <see cref="Forward"/>, and each row of logits is overwritten by scale * d loss / d logits: with w = weight * scale,
    /// d[j] = exp(x[j] - m) * ((w * fma(2 zLoss, lse, 1)) / z), then d[target] - w.
    /// </summary>
    internal static void ForwardBackward(
        float* logits, int ld, int vocabulary, int* targets, float* weights, float zLoss, float scale, float* losses,
        float* logprobs, int r0, int r1)
    {
        for (var r = r0; r < r1; r++)
        {
            var row = logits + (nint)r * ld;
            var target = targets[r];
            var weight = weights == null ? 1f : weights[r];
            if (target < 0)
            {
                Record(row, target, 0f, weight, zLoss, r, losses, logprobs);
                new Span<float>(row, vocabulary).Clear();
                continue;
            }

            var max = Max(row, vocabulary);
            var targetLogit = row[target];
            var z = SumExpInPlace(row, vocabulary, max);
            var lse = max + Elementary.Log(z);
            Record(&targetLogit, 0, lse, weight, zLoss, r, losses, logprobs);
            var w = weight * scale;
            Elementwise.Scale(row, w * MathF.FusedMultiplyAdd(2f * zLoss, lse, 1f) / z, row, 0, vocabulary);
            row[target] -= w;
        }
    }

    /// <summary>Largest element of x[0..n), +0 for a zero of either sign; unspecified when one is NaN.</summary>
    internal static float Max(float* x, int n)
    {
        var a = Vector512.Create(float.NegativeInfinity);
        var b = a;
        var i = 0;
        for (; i <= n - 2 * Lanes.Count; i += 2 * Lanes.Count)
        {
            a = Vector512.MaxNative(a, Vector512.Load(x + i));
            b = Vector512.MaxNative(b, Vector512.Load(x + i + Lanes.Count));
        }

        if (i <= n - Lanes.Count)
        {
            a = Vector512.MaxNative(a, Vector512.Load(x + i));
            i += Lanes.Count;
        }

        if (i < n)
        {
            b = Vector512.MaxNative(b, Lanes.LoadPartial(x + i, n - i, float.NegativeInfinity));
        }

        return Lanes.Max(Vector512.MaxNative(a, b));
    }

    /// <summary>sum16(exp(x - max)) over x[0..n).</summary>
    internal static float SumExp(float* x, int n, float max)
    {
        var shift = Vector512.Create(max);
        var sum = Vector512<float>.Zero;
        var i = 0;
        for (; i <= n - Lanes.Count; i += Lanes.Count)
        {
            sum += ElementaryFunctions.Exp(Vector512.Load(x + i) - shift);
        }

        if (i < n)
        {
            sum += ElementaryFunctions.Exp(Lanes.LoadPartial(x + i, n - i, float.NegativeInfinity) - shift);
        }

        return Lanes.Tree(sum);
    }

    /// <summary>y = exp((x - max) / divisor), n of them.</summary>
    internal static void Exponentials(float* x, int n, float max, float divisor, float* y)
    {
        var (shift, by) = (Vector512.Create(max), Vector512.Create(divisor));
        var i = 0;
        for (; i <= n - Lanes.Count; i += Lanes.Count)
        {
            ElementaryFunctions.Exp((Vector512.Load(x + i) - shift) / by).Store(y + i);
        }

        for (; i < n; i++)
        {
            y[i] = Elementary.Exp((x[i] - max) / divisor);
        }
    }

    private static float SumExpInPlace(float* x, int n, float max)
    {
        var shift = Vector512.Create(max);
        var sum = Vector512<float>.Zero;
        var i = 0;
        for (; i <= n - Lanes.Count; i += Lanes.Count)
        {
            var e = ElementaryFunctions.Exp(Vector512.Load(x + i) - shift);
            e.Store(x + i);
            sum += e;
        }

        if (i < n)
        {
            var e = ElementaryFunctions.Exp(Lanes.LoadPartial(x + i, n - i, float.NegativeInfinity) - shift);
            Lanes.StorePartial(e, x + i, n - i);
            sum += e;
        }

        return Lanes.Tree(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Record(
        float* row, int target, float lse, float weight, float zLoss, int r, float* losses, float* logprobs)
    {
        var logprob = target < 0 ? 0f : row[target] - lse;
        if (logprobs != null)
        {
            logprobs[r] = logprob;
        }

        losses[r] = target < 0 ? 0f
            : weight * (zLoss == 0f ? -logprob : MathF.FusedMultiplyAdd(zLoss * lse, lse, -logprob));
    }
}
