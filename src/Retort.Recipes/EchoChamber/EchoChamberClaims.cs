using Retort.Recipes.Report;

namespace Retort.Recipes.EchoChamber;

/// <summary>
/// The claims of the study (Zhao et al. 2025) at this scale (section 7.3), each with the rule and the guards that judge it, written before any
/// run. Shares are of samples at temperature 1 unless greedy is said; "the winner" is the format with the largest share at the end, seed by
/// seed.
/// </summary>
internal static class EchoChamberClaims
{
    /// <summary>Reinforcement needs something to begin with,</summary>
    private static readonly Guard CanAnswer = new("greedy accuracy before", 0.15);

    /// <summary>and room above.</summary>
    private static readonly Guard HasRoom = new("1 - greedy accuracy before", 0.3);

    /// <summary>E1: one format takes all.</summary>
    public static readonly Claim E1 = new(
        "E1", true,
        "RL on a model pretrained on three formats in equal shares concentrates its outputs on one of them",
        "150M, PPO on GSM8K: nearly all outputs in one format within the first of 10 epochs",
        [
            Test.LowerBoundAbove(0.9, "the winner's share at the end"),
            Test.LowerBoundAbove(0.2, "the winner's share, end - start"),
        ],
        [CanAnswer, HasRoom]);

    /// <summary>E2: the switch is where accuracy comes from.</summary>
    public static readonly Claim E2 = new(
        "E2", false,
        "The switch to one format coincides with the largest gain in accuracy; majority@16 rises, pass@16 does not rise after it",
        "the steepest rise of pass@1 is in the same window; majority@64 +5 points; pass@64 drifts down late",
        [
            Test.LowerBoundAbove(0, "gain of pass@1 while the winner's share rises most - its largest gain between two other looks"),
            Test.LowerBoundAbove(0, "majority@16, end - start"),
            Test.UpperBoundBelow(0.02, "pass@16, end - after the switch"),
        ],
        [new("the winner's share, end - start", 0.2), new("pass@16 before", 0.6)]);

    /// <summary>E3: divergence holds it back.</summary>
    public static readonly Claim E3 = new(
        "E3", false,
        "The KL coefficient controls how complete the collapse is",
        "0.01 keeps some outputs in other formats, 0.001 collapses fully",
        [
            Test.LowerBoundAbove(0, "share of all but the winner at the end, largest coefficient - none"),
            Test.LowerBoundAbove(0, "the same, largest - smallest coefficient above 0"),
        ],
        [CanAnswer, HasRoom, new("the winner's share at the end without KL", 0.8)]);

    /// <summary>E4: the mixture decides who wins.</summary>
    public static readonly Claim E4 = new(
        "E4", true,
        "The winner depends on the mixture: programs, more accurate at the start, win at the larger share; at the smaller one the more common format wins",
        "TinyGSM + 4 x OMI1: the format with 28 % of initial outputs wins; + 8 x OMI1: the less accurate one does",
        [
            Test.LowerBoundAbove(0.5, "share of programs at the end, more programs"),
            Test.UpperBoundBelow(0.5, "share of programs at the end, fewer programs"),
        ],
        [
            new("greedy accuracy before, the lower of both", 0.15),
            new("1 - greedy accuracy before, the lower of both", 0.3),
            new("accuracy of programs - of tagged answers before, the lower of both", 0),
        ]);

    /// <summary>E5: size decides too.</summary>
    public static readonly Claim E5 = new(
        "E5", false,
        "On the same data the winner depends on the model's size: it is the format that this size is most accurate in",
        "150M models go to code, 1B models to natural language",
        [
            Test.LowerBoundAbove(0.5, "share at the end of the small model's winner, small - large"),
            Test.LowerBoundAbove(0.5, "share at the end of the large model's most accurate format before, large"),
        ],
        [
            new("greedy accuracy before, the lower of both", 0.15),
            new("accuracy of programs - of natural answers before, small", 0),
            new("accuracy of natural answers - of programs before, large", 0),
        ]);

    /// <summary>E6: more copies help.</summary>
    public static readonly Claim E6 = new(
        "E6", false,
        "More copies of the programs in pretraining give higher accuracy before and after RL",
        "1, 2, 4, 8 x TinyGSM: 24.0, 26.2, 30.8, 33.1 % before; 8 x about 60 % after PPO",
        [
            Test.LowerBoundAbove(0, "greedy accuracy before, most - fewest copies"),
            Test.LowerBoundAbove(0, "greedy accuracy after, most - fewest copies"),
        ],
        [new("greedy accuracy before, most copies", 0.1)]);

    /// <summary>E7: GRPO collapses too, less smoothly.</summary>
    public static readonly Claim E7 = new(
        "E7", false,
        "GRPO collapses onto one format as PPO does but is less stable",
        "curves only",
        [
            Test.LowerBoundAbove(0.9, "the winner's share at the end, GRPO"),
            Test.LowerBoundAbove(0.9, "the winner's share at the end, PPO"),
            Test.LowerBoundAbove(0, "largest fall of greedy accuracy below its best so far, GRPO - PPO"),
        ],
        [CanAnswer, HasRoom]);

    /// <summary>E8: expert iteration shifts less.</summary>
    public static readonly Claim E8 = new(
        "E8", false,
        "Expert iteration gives only a mild shift of format and lower accuracy than PPO",
        "8 x TinyGSM: below 45 % after 3 rounds against about 60 %",
        [
            Test.LowerBoundAbove(0, "share at the end of PPO's winner, PPO - expert iteration"),
            Test.LowerBoundAbove(0, "greedy accuracy after, PPO - expert iteration"),
        ],
        [CanAnswer, HasRoom, new("greedy accuracy, PPO after - before", 0.1)]);

    /// <summary>E9: easy problems teach hard ones.</summary>
    public static readonly Claim E9 = new(
        "E9", false,
        "RL on 2-step problems improves the longest ones, more where programs are among the formats than where all answers are natural",
        "1B models: RL on GSM8K improves MATH-500 and AIME; least with only GSM-like code, a table that is unconfirmed",
        [
            Test.LowerBoundAbove(0, "greedy accuracy on the longest problems, after - before, three formats"),
            Test.LowerBoundAbove(0, "the same gain, three formats - natural alone"),
        ],
        [new("1 - greedy accuracy on the longest problems before, three formats", 0.3)]);

    /// <summary>E10: nothing comes of nothing.</summary>
    public static readonly Claim E10 = new(
        "E10", false,
        "RL does not create a format that was absent from pretraining",
        "(replication) 0 % TinyGSM: code share 0 before and after",
        [
            Test.UpperBoundBelow(1e-4, "share of programs at the end"),
            Test.UpperBoundBelow(1e-4, "share of programs in the last tenth of the rollouts"),
        ],
        [new("greedy accuracy, after - before", 0.05)]);

    /// <summary>All claims in the paper's order.</summary>
    public static IReadOnlyList<Claim> All { get; } = [E1, E2, E3, E4, E5, E6, E7, E8, E9, E10];
}
