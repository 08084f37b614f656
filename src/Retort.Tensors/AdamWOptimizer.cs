using Retort.Core;

namespace Retort.Tensors;

/// <summary>Settings of <see cref="AdamWOptimizer"/>.</summary>
public sealed record AdamWSettings
{
    /// <summary>Decay of the first moment.</summary>
    public float Beta1 { get; init; } = 0.9f;

    /// <summary>Decay of the second moment.</summary>
    public float Beta2 { get; init; } = 0.95f;

    /// <summary>Added to the root of the second moment.</summary>
    public float Epsilon { get; init; } = 1e-8f;

    /// <summary>Decoupled weight decay of matrices and tables; norms and biases do not decay.</summary>
    public float WeightDecay { get; init; } = 0.01f;

    /// <summary>The gradient is scaled down to this norm when it is longer; 0 does not clip.</summary>
    public float MaxGradientNorm { get; init; } = 1f;
}

/// <summary>AdamW (Loshchilov and Hutter 2019) on the flat parameter buffer, with clipping by the global norm.</summary>
public sealed class AdamWOptimizer : IDisposable
{
    private readonly Device device;
    private readonly AdamWSettings settings;
    private readonly ParameterSet set;
    private readonly Tensor parameters;
    private readonly Storage ownerM, ownerV;
    private readonly List<(int FirstRow, int Rows, bool Decays)> ranges = [];

    /// <summary>Moments of zero for every parameter.</summary>
    public AdamWOptimizer(Device device, ParameterSet parameters, AdamWSettings settings)
    {
        (this.device, this.settings, set, this.parameters) = (device, settings, parameters, parameters.Values);
        M = parameters.AllocateMoment(device, out ownerM);
        V = parameters.AllocateMoment(device, out ownerV);
        foreach (var parameter in parameters.Items)
        {
            var firstRow = (int)(parameter.Offset / PanelMatrix.PanelWidth);
            var rows = (int)((parameter.StorageLength + PanelMatrix.PanelWidth - 1) / PanelMatrix.PanelWidth);
            if (ranges.Count > 0 && ranges[^1].Decays == parameter.Decays)
            {
                ranges[^1] = ranges[^1] with { Rows = ranges[^1].Rows + rows };
            }
            else
            {
                ranges.Add((firstRow, rows, parameter.Decays));
            }
        }
    }

    /// <summary>First moments, laid out like the parameters.</summary>
    public Tensor M { get; }

    /// <summary>Second moments, laid out like the parameters.</summary>
    public Tensor V { get; }

    /// <summary>Steps taken; set when a training state is restored.</summary>
    public long Steps { get; set; }

    /// <summary>One step. Returns the gradient's norm before clipping. A norm that is not finite leaves everything as it was.</summary>
    public double Step(Tensor gradient, double learningRate)
    {
        var flat = gradient.As((int)(gradient.Length / PanelMatrix.PanelWidth), PanelMatrix.PanelWidth).Slice(0, parameters.Rows);
        var norm = Math.Sqrt(device.SumOfSquares(flat));
        if (!double.IsFinite(norm))
        {
            return norm;
        }

        Steps++;
        var clip = settings.MaxGradientNorm > 0 && norm > settings.MaxGradientNorm ? settings.MaxGradientNorm / norm : 1.0;
        var step = new AdamWStep(
            (float)learningRate, settings.Beta1, settings.Beta2, settings.Epsilon, settings.WeightDecay,
            Correction(settings.Beta1), Correction(settings.Beta2), (float)clip);
        foreach (var (firstRow, rows, decays) in ranges)
        {
            device.AdamW(
                parameters.Slice(firstRow, rows), flat.Slice(firstRow, rows), M.Slice(firstRow, rows), V.Slice(firstRow, rows),
                decays ? step : step with { WeightDecay = 0 });
        }

        set.Changed();
        return norm;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ownerM.Dispose();
        ownerV.Dispose();
    }

    private float Correction(float beta) => (float)(1 - ExactMath.Pow(beta, Steps));
}
