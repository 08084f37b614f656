using Retort.Recipes.Report;

namespace Retort.Recipes.LengthGeneralization;

/// <summary>
/// The claims about sparse parity, planted correlations and natural text (B1 to B3, B4's other half, B7, B8), with their rules. They are not run: this
/// build has no task for them.
/// </summary>
internal static class SparseClaims
{
    /// <summary>Why they are not run.</summary>
    public const string NotRun = "this build has neither sparse parity nor planted correlations nor text to train on";

    private static readonly Guard Fits = new("accuracy at the longest trained length with k = K_train, the lowest of all K_train", 0.95);

    /// <summary>B1: the fewer a token depends on, the further.</summary>
    public static readonly Claim B1 = new(
        "B1", false,
        "Generalization to lengths beyond training gets monotonically better as the number k of tokens that a prediction depends on gets smaller",
        "direction; curves and values unconfirmed",
        [Test.UpperBoundBelow(0, "Spearman's correlation of k with accuracy at twice the longest trained length, mean over K_train")],
        [Fits]);

    /// <summary>B2: sparse parity.</summary>
    public static readonly Claim B2 = new(
        "B2", false,
        "Sparse parity beyond the trained lengths is solved for small k and not for large k",
        "K_train 4, 6, 8, 10, 12; accuracies unconfirmed",
        [
            Test.LowerBoundAbove(0.75, "accuracy at twice the longest trained length, k = 2, largest K_train"),
            Test.LowerBoundAbove(0, "the same, k = 2 - k = K_train"),
        ],
        [Fits]);

    /// <summary>B3: local dependence generalizes.</summary>
    public static readonly Claim B3 = new(
        "B3", false,
        "Planted correlations among decoys generalize in length when the relevant positions lie close together, not when they may lie anywhere",
        "theorem; constants unconfirmed",
        [Test.LowerBoundAbove(0, "accuracy at four times the longest trained length, within a window of 8 - anywhere")],
        [new("accuracy at the longest trained length, the lower of both", 0.95)]);

    /// <summary>B4 on planted correlations.</summary>
    public static readonly Claim B4b = new(
        "B4b", false,
        "Position coupling removes the need for locality: planted correlations that may lie anywhere generalize when relevant positions share an id",
        "direction only",
        [Test.LowerBoundAbove(0, "accuracy at four times the longest trained length, anywhere, coupled - plain ids")],
        [new("accuracy at the longest trained length, the lower of both", 0.95)]);

    /// <summary>B7: text depends on few.</summary>
    public static readonly Claim B7 = new(
        "B7", false,
        "A language model that generalizes in length gets most of what a long context gives from few of its positions",
        "OLMo, C4 and the direction; values unconfirmed",
        [Test.UpperBoundBelow(0.5, "share of the long context's benefit that is lost with the last 32 and the 32 most influential positions alone, PoSE")],
        [new("nats that the long context gains, PoSE", 0.01)]);

    /// <summary>B8: skips in the ids help.</summary>
    public static readonly Claim B8 = new(
        "B8", false,
        "Training with random skips in the position ids (PoSE) lets a language model read contexts longer than those trained on",
        "direction only",
        [Test.LowerBoundAbove(0, "nats a character at four times the trained context, plain - PoSE")],
        [new("nats a character at the trained context, plain - PoSE", -0.1)]);
}
