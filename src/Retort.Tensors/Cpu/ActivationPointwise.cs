using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Retort.Tensors.Cpu;

/// <summary>Activations of one argument over elements i0 .. i1-1 of flat arrays. Results may overwrite an input.</summary>
internal static unsafe class ActivationPointwise
{
    internal const float GeluScale = 0.79788456f, GeluCubic = 0.044715f, GeluCubicSlope = 3 * 0.044715f;

    /// <summary>GELU in its tanh form: y = (0.5 x) * (1 + tanh((c x) * fma(0.044715 x, x, 1))), c = sqrt(2 / pi).</summary>
    internal static void GeluForward(float* x, float* y, nint i0, nint i1) => Map<Gelu>(x, x, y, i0, i1);

    /// <summary>dx = dy * fma((0.5 x) * (1 - t^2), c * fma(3 * 0.044715 x, x, 1), 0.5 * (1 + t)), t the tanh above.</summary>
    internal static void GeluBackward(float* dy, float* x, float* dx, nint i0, nint i1) =>
        Map<GeluGradient>(dy, x, dx, i0, i1);

    /// <summary>y = x where x &gt; 0, else +0 (NaN too).</summary>
    internal static void ReluForward(float* x, float* y, nint i0, nint i1) => Map<Gate>(x, x, y, i0, i1);

    /// <summary>dx = dy where x &gt; 0, else +0.</summary>
    internal static void ReluBackward(float* dy, float* x, float* dx, nint i0, nint i1) =>
        Map<Gate>(dy, x, dx, i0, i1);

    private static void Map<TFunction>(float* a, float* b, float* y, nint i0, nint i1)
        where TFunction : struct, IFunction
    {
        var i = i0;
        for (; i <= i1 - Lanes.Count; i += Lanes.Count)
        {
            TFunction.Apply(Vector512.Load(a + i), Vector512.Load(b + i)).Store(y + i);
        }

        if (i < i1)
        {
            var rest = (int)(i1 - i);
            var v = TFunction.Apply(Lanes.LoadPartial(a + i, rest, 0f), Lanes.LoadPartial(b + i, rest, 0f));
            Lanes.StorePartial(v, y + i, rest);
        }
    }

    private interface IFunction
    {
        static abstract Vector512<float> Apply(Vector512<float> a, Vector512<float> b);
    }

    private readonly struct Gelu : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Apply(Vector512<float> a, Vector512<float> b) =>
            Vector512.Create(0.5f) * b * (Vector512<float>.One + GeluTanh(b));
    }

    private readonly struct GeluGradient : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Apply(Vector512<float> a, Vector512<float> b)
        {
            var t = GeluTanh(b);
            var one = Vector512<float>.One;
            var inner = Vector512.Create(GeluScale)
                * Vector512.FusedMultiplyAdd(Vector512.Create(GeluCubicSlope) * b, b, one);
            var slope = Vector512.Create(0.5f) * b * (one - t * t);
            return a * Vector512.FusedMultiplyAdd(slope, inner, Vector512.Create(0.5f) * (one + t));
        }
    }

    private readonly struct Gate : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Apply(Vector512<float> a, Vector512<float> b) =>
            a & Vector512.GreaterThan(b, Vector512<float>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> GeluTanh(Vector512<float> x) =>
        ElementaryFunctions.Tanh(
            Vector512.Create(GeluScale) * x
            * Vector512.FusedMultiplyAdd(Vector512.Create(GeluCubic) * x, x, Vector512<float>.One));
}
