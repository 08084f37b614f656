namespace Retort.Tensors.Reference;

/// <summary>Scalar policy loss; see <see cref="Cpu.PolicyLoss"/>.</summary>
internal static unsafe class PolicyLoss
{
    /// <inheritdoc cref="Cpu.PolicyLoss.Run"/>
    internal static void Run(Tensor logits, in PolicyLossRows rows, in PolicyLossSettings settings, bool writesGradient, float* readings)
    {
        var vocabulary = logits.Columns;
        for (var r = 0; r < logits.Rows; r++)
        {
            var row = logits.Data + (nint)r * vocabulary;
            var target = rows.Targets.Data[r];
            var (term, logprob, entropy) = (default(PolicyTerm), 0f, 0f);
            var gradient = new float[vocabulary];
            if (target >= 0)
            {
                for (var j = 0; j < vocabulary; j++)
                {
                    row[j] /= settings.Temperature;
                }

                CrossEntropy.LogProbs(row, vocabulary, vocabulary, &target, &logprob, &entropy, 0, 1);
                var weight = rows.Weights.Data[r];
                term = PolicyTerm.Of(
                    logprob, entropy, weight, rows.Advantages.Data[r], rows.OldLogprobs.Data[r],
                    rows.ReferenceLogprobs.IsAbsent ? null : rows.ReferenceLogprobs.Data[r], settings);
                CrossEntropy.LogSumExp(row, vocabulary, out var max, out var z);
                var slope = term.Slope / settings.Temperature;
                var (a, b) = (-slope / z, weight * settings.EntropyCoefficient / settings.Temperature / z);
                var centre = entropy - Elementary.Log(z);
                for (var j = 0; j < vocabulary; j++)
                {
                    var e = Elementary.Exp(row[j] - max);
                    gradient[j] = e * MathF.FusedMultiplyAdd(b, (e == 0 ? 0 : row[j] - max) + centre, a);
                }

                gradient[target] += slope;
            }

            Cpu.PolicyLoss.Tell(readings + (nint)r * Cpu.PolicyLoss.NumReadings, term, logprob, entropy);
            if (writesGradient)
            {
                gradient.CopyTo(new Span<float>(row, vocabulary));
            }
        }
    }

    /// <summary>losses[r] and, with <paramref name="writesGradient"/>, its slope in the place of values[r].</summary>
    internal static void Value(
        Tensor values, Tensor targets, Tensor oldValues, Tensor weights, float clip, bool writesGradient, Tensor losses, int r0, int r1)
    {
        for (var r = r0; r < r1; r++)
        {
            var term = ValueTerm.Of(values.Data[r], targets.Data[r], oldValues.Data[r], weights.Data[r], clip);
            losses.Data[r] = term.Loss;
            if (writesGradient)
            {
                values.Data[r] = term.Slope;
            }
        }
    }
}
