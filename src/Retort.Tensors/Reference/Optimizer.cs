namespace Retort.Tensors.Reference;

/// <summary>Scalar AdamW; see <see cref="Cpu.AdamW"/>.</summary>
internal static unsafe class AdamW
{
    /// <inheritdoc cref="Cpu.AdamW.Step"/>
    internal static void Step(
        float* parameter, float* gradient, float* m, float* v, in AdamWStep step, nint i0, nint i1)
    {
        var stepSize = step.LearningRate / step.Correction1;
        var rootCorrection = 1f / MathF.Sqrt(step.Correction2);
        var decay = MathF.FusedMultiplyAdd(-step.LearningRate, step.WeightDecay, 1f);
        for (var i = i0; i < i1; i++)
        {
            var g = gradient[i] * step.GradientScale;
            m[i] = MathF.FusedMultiplyAdd(step.Beta1, m[i], (1f - step.Beta1) * g);
            v[i] = MathF.FusedMultiplyAdd(step.Beta2, v[i], (1f - step.Beta2) * g * g);
            var root = MathF.FusedMultiplyAdd(MathF.Sqrt(v[i]), rootCorrection, step.Epsilon);
            parameter[i] = MathF.FusedMultiplyAdd(-stepSize, m[i] / root, parameter[i] * decay);
        }
    }
}

/// <summary>Scalar sums over long arrays; see <see cref="Cpu.SumSquares"/>.</summary>
internal static unsafe class SumSquares
{
    /// <inheritdoc cref="Cpu.SumSquares.Blocks"/>
    internal static void Blocks(float* x, long n, double* partials, int b0, int b1)
    {
        for (var b = b0; b < b1; b++)
        {
            partials[b] = LaneSums.SumSquares(x + b * 4096L, (int)Math.Min(4096, n - b * 4096L));
        }
    }

    /// <inheritdoc cref="Cpu.SumSquares.SumBlocks"/>
    internal static void SumBlocks(float* x, long n, double* partials, int b0, int b1)
    {
        for (var b = b0; b < b1; b++)
        {
            partials[b] = LaneSums.Sum(x + b * 4096L, (int)Math.Min(4096, n - b * 4096L));
        }
    }
}
