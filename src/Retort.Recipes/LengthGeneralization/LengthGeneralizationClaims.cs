using Retort.Recipes.Report;

namespace Retort.Recipes.LengthGeneralization;

/// <summary>
/// The claims of the study (Golowich et al. 2025; section 1 of the specification) at this scale, each with the rule and the guards that judge it,
/// written before any run. Problems are of the length named, exact match is under free decoding, and the best of several encodings is chosen seed by
/// seed. A gap outside the trained range is one of generalization only if every scheme compared has learned the range.
/// </summary>
internal static class LengthGeneralizationClaims
{
    private const double Learned = 0.95;

    /// <summary>B4: coupled ids make far things near.</summary>
    public static readonly Claim B4 = new(
        "B4", true,
        "Position coupling makes parity with a scratchpad generalize in length where encodings that know nothing of the task do not",
        "the coupled positions of what a token depends on are near each other; figures unconfirmed",
        [Test.LowerBoundAbove(0, "exact match at twice the trained length, position coupling - best of RoPE, NoPE, ALiBi, learned")],
        [new("exact match at any length asked within the trained range, the lowest of the five schemes", Learned)]);

    /// <summary>B5: predicted ids do where ids cannot be written down.</summary>
    public static readonly Claim B5 = new(
        "B5", true,
        "Predictive position coupling extends coupling to tasks whose position ids depend on the input: it generalizes in length on variable assignment",
        "the idea; tasks and values unconfirmed",
        [Test.LowerBoundAbove(0.5, "exact match at 1.5 times the trained number of lines, predictive coupling")],
        [new("exact match at any length asked within the trained range", Learned)]);

    /// <summary>B6: predicted ids on a scratchpad.</summary>
    public static readonly Claim B6 = new(
        "B6", true,
        "Predictive position coupling generalizes in length on parity with a scratchpad where standard encodings do not",
        "direction only",
        [Test.LowerBoundAbove(0, "exact match at twice the trained length, predictive coupling - best of RoPE, NoPE, ALiBi, learned")],
        [new("exact match at any length asked within the trained range, the lowest of the five schemes", Learned)]);

    /// <summary>B6 on the task whose ids depend on the input.</summary>
    public static readonly Claim B6b = new(
        "B6b", false,
        "Predictive position coupling generalizes in length on variable assignment where standard encodings do not",
        "direction only",
        [Test.LowerBoundAbove(0, "exact match at 1.5 times the trained number of lines, predictive coupling - best of RoPE, learned")],
        [new("exact match at any length asked within the trained range, the lowest of the three schemes", Learned)]);

    /// <summary>All claims in order.</summary>
    public static IReadOnlyList<Claim> All { get; } =
        [SparseClaims.B1, SparseClaims.B2, SparseClaims.B3, B4, SparseClaims.B4b, B5, B6, B6b, SparseClaims.B7, SparseClaims.B8];

    /// <summary>Those that models can be made for.</summary>
    public static IReadOnlyList<Claim> Judged { get; } = [B4, B5, B6, B6b];
}
