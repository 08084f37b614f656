using Retort.Recipes.Report;

namespace Retort.Recipes.Backtracking;

/// <summary>
/// The claims of the study (Qin et al. 2025), each with the rule and the guards that judge it, written before any run. "At equal
/// compute" is always: as many direct samples as cost what the search's largest budget costs, by the engine's counters.
/// </summary>
internal static class BacktrackingClaims
{
    /// <summary>An undertrained searcher proves nothing: it must solve most of what its own data solve.</summary>
    private static readonly Guard LearnedToSearch = new("search model / its generator, CountDown, largest budget", 0.8);

    /// <summary>An undertrained direct model proves nothing either.</summary>
    private static readonly Guard LearnedToAnswer = new("direct model's best-of-n on Sudoku at equal compute", 0.1);

    private static readonly Guard LearnedSudoku = new("search model / its generator, Sudoku, largest budget", 0.5);

    /// <summary>C1: parallel sampling wins on CountDown.</summary>
    public static readonly Claim C1 = new(
        "C1", true,
        "On CountDown, at equal compute, the direct model with best-of-n beats the model that searches",
        "17M: direct 61 % at n = 16, search 41.5 % at 4096 tokens",
        [Test.LowerBoundAbove(0, "direct - search, CountDown, equal compute")],
        [LearnedToSearch]);

    /// <summary>C2: the order flips on Sudoku.</summary>
    public static readonly Claim C2 = new(
        "C2", true,
        "On Sudoku the order flips: the model that searches beats the direct model at equal compute",
        "38M: search 77 %, direct 58 % at n = 16; 144M: 89 % and 74 %",
        [
            Test.LowerBoundAbove(0, "search - direct, Sudoku, equal compute"),
            Test.LowerBoundAbove(0, "(direct - search on CountDown) - (direct - search on Sudoku)"),
        ],
        [LearnedToSearch, LearnedSudoku, LearnedToAnswer]);

    /// <summary>C3: size helps the direct model only.</summary>
    public static readonly Claim C3 = new(
        "C3", false,
        "Size helps the direct model on CountDown but hardly helps the model that searches",
        "3M to 144M at the largest budget: direct 52 to 68.5 %, search 41.5 to 43 %",
        [
            Test.LowerBoundAbove(0, "direct, large - small, CountDown"),
            Test.LowerBoundAbove(0, "(direct, large - small) - (search, large - small), CountDown"),
        ],
        [LearnedToSearch]);

    /// <summary>C4: the searcher imitates its generator.</summary>
    public static readonly Claim C4 = new(
        "C4", false,
        "The searching model is bounded by its trace generator and imitates it; the direct model does not",
        "Jaccard overlap by mistakes: high for search; 0.32, 0.06, 0.03, 0, 0, 0 for direct",
        [
            Test.UpperBoundBelow(0.05, "search model - its generator, CountDown, largest budget"),
            Test.LowerBoundAbove(0, "mean Jaccard with the generator over bins, search - direct"),
        ],
        [LearnedToSearch]);

    /// <summary>C5: two fixes help; direct still wins.</summary>
    public static readonly Claim C5 = new(
        "C5", false,
        "Mixed strategies and shortened traces both help the searching model, but the direct model with enough samples still wins",
        "17M: plain 41.5 %, mix 51 %, think 59.5 %, direct 61 % at n = 16 and 70 % at n = 32",
        [
            Test.LowerBoundAbove(0, "think - plain, largest budget"),
            Test.LowerBoundAbove(0, "mix - plain, largest budget"),
            Test.LowerBoundAbove(0, "direct with all its samples - think"),
        ],
        [
            LearnedToSearch,
            new("think model / its generator, CountDown, largest budget", 0.8),
            new("mix model / its generator, CountDown, largest budget", 0.8),
        ]);

    /// <summary>C6: reinforcement learning takes the searcher beyond its generator.</summary>
    public static readonly Claim C6 = new(
        "C6", false,
        "GRPO greatly improves the searching model at every budget, beyond the generator it was trained on",
        "17M at 256 to 4096 tokens: 7.5 to 41.5 % become 23.5 to 70.5 %; the generator 58 %",
        [
            Test.LowerBoundAbove(0, "after - before GRPO, search, mean over budgets"),
            Test.LowerBoundAbove(0, "after - before GRPO, search, largest budget"),
            Test.LowerBoundAbove(0, "search after GRPO - its generator, largest budget"),
        ],
        [LearnedToSearch]);

