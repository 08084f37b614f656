using Retort.Recipes.Report;

namespace Retort.Recipes.Trail;

/// <summary>
/// The claims of the study (Shahout et al. 2024; section 1 of the specification), each with the rule and the guards that judge it, written
/// before any run but for what docs/log.md says of C3 and of the clock. Policies are compared on the counted clock, paired by the arrivals' seed,
/// with the roomy cache where no other is named; the same comparisons on the wall clock are shown beside.
/// </summary>
internal static class TrailClaims
{
    /// <summary>A predictor that knows nothing proves nothing.</summary>
    private static readonly Guard Knows = new("MAE(constant mean) / MAE(smoothed)", 1);

    /// <summary>A model that has not learned its task writes other lengths.</summary>
    private static readonly Guard Lengths = new("of the 3 bounds on recorded lengths (mean 50 to 70, squared variation 1 to 2, under 3 % cut off), met", 3);

    /// <summary>C1: refined prediction beats the prompt-only one.</summary>
    public static readonly Claim C1 = new(
        "C1", true,
        "Prediction refined from hidden states beats prediction from the prompt alone",
        "2.66 times lower mean absolute error of the remaining length",
        [Test.LowerBoundAbove(1.3, "MAE(prompt only) / MAE(smoothed), remaining length over all steps of held-out requests")],
        [Knows, Lengths]);

    /// <summary>C2: middle layers know most.</summary>
    public static readonly Claim C2 = new(
        "C2", false,
        "Middle layers carry most length information",
        "Of 32 layers, 10 to 15 are best",
        [
            Test.LowerBoundAbove(0, "MAE(last layer's probe) - MAE(best inner layer's), each step by itself"),
            Test.LowerBoundAbove(0, "MAE(first layer's probe) - MAE(best inner layer's)"),
        ],
        [Knows]);

    /// <summary>C3: smoothing helps. The published rule is judged; the one served is in the table of predictors.</summary>
    public static readonly Claim C3 = new(
        "C3", true,
        "Bayesian smoothing lowers the error of single-step classifier output",
        "An ordering in a figure; values not known",
        [Test.LowerBoundAbove(0, "MAE(each step by itself) - MAE(smoothed by the published rule), in tokens")],
        [Knows]);

    /// <summary>C4: prediction is almost free.</summary>
    public static readonly Claim C4 = new(
        "C4", false,
        "Prediction is almost free",
        "0.03 % of the 8B model's computation; 5 % is the bound for a small model",
        [Test.UpperBoundBelow(0.05, "predictor's share of a decode step with all places busy")],
        []);

    /// <summary>
    /// C5: lower latency than first come, first served. At the lowest load nearly everybody finds a place, and order decides nothing: it is shown
    /// and not judged.
    /// </summary>
    public static readonly Claim C5 = new(
        "C5", true,
        "TRAIL has a lower mean end-to-end latency than first come, first served",
        "1.66 to 2.01 times lower",
        [
            Test.LowerBoundAbove(1.3, "mean end-to-end latency, FCFS / TRAIL, at the highest steady load"),
            Test.LowerBoundAbove(1, "mean end-to-end latency, FCFS / TRAIL, at the middle load"),
            Test.LowerBoundAbove(1.3, "mean end-to-end latency, FCFS / TRAIL, at the first overload"),
        ],
        [Knows, Lengths]);

    /// <summary>C6: lower time to first token, more so under load.</summary>
    public static readonly Claim C6 = new(
        "C6", true,
        "TRAIL has a lower mean time to first token, and the more so the higher the load",
        "1.76 to 24.07 times lower",
        [
            Test.LowerBoundAbove(3, "mean time to first token, FCFS / TRAIL, at the highest steady load"),
            Test.LowerBoundAbove(0, "that ratio at the highest load - at the lowest"),
        ],
        [Knows, Lengths]);

    /// <summary>C7: limited preemption helps where memory is tight.</summary>
    public static readonly Claim C7 = new(
        "C7", false,
        "With little memory limited preemption (C = 0.8) beats unlimited (C = 1) and C = 0.5; C = 0.2 is worst",
        "At 14 requests a second C = 0.8 is best, C = 0.2 worst",
        [
            Test.LowerBoundAbove(0, "mean end-to-end latency, C = 1 / C = 0.8 - 1, tight cache, counted clock"),
            Test.LowerBoundAbove(0, "C = 0.5 / C = 0.8 - 1"),
            Test.LowerBoundAbove(0, "C = 0.2 / C = 0.5 - 1"),
        ],
        [Knows, Lengths]);

    /// <summary>C8: ordering alone is not enough.</summary>
    public static readonly Claim C8 = new(
        "C8", false,
        "Ordering the queue gains little; preemption and then refinement each add",
        "SJF-BERT gains little over FCFS; TRAIL-BERT and then TRAIL are better",
        [
            Test.UpperBoundBelow(0.5, "SJF's part of TRAIL's gain over FCFS in mean end-to-end latency at the highest load"),
            Test.LowerBoundAbove(1, "mean end-to-end latency, SJF / L-SPRPT"),
            Test.LowerBoundAbove(1, "mean end-to-end latency, L-SPRPT / TRAIL"),
        ],
        [Knows, Lengths]);

    /// <summary>C9: in a burst there is nothing to preempt for.</summary>
    public static readonly Claim C9 = new(
        "C9", false,
        "In a burst limited and unlimited preemption are the same, and the gain over FCFS comes from the order",
        "C = 0.8 and C = 1 nearly equal",
        [
            Test.UpperBoundBelow(0.03, "mean end-to-end latency, C = 0.8 / C = 1 - 1, burst, counted clock"),
            Test.LowerBoundAbove(-0.03, "the same"),
            Test.LowerBoundAbove(1, "mean end-to-end latency, FCFS / TRAIL, burst"),
        ],
        [Knows, Lengths]);

    /// <summary>
    /// C10: the closed form. Of M queues about 0.003 M lie beyond three standard errors by chance: one of the grid may.
    /// </summary>
    public static readonly Claim C10 = new(
        "C10", false,
        "The closed form of the mean response time of limited preemption is right",
        "A lemma; simulation within 3 standard errors",
        [
            Test.UpperBoundBelow(1.5, "queues whose simulated mean response lies beyond 3 standard errors"),
            Test.UpperBoundBelow(4.5, "largest distance, in standard errors"),
        ],
        [new("0.01 / the largest standard error as a share of the mean", 1)]);

    /// <summary>All claims in the paper's order.</summary>
    public static IReadOnlyList<Claim> All { get; } = [C1, C2, C3, C4, C5, C6, C7, C8, C9, C10];
}
