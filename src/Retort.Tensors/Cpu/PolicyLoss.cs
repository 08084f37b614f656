using System.Runtime.Intrinsics;
using Retort.Tensors.Reference;

namespace Retort.Tensors.Cpu;

/// <summary>
/// Policy losses over rows r0 .. r1-1 of logits [rows, vocabulary]. Per row (docs/numerics.md): y = x / temperature, then m, z, lse and
/// logprob as in <see cref="CrossEntropy"/> and the entropy as in <see cref="CrossEntropyReadings"/>, then <see cref="PolicyTerm"/>.
/// </summary>
internal static unsafe class PolicyLoss
{
    /// <summary>Numbers a row of readings has.</summary>
    internal const int NumReadings = 6;

    /// <summary>
    /// Readings are written; with <paramref name="writesGradient"/> the logits become the gradient, else they become y:
    /// d[j] = e[j] * fma(b, s[j] + (entropy - log z), a) with s = y - m, e = exp(s), a = -slope / temperature / z,
    /// b = weight * entropyCoefficient / temperature / z; then d[target] + slope / temperature.
    /// </summary>
    internal static void Run(
        Tensor logits, in PolicyLossRows rows, in PolicyLossSettings settings, bool writesGradient, float* readings, int r0, int r1)
    {
        var vocabulary = logits.Columns;
        for (var r = r0; r < r1; r++)
        {
            var row = logits.Data + (nint)r * vocabulary;
            var told = readings + (nint)r * NumReadings;
            var target = rows.Targets.Data[r];
            if (target < 0)
            {
                new Span<float>(told, NumReadings).Clear();
                if (writesGradient)
                {
                    new Span<float>(row, vocabulary).Clear();
                }

                continue;
            }

            if (settings.Temperature != 1)
            {
                Divide(row, vocabulary, settings.Temperature);
            }

            var max = CrossEntropy.Max(row, vocabulary);
            var z = CrossEntropyReadings.SumExpAndMoment(row, vocabulary, max, out var moment);
            var logZ = Elementary.Log(z);
            var logprob = row[target] - (max + logZ);
            var entropy = logZ - moment / z;
            var weight = rows.Weights.Data[r];
            var term = PolicyTerm.Of(
                logprob, entropy, weight, rows.Advantages.Data[r], rows.OldLogprobs.Data[r],
                rows.ReferenceLogprobs.IsAbsent ? null : rows.ReferenceLogprobs.Data[r], settings);
            Tell(told, term, logprob, entropy);
            if (writesGradient)
            {
                var slope = term.Slope / settings.Temperature;
                var b = weight * settings.EntropyCoefficient / settings.Temperature / z;
                Gradient(row, vocabulary, max, -slope / z, b, entropy - logZ);
                row[target] += slope;
            }
        }
    }

    /// <summary>One row of readings, in the order of <see cref="PolicyReading"/>.</summary>
    internal static void Tell(float* told, in PolicyTerm term, float logprob, float entropy)
    {
        told[(int)PolicyReading.Loss] = term.Loss;
        told[(int)PolicyReading.Logprob] = logprob;
        told[(int)PolicyReading.Entropy] = entropy;
        told[(int)PolicyReading.Ratio] = term.Ratio;
        told[(int)PolicyReading.Clipped] = term.IsClipped ? 1 : 0;
        told[(int)PolicyReading.Kl] = term.Kl;
    }

    /// <summary>x /= divisor, n of them.</summary>
    internal static void Divide(float* x, int n, float divisor)
    {
        var by = Vector512.Create(divisor);
        var i = 0;
        for (; i <= n - Lanes.Count; i += Lanes.Count)
        {
            (Vector512.Load(x + i) / by).Store(x + i);
        }

        for (; i < n; i++)
        {
            x[i] /= divisor;
        }
    }

    private static void Gradient(float* y, int n, float max, float a, float b, float centre)
    {
        var (shift, slope, spread, offset) = (Vector512.Create(max), Vector512.Create(a), Vector512.Create(b), Vector512.Create(centre));
        var i = 0;
        for (; i <= n - Lanes.Count; i += Lanes.Count)
        {
            Of(Vector512.Load(y + i) - shift, slope, spread, offset).Store(y + i);
        }

        if (i < n)
        {
            Lanes.StorePartial(Of(Lanes.LoadPartial(y + i, n - i, float.NegativeInfinity) - shift, slope, spread, offset), y + i, n - i);
        }
    }

    private static Vector512<float> Of(Vector512<float> shifted, Vector512<float> a, Vector512<float> b, Vector512<float> centre)
    {
        var e = ElementaryFunctions.Exp(shifted);
        // 0 * -infinity would be NaN.
        var possible = Vector512.AndNot(shifted, Vector512.Equals(e, Vector512<float>.Zero));
        return e * Vector512.FusedMultiplyAdd(b, possible + centre, a);
    }
}