    /// <summary>C7: reinforcement learning takes the direct model's gain from samples.</summary>
    public static readonly Claim C7 = new(
        "C7", false,
        "GRPO raises the direct model's single-sample accuracy but destroys its gain from more samples",
        "17M, n = 1 and 32: 17 and 70 % become 42.5 and 48 %",
        [
            Test.LowerBoundAbove(0, "after - before GRPO, direct, n = 1"),
            Test.UpperBoundBelow(0, "gain from n = 1 to the largest n, after - before GRPO"),
            Test.UpperBoundBelow(0, "after - before GRPO, direct, largest n"),
        ],
        [new("direct model's best-of-n on CountDown at the largest n, before GRPO", 0.1)]);

    /// <summary>C8: the searcher's mistakes become its own.</summary>
    public static readonly Claim C8 = new(
        "C8", false,
        "After GRPO the searching model's mistakes move away from its generator's",
        "Jaccard with the generator falls",
        [Test.UpperBoundBelow(0, "mean Jaccard with the generator over bins, after - before GRPO")],
        [LearnedToSearch]);

    /// <summary>C9: depth explains the flip.</summary>
    public static readonly Claim C9 = new(
        "C9", false,
        "Search depth explains the flip: deeper CountDown takes the direct model's advantage, shallower Sudoku the searching model's",
        "Stacked CountDown 17M: gap +15 becomes -8; easy Sudoku 38M: search's lead 19 becomes 5.5",
        [
            Test.UpperBoundBelow(0, "(direct - search), stacked - original CountDown"),
            Test.UpperBoundBelow(0, "(search - direct), shallow - deep Sudoku"),
        ],
        [
            LearnedToSearch,
            new("search model / its generator, stacked CountDown, largest budget", 0.8),
            new("direct model's best-of-n on stacked CountDown at equal compute", 0.05),
            LearnedSudoku,
            new("search model / its generator, shallow Sudoku, largest budget", 0.5),
            new("direct model's best-of-n on shallow Sudoku at equal compute", 0.1),
        ]);

    /// <summary>C10: without a verifier, more samples do not help.</summary>
    public static readonly Claim C10 = new(
        "C10", false,
        "A verifier matters for the direct model: majority vote does not scale with samples",
        "17M: best-of-n 17 to 70 % from n = 1 to 64; majority 17.3 to 19.7 % from n = 4 to 64",
        [
            Test.LowerBoundAbove(0, "best-of-n - majority at the largest n"),
            Test.UpperBoundBelow(0.5, "majority's gain / best-of-n's gain, from n = 1 to the largest n"),
        ],
        [new("direct model's best-of-n on CountDown at the largest n", 0.1)]);

    /// <summary>All claims in the paper's order.</summary>
    public static IReadOnlyList<Claim> All { get; } = [C1, C2, C3, C4, C5, C6, C7, C8, C9, C10];

    /// <summary>The cells whose models a claim compares.</summary>
    public static IReadOnlyList<string> CellsOf(string id) => id switch
    {
        "C1" => ["countdown-search", "countdown-direct"],
        "C2" => ["countdown-search", "countdown-direct", "sudoku-search", "sudoku-direct"],
        "C3" => ["countdown-search", "countdown-direct", "countdown-search-small", "countdown-direct-small"],
        "C4" => ["countdown-search", "countdown-direct"],
        "C5" => ["countdown-search", "countdown-direct", "countdown-mix", "countdown-think"],
        "C6" or "C8" => ["countdown-search", "countdown-search-rl"],
        "C7" => ["countdown-direct", "countdown-direct-rl"],
        "C9" =>
        [
            "countdown-search", "countdown-direct", "countdown-stacked-search", "countdown-stacked-direct",
            "sudoku-search", "sudoku-direct", "sudoku-shallow-search", "sudoku-shallow-direct",
        ],
        "C10" => ["countdown-direct", "countdown-search"],
        _ => [],
    };
}
