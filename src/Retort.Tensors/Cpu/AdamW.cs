using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Retort.Tensors.Cpu;

/// <summary>AdamW (Loshchilov and Hutter 2019) over a flat range: one pass over parameter, gradient and both moments.</summary>
internal static unsafe class AdamW
{
    /// <summary>
    /// For elements i0 .. i1-1: g = gradient * gradientScale; m = fma(beta1, m, (1 - beta1) * g);
    /// v = fma(beta2, v, ((1 - beta2) * g) * g);
    /// p = fma(-(learningRate / correction1), m / fma(sqrt(v), 1 / sqrt(correction2), epsilon), p * decay) with
    /// decay = fma(-learningRate, weightDecay, 1).
    /// </summary>
    internal static void Step(
        float* parameter, float* gradient, float* m, float* v, in AdamWStep step, nint i0, nint i1)
    {
        var c = new Coefficients(step);
        var i = i0;
        for (; i <= i1 - Lanes.Count; i += Lanes.Count)
        {
            var (p, first, second) = (Vector512.Load(parameter + i), Vector512.Load(m + i), Vector512.Load(v + i));
            Update(ref p, Vector512.Load(gradient + i), ref first, ref second, in c);
            p.Store(parameter + i);
            first.Store(m + i);
            second.Store(v + i);
        }

        if (i < i1)
        {
            var rest = (int)(i1 - i);
            var p = Lanes.LoadPartial(parameter + i, rest, 0f);
            var first = Lanes.LoadPartial(m + i, rest, 0f);
            var second = Lanes.LoadPartial(v + i, rest, 0f);
            Update(ref p, Lanes.LoadPartial(gradient + i, rest, 0f), ref first, ref second, in c);
            Lanes.StorePartial(p, parameter + i, rest);
            Lanes.StorePartial(first, m + i, rest);
            Lanes.StorePartial(second, v + i, rest);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Update(
        ref Vector512<float> p, Vector512<float> gradient, ref Vector512<float> m, ref Vector512<float> v,
        in Coefficients c)
    {
        var g = gradient * c.GradientScale;
        m = Vector512.FusedMultiplyAdd(c.Beta1, m, c.OneMinusBeta1 * g);
        v = Vector512.FusedMultiplyAdd(c.Beta2, v, c.OneMinusBeta2 * g * g);
        var root = Vector512.FusedMultiplyAdd(
            Vector512.Sqrt(v), c.RootCorrection, c.Epsilon);
        p = Vector512.FusedMultiplyAdd(c.MinusStepSize, m / root, p * c.Decay);
    }

    private readonly struct Coefficients(in AdamWStep step)
    {
        public readonly Vector512<float> GradientScale = Vector512.Create(step.GradientScale);
        public readonly Vector512<float> Beta1 = Vector512.Create(step.Beta1);
        public readonly Vector512<float> Beta2 = Vector512.Create(step.Beta2);
        public readonly Vector512<float> OneMinusBeta1 = Vector512.Create(1f - step.Beta1);
        public readonly Vector512<float> OneMinusBeta2 = Vector512.Create(1f - step.Beta2);
        public readonly Vector512<float> MinusStepSize = Vector512.Create(-(step.LearningRate / step.Correction1));
        public readonly Vector512<float> RootCorrection = Vector512.Create(1f / MathF.Sqrt(step.Correction2));
        public readonly Vector512<float> Epsilon = Vector512.Create(step.Epsilon);
        public readonly Vector512<float> Decay =
            Vector512.Create(MathF.FusedMultiplyAdd(-step.LearningRate, step.WeightDecay, 1f));
    }
}
