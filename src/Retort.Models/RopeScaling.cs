using System.Globalization;
using Retort.Core;

namespace Retort.Models;

/// <summary>How rotary frequencies are changed.</summary>
public enum RopeScalingKind
{
    /// <summary>All frequencies divided by the factor: positions are squeezed into the trained range (Chen et al. 2023).</summary>
    Linear,

    /// <summary>A larger base, which leaves the quickest pair alone and divides the slowest's frequency by the factor (NTK-aware, static).</summary>
    Ntk,

    /// <summary>Slow pairs as in Linear, quick ones left alone, a ramp between; attention is sharpened (YaRN, Peng et al. 2023).</summary>
    Yarn,

    /// <summary>As YaRN with a ramp over wavelengths and attention left alone (Llama 3.1).</summary>
    Llama3,
}

/// <summary>
/// Rotary positions for contexts longer than a model was pretrained on. Frequencies are fixed when the model is made: a scaling that
/// changes with the length of a sequence ("dynamic") would give a token other numbers in a longer text, which this engine never does.
/// </summary>
public sealed record RopeScaling
{
    /// <summary>Which.</summary>
    public required RopeScalingKind Kind { get; init; }

    /// <summary>How many times longer the context is than the pretrained one.</summary>
    public required double Factor { get; init; }

    /// <summary>Pretrained context in tokens; 0: the model's context / factor.</summary>
    public int OriginalMaxPositions { get; init; }

    /// <summary>YaRN: pairs that turn more often than this within the pretrained context are left alone.</summary>
    public double BetaFast { get; init; } = 32;

    /// <summary>YaRN: pairs that turn less often than this within the pretrained context are divided by the factor.</summary>
    public double BetaSlow { get; init; } = 1;

    /// <summary>YaRN: what queries and keys are multiplied by; 0: 0.1 ln(factor) + 1.</summary>
    public double AttentionFactor { get; init; }

    /// <summary>Llama 3: pairs that turn less often than this within the pretrained context are divided by the factor.</summary>
    public double LowFrequencyFactor { get; init; } = 1;

    /// <summary>Llama 3: pairs that turn more often than this are left alone.</summary>
    public double HighFrequencyFactor { get; init; } = 4;

    /// <summary>These settings, checked, with the derived ones written out.</summary>
    public RopeScaling Validated(string where, int maxPositions)
    {
        Check(Enum.IsDefined(Kind), "kind", Kind, string.Join(", ", Enum.GetNames<RopeScalingKind>()));
        Check(Factor is >= 1 and <= 1e6, "factor", Factor, "a number from 1 to 1e6");
        Check(OriginalMaxPositions >= 0, "originalMaxPositions", OriginalMaxPositions, "the pretrained context in tokens, or 0");
        Check(BetaSlow > 0 && BetaFast > BetaSlow, "betaFast", BetaFast, $"a number above betaSlow = {Text(BetaSlow)}, which is above 0");
        Check(AttentionFactor is >= 0 and <= 100, "attentionFactor", AttentionFactor, "a number from 0 to 100");
        Check(LowFrequencyFactor > 0 && HighFrequencyFactor > LowFrequencyFactor, "highFrequencyFactor", HighFrequencyFactor,
            $"a number above lowFrequencyFactor = {Text(LowFrequencyFactor)}, which is above 0");
        return this with
        {
            OriginalMaxPositions = OriginalMaxPositions > 0 ? OriginalMaxPositions : Math.Max(1, (int)(maxPositions / Factor)),
            AttentionFactor = Kind == RopeScalingKind.Yarn && AttentionFactor == 0 ? 0.1 * ExactMath.Log(Factor) + 1 : AttentionFactor,
        };

        void Check(bool valid, string field, object value, string expected)
        {
            if (!valid)
            {
                throw UserError.Request($"{where}.{field}", $"is {Text(value)}", expected);
            }
        }
    }

    private static string Text(object value) => Convert.ToString(value, CultureInfo.InvariantCulture)!;
}
