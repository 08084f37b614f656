using Retort.Recipes.Report;

namespace Retort.Recipes.SolutionTree;

/// <summary>
/// The claims of the study (Qin et al. 2025), each with the rule and the guards that judge it, written before any run. Unless a rule says otherwise
/// quantities are of test problems, coverage is of K samples at the temperature where it is highest, for each model by itself, and the condition
/// is the base one.
/// </summary>
internal static class TreeClaims
{
    /// <summary>A model that did not learn to decode plans proves nothing.</summary>
    private static readonly Guard Learned = new("pass@1 before RL at the lowest temperature, test", 0.25);

    /// <summary>Reinforcement learning that improves nothing proves nothing.</summary>
    private static readonly Guard Improved = new("pass@1 gained by RL on its own problems, best temperature", 0.03);

    /// <summary>Where every pair was seen there is no wall.</summary>
    private static readonly Guard Room = new("share of test problems with a pair never seen in pretraining", 0.2);

    /// <summary>
    /// W1: temperature distillation. What is lost is a share of what there is: pairs that RL teaches or makes forgotten raise or lower the
    /// whole curve and flatten nothing.
    /// </summary>
    public static readonly Claim W1 = new(
        "W1", true,
        "RL flattens precision against temperature",
        "after RL the curves for T from about 0 to 1.2 nearly coincide; pass@1 at T = 0.025 and 1.2: 48 and 34.5 % before, 60 and 50.5 % after",
        [Test.LowerBoundAbove(0, "share of the lowest temperature's pass@1 that the hot one loses, before - after RL")],
        [Learned, Improved, new("that share before RL", 0.05)]);

    /// <summary>
    /// W2: the coverage wall, where the sizing formula leaves no way through it. Three points are a quarter of what the paper's base
    /// condition gains in pass@1; one problem in twenty may be newly solved beyond chance.
    /// </summary>
    public static readonly Claim W2 = new(
        "W2", true,
        "RL does not raise coverage on held-out problems, where its problems offer an unseen pair less than one chance",
        "best-of-64 at the best temperature: no significant change; newly solved: 0 on the test set",
        [
            Test.UpperBoundBelow(0.03, "coverage after - before RL, few RL problems"),
            Test.UpperBoundBelow(0.05, "newly solved after RL - newly solved by sampling the model before again, few RL problems"),
        ],
        [
            Learned,
            Improved with { Quantity = "pass@1 gained by RL on its own problems, best temperature, few RL problems" },
            Room,
            new("1 / chances of an unseen pair in the RL problems (sizing formula), few RL problems", 1),
        ]);

    /// <summary>W3: medium problems gain.</summary>
    public static readonly Claim W3 = new(
        "W3", false,
        "The gain is concentrated on problems of medium precision before RL",
        "train subset: largest gain about +45 points near 40 % precision; test: +35 near 60 %",
        [
            Test.LowerBoundAbove(0, "gain at the middle temperature, problems of precision 0.2 to 0.8 before - the others, test"),
            Test.LowerBoundAbove(0, "the same, RL problems"),
        ],
        [Learned, Improved]);

    /// <summary>W4: a gap between RL problems and test problems in that gain.</summary>
    public static readonly Claim W4 = new(
        "W4", false,
        "That gain is bigger on RL problems than on test problems, and lies at lower starting precision",
        "train: +45 points near 40 %; test: +35 near 60 %",
        [
            Test.LowerBoundAbove(0, "gain of medium problems, RL - test"),
            Test.UpperBoundBelow(0, "precision before, weighted by gain, RL - test"),
        ],
        [Learned, Improved]);

    /// <summary>W5: planning is high already, execution is what fails and what RL gains.</summary>
    public static readonly Claim W5 = new(
        "W5", false,
        "Planning is already high; execution is lower, where most failures are, and gains most from RL in relative terms",
        "plan 59 to 71, 76 to 83, 91 to 92 %; execute 19 to 31, 37 to 53, 70 to 74 % for 0.5B, 1.5B, 7B",
        [
            Test.LowerBoundAbove(0, "answers wholly planned - answers wholly executed, before RL, middle temperature"),
            Test.LowerBoundAbove(0, "executed after / before - planned after / before"),
        ],
        [Learned, Improved]);

