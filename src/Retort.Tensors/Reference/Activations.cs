namespace Retort.Tensors.Reference;

/// <summary>Scalar SwiGLU; see <see cref="Cpu.ActivationSwiGlu"/>.</summary>
internal static unsafe class ActivationSwiGlu
{
    /// <inheritdoc cref="Cpu.ActivationSwiGlu.Forward"/>
    internal static void Forward(float* gateUp, int ldGateUp, float* y, int ldY, int hidden, int r0, int r1)
    {
        for (var r = r0; r < r1; r++)
        {
            var gate = gateUp + (nint)r * ldGateUp;
            for (var i = 0; i < hidden; i++)
            {
                y[(nint)r * ldY + i] = gate[i] * Elementary.Sigmoid(gate[i]) * gate[hidden + i];
            }
        }
    }

    /// <inheritdoc cref="Cpu.ActivationSwiGlu.Backward"/>
    internal static void Backward(
        float* dy, int ldDy, float* gateUp, int ldGateUp, float* dGateUp, int ldDGateUp, int hidden, int r0, int r1)
    {
        for (var r = r0; r < r1; r++)
        {
            var gate = gateUp + (nint)r * ldGateUp;
            var dGate = dGateUp + (nint)r * ldDGateUp;
            for (var i = 0; i < hidden; i++)
            {
                var d = dy[(nint)r * ldDy + i];
                var up = gate[hidden + i];
                var s = Elementary.Sigmoid(gate[i]);
                var a = gate[i] * s;
                dGate[i] = d * up * MathF.FusedMultiplyAdd(a, 1f - s, s);
                dGate[hidden + i] = d * a;
            }
        }
    }
}

/// <summary>Scalar GELU and ReLU; see <see cref="Cpu.ActivationPointwise"/>.</summary>
internal static unsafe class ActivationPointwise
{
    /// <inheritdoc cref="Cpu.ActivationPointwise.GeluForward"/>
    internal static void GeluForward(float* x, float* y, nint i0, nint i1)
    {
        for (var i = i0; i < i1; i++)
        {
            y[i] = 0.5f * x[i] * (1f + GeluTanh(x[i]));
        }
    }

    /// <inheritdoc cref="Cpu.ActivationPointwise.GeluBackward"/>
    internal static void GeluBackward(float* dy, float* x, float* dx, nint i0, nint i1)
    {
        for (var i = i0; i < i1; i++)
        {
            var v = x[i];
            var t = GeluTanh(v);
            var inner = Cpu.ActivationPointwise.GeluScale
                * MathF.FusedMultiplyAdd(Cpu.ActivationPointwise.GeluCubicSlope * v, v, 1f);
            var slope = 0.5f * v * (1f - t * t);
            dx[i] = dy[i] * MathF.FusedMultiplyAdd(slope, inner, 0.5f * (1f + t));
        }
    }

    /// <inheritdoc cref="Cpu.ActivationPointwise.ReluForward"/>
    internal static void ReluForward(float* x, float* y, nint i0, nint i1) => ReluBackward(x, x, y, i0, i1);

    /// <inheritdoc cref="Cpu.ActivationPointwise.ReluBackward"/>
    internal static void ReluBackward(float* dy, float* x, float* dx, nint i0, nint i1)
    {
        for (var i = i0; i < i1; i++)
        {
            dx[i] = x[i] > 0f ? dy[i] : 0f;
        }
    }

    private static float GeluTanh(float x) => Elementary.Tanh(
        Cpu.ActivationPointwise.GeluScale * x
        * MathF.FusedMultiplyAdd(Cpu.ActivationPointwise.GeluCubic * x, x, 1f));
}
