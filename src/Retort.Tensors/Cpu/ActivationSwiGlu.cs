using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Retort.Tensors.Cpu;

/// <summary>
/// SwiGLU (Shazeer 2020) on a fused buffer [rows, 2 * hidden] that holds gate | up, rows ld* floats apart, r0 .. r1-1.
/// </summary>
internal static unsafe class ActivationSwiGlu
{
    /// <summary>y[rows, hidden] = (gate * sigmoid(gate)) * up.</summary>
    internal static void Forward(float* gateUp, int ldGateUp, float* y, int ldY, int hidden, int r0, int r1)
    {
        for (var r = r0; r < r1; r++)
        {
            var gate = gateUp + (nint)r * ldGateUp;
            var up = gate + hidden;
            var yr = y + (nint)r * ldY;
            var i = 0;
            for (; i <= hidden - Lanes.Count; i += Lanes.Count)
            {
                var g = Vector512.Load(gate + i);
                (g * ElementaryFunctions.Sigmoid(g) * Vector512.Load(up + i)).Store(yr + i);
            }

            if (i < hidden)
            {
                var g = Lanes.LoadPartial(gate + i, hidden - i, 0f);
                var v = g * ElementaryFunctions.Sigmoid(g) * Lanes.LoadPartial(up + i, hidden - i, 0f);
                Lanes.StorePartial(v, yr + i, hidden - i);
            }
        }
    }

    /// <summary>
    /// With s = sigmoid(gate) and a = gate * s: dUp = dy * a, dGate = (dy * up) * fma(a, 1 - s, s). dGateUp
    /// [rows, 2 * hidden] may be gateUp.
    /// </summary>
    internal static void Backward(
        float* dy, int ldDy, float* gateUp, int ldGateUp, float* dGateUp, int ldDGateUp, int hidden, int r0, int r1)
    {
        for (var r = r0; r < r1; r++)
        {
            var gate = gateUp + (nint)r * ldGateUp;
            var dGate = dGateUp + (nint)r * ldDGateUp;
            var up = gate + hidden;
            var dUp = dGate + hidden;
            var dyr = dy + (nint)r * ldDy;
            var i = 0;
            for (; i <= hidden - Lanes.Count; i += Lanes.Count)
            {
                Gradients(
                    Vector512.Load(dyr + i), Vector512.Load(gate + i), Vector512.Load(up + i), out var dg, out var du);
                dg.Store(dGate + i);
                du.Store(dUp + i);
            }

            var rest = hidden - i;
            if (rest > 0)
            {
                Gradients(
                    Lanes.LoadPartial(dyr + i, rest, 0f), Lanes.LoadPartial(gate + i, rest, 0f),
                    Lanes.LoadPartial(up + i, rest, 0f), out var dg, out var du);
                Lanes.StorePartial(dg, dGate + i, rest);
                Lanes.StorePartial(du, dUp + i, rest);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Gradients(
        Vector512<float> dy, Vector512<float> gate, Vector512<float> up, out Vector512<float> dGate,
        out Vector512<float> dUp)
    {
        var s = ElementaryFunctions.Sigmoid(gate);
        var a = gate * s;
        dUp = dy * a;
        dGate = dy * up * Vector512.FusedMultiplyAdd(a, Vector512<float>.One - s, s);
    }
}