    /// <summary>W8: the tree shows the same.</summary>
    public static readonly Claim W8 = new(
        "W8", false,
        "A tree-navigation task trained from scratch shows it: RL raises pass@1, and coverage less",
        "best temperature: pass@1 48.2 to 59.8 %, coverage 68.9 to 74.2 %",
        [
            Test.LowerBoundAbove(0, "pass@1 at the best temperature, after - before RL"),
            Test.LowerBoundAbove(0, "pass@1 gained - coverage gained, each at its best temperature"),
        ],
        [Learned, Improved, Room]);

    /// <summary>W9: RL problems improve more.</summary>
    public static readonly Claim W9 = new(
        "W9", false,
        "RL problems improve more than test problems",
        "pass@1 at T = 0.025: RL problems 54 to 75 %, test 48 to 60 %",
        [Test.LowerBoundAbove(0, "pass@1 gained at the lowest temperature, RL - test")],
        [Learned, Improved]);

    /// <summary>
    /// W10: what breaks the wall. Worlds differ in how much lies beyond it, so coverage gained is measured as a share of what was missing
    /// before.
    /// </summary>
    public static readonly Claim W10 = new(
        "W10", false,
        "Coverage can be raised: by a smaller action space, by more varied RL problems, by no spurious context",
        "one variant: coverage 60.9 to 73.6 %; directions otherwise",
        [
            Test.LowerBoundAbove(0, "coverage after - before RL, few actions"),
            Test.LowerBoundAbove(0, "coverage gained / coverage missing before, few actions - base"),
            Test.LowerBoundAbove(0, "the same, fresh RL problems - few RL problems"),
            Test.LowerBoundAbove(0, "the same, no spurious context - base"),
        ],
        [
            Learned,
            Learned with { Quantity = "pass@1 before RL at the lowest temperature, few actions" },
            Learned with { Quantity = "pass@1 before RL at the lowest temperature, no spurious context" },
            Improved,
        ]);

    /// <summary>W11: found by exploration, reused elsewhere.</summary>
    public static readonly Claim W11 = new(
        "W11", false,
        "RL breaks the wall where a missing pair can be found by exploration and is reused in other problems",
        "an explanation; section 3.6 of the specification makes it testable",
        [
            Test.LowerBoundAbove(0, "never-solved test problems with an unknown pair: newly solved, pairs all known after RL - not all known"),
            Test.LowerBoundAbove(0, "unknown pairs: learned, the only unknown one of an RL problem - not, few RL problems"),
        ],
        [
            Learned,
            Improved,
            new("1 - mean distance of pass@1 before RL from (1 - q)^n, worlds with a share q of the pairs held out", 0.9),
        ]);

    /// <summary>Claims about language models, which nothing here stands in for.</summary>
    public static readonly IReadOnlyList<Claim> NeedLanguageModels =
    [
        new("W6", false, "RL reduces elementary and logic errors, not high-school-level knowledge errors", "direction only",
            [Test.UpperBoundBelow(0, "share of elementary and logic errors, after - before RL")], []),
        new("W7", false, "Irrelevant wording steers success, and RL reduces this", "qualitative, 30 problems inspected",
            [Test.UpperBoundBelow(0, "spread of success over synonyms, after - before RL")], []),
    ];

    /// <summary>All claims in the specification's order.</summary>
    public static IReadOnlyList<Claim> All { get; } = [W1, W2, W3, W4, W5, .. NeedLanguageModels, W8, W9, W10, W11];

    /// <summary>Conditions that a claim's rule and guards name.</summary>
    public static IReadOnlyList<string> ConditionsOf(string id) => id switch
    {
        "W2" => [TreeCondition.Wall],
        "W10" => [TreeCondition.Base, TreeCondition.Wall, TreeCondition.Fresh, TreeCondition.FewActions, TreeCondition.NoContext],
        "W11" => [TreeCondition.Base, TreeCondition.Wall],
        _ => [TreeCondition.Base],
    };
}
