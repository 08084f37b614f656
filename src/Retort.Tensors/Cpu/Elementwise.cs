using System.Runtime.Intrinsics;

namespace Retort.Tensors.Cpu;

/// <summary>Glue between the coarse kernels, over elements i0 .. i1-1 of flat arrays. Results may overwrite an input.</summary>
internal static unsafe class Elementwise
{
    /// <summary>y = a + b.</summary>
    internal static void Add(float* a, float* b, float* y, nint i0, nint i1)
    {
        var i = i0;
        for (; i <= i1 - Lanes.Count; i += Lanes.Count)
        {
            (Vector512.Load(a + i) + Vector512.Load(b + i)).Store(y + i);
        }

        for (; i < i1; i++)
        {
            y[i] = a[i] + b[i];
        }
    }

    /// <summary>y = a * b.</summary>
    internal static void Multiply(float* a, float* b, float* y, nint i0, nint i1)
    {
        var i = i0;
        for (; i <= i1 - Lanes.Count; i += Lanes.Count)
        {
            (Vector512.Load(a + i) * Vector512.Load(b + i)).Store(y + i);
        }

        for (; i < i1; i++)
        {
            y[i] = a[i] * b[i];
        }
    }

    /// <summary>y = x * factor.</summary>
    internal static void Scale(float* x, float factor, float* y, nint i0, nint i1)
    {
        var factors = Vector512.Create(factor);
        var i = i0;
        for (; i <= i1 - Lanes.Count; i += Lanes.Count)
        {
            (Vector512.Load(x + i) * factors).Store(y + i);
        }

        for (; i < i1; i++)
        {
            y[i] = x[i] * factor;
        }
    }

    /// <summary>y = fma(x, factor, y).</summary>
    internal static void AddScaled(float* x, float factor, float* y, nint i0, nint i1)
    {
        var factors = Vector512.Create(factor);
        var i = i0;
        for (; i <= i1 - Lanes.Count; i += Lanes.Count)
        {
            Vector512.FusedMultiplyAdd(Vector512.Load(x + i), factors, Vector512.Load(y + i)).Store(y + i);
        }

        for (; i < i1; i++)
        {
            y[i] = MathF.FusedMultiplyAdd(x[i], factor, y[i]);
        }
    }

    /// <summary>y = x.</summary>
    internal static void Copy(float* x, float* y, nint i0, nint i1) =>
        Buffer.MemoryCopy(x + i0, y + i0, (i1 - i0) * sizeof(float), (i1 - i0) * sizeof(float));

    /// <summary>y = value.</summary>
    internal static void Fill(float* y, float value, nint i0, nint i1)
    {
        // Spans count in int; arrays here may not.
        while (i0 < i1)
        {
            var run = (int)Math.Min(i1 - i0, 1 << 30);
            new Span<float>(y + i0, run).Fill(value);
            i0 += run;
        }
    }
}
