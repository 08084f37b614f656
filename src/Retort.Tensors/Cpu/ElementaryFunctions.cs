using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Retort.Tensors.Cpu;

/// <summary>
/// The elementary functions of <see cref="Reference.Elementary"/> in 16 lanes: the same operations in the same order, so
/// the same bits (NaN payloads apart).
/// </summary>
internal static class ElementaryFunctions
{
    /// <summary>e^x, within 2 ulp; +0 below about -87, never subnormal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Exp(Vector512<float> x) => Vector512.IsHardwareAccelerated
        ? ElementaryFunctions512.Exp(x)
        : Vector512.Create(ElementaryFunctions256.Exp(x.GetLower()), ElementaryFunctions256.Exp(x.GetUpper()));

    /// <summary>Natural logarithm, within 2 ulp, of positive normal floats only (use the scalar one for all others).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> LogOfNormal(Vector512<float> x) => Vector512.IsHardwareAccelerated
        ? ElementaryFunctions512.LogOfNormal(x)
        : Vector512.Create(ElementaryFunctions256.LogOfNormal(x.GetLower()), ElementaryFunctions256.LogOfNormal(x.GetUpper()));

    /// <summary>Logistic function 1 / (1 + e^-x), within 3 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Sigmoid(Vector512<float> x) => Vector512.IsHardwareAccelerated
        ? ElementaryFunctions512.Sigmoid(x)
        : Vector512.Create(ElementaryFunctions256.Sigmoid(x.GetLower()), ElementaryFunctions256.Sigmoid(x.GetUpper()));

    /// <summary>Hyperbolic tangent, within 3 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Tanh(Vector512<float> x) => Vector512.IsHardwareAccelerated
        ? ElementaryFunctions512.Tanh(x)
        : Vector512.Create(ElementaryFunctions256.Tanh(x.GetLower()), ElementaryFunctions256.Tanh(x.GetUpper()));
}
