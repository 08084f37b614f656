using Retort.Analysis;
using Retort.Recipes.Report;

namespace Retort.Recipes.Backtracking;

/// <summary>From evidence to verdicts: the quantities that the claims' rules name, and nothing else.</summary>
internal static class BacktrackingJudge
{
    private const string Search = "countdown-search", Direct = "countdown-direct";
    private const string SearchRl = "countdown-search-rl", DirectRl = "countdown-direct-rl";
    private const string SudokuSearch = "sudoku-search", SudokuDirect = "sudoku-direct";
    private const string StackedSearch = "countdown-stacked-search", StackedDirect = "countdown-stacked-direct";
    private const string ShallowSearch = "sudoku-shallow-search", ShallowDirect = "sudoku-shallow-direct";

    /// <summary>Judges a claim whose cells were all run.</summary>
    public static ClaimResult Judge(Claim claim, Evidence evidence) => claim.Id switch
    {
        "C1" => claim.Judge([Lead(evidence, Direct, Search)], [evidence.ShareOfGenerator(Search)]),
        "C2" => claim.Judge(
            [
                evidence.Of(new Term(1, evidence.Search(SudokuSearch)), new Term(-1, evidence.Direct(SudokuDirect, SudokuSearch))),
                evidence.Of(LeadTerms(evidence, Direct, Search, 1), LeadTerms(evidence, SudokuDirect, SudokuSearch, -1)),
            ],
            [
                evidence.ShareOfGenerator(Search), evidence.ShareOfGenerator(SudokuSearch),
                Evidence.Mean(evidence.Direct(SudokuDirect, SudokuSearch)),
            ]),
        "C3" => claim.Judge(SizeGains(evidence), [evidence.ShareOfGenerator(Search)]),
        "C4" => claim.Judge(
            [
                evidence.Of(
                    new Term(1, evidence.Search(Search)),
                    new Term(-1, evidence.PerSeed(Search, outcome => outcome.GeneratorWithinBudget(evidence.TopBudget(Search))))),
                evidence.OverlapDifference(Search, Direct),
            ],
            [evidence.ShareOfGenerator(Search)]),
        "C5" => claim.Judge(
            [
                evidence.Of(new Term(1, evidence.Search("countdown-think")), new Term(-1, evidence.Search(Search))),
                evidence.Of(new Term(1, evidence.Search("countdown-mix")), new Term(-1, evidence.Search(Search))),
                evidence.Of(
                    new Term(1, evidence.PerSeed(Direct, outcome => outcome.BestOf(outcome.NumSamples))),
                    new Term(-1, evidence.Search("countdown-think"))),
            ],
            [evidence.ShareOfGenerator(Search), evidence.ShareOfGenerator("countdown-think"), evidence.ShareOfGenerator("countdown-mix")]),
        "C9" => claim.Judge(
            [
                evidence.Of(
                    LeadTerms(evidence, StackedDirect, StackedSearch, 1),
                    LeadTerms(evidence, Direct, Search, -1)),
                evidence.Of(
                    LeadTerms(evidence, ShallowDirect, ShallowSearch, -1),
                    LeadTerms(evidence, SudokuDirect, SudokuSearch, 1)),
            ],
            [
                evidence.ShareOfGenerator(Search), evidence.ShareOfGenerator(StackedSearch),
                Evidence.Mean(evidence.Direct(StackedDirect, StackedSearch)),
                evidence.ShareOfGenerator(SudokuSearch), evidence.ShareOfGenerator(ShallowSearch),
                Evidence.Mean(evidence.Direct(ShallowDirect, ShallowSearch)),
            ]),
        "C10" => claim.Judge(MajorityGains(evidence), [Evidence.Mean(evidence.PerSeed(Direct, outcome => outcome.BestOf(outcome.NumSamples)))]),
        "C6" => claim.Judge(
            [
                evidence.Of(
                    new Term(1, evidence.PerSeed(SearchRl, outcome => outcome.MeanOverBudgets())),
                    new Term(-1, evidence.PerSeed(Search, outcome => outcome.MeanOverBudgets()))),
                evidence.Of(new Term(1, evidence.Search(SearchRl)), new Term(-1, evidence.Search(Search))),
                evidence.Of(
                    new Term(1, evidence.Search(SearchRl)),
                    new Term(-1, evidence.PerSeed(Search, outcome => outcome.GeneratorWithinBudget(evidence.TopBudget(Search))))),
            ],
            [evidence.ShareOfGenerator(Search)]),
        "C7" => claim.Judge(
            [
                evidence.Of(BestOf(evidence, DirectRl, 1, 1), BestOf(evidence, Direct, 1, -1)),
                evidence.Of(
                    BestOf(evidence, DirectRl, evidence.SamplesOf(Direct), 1), BestOf(evidence, DirectRl, 1, -1),
                    BestOf(evidence, Direct, evidence.SamplesOf(Direct), -1), BestOf(evidence, Direct, 1, 1)),
                evidence.Of(
                    BestOf(evidence, DirectRl, evidence.SamplesOf(Direct), 1), BestOf(evidence, Direct, evidence.SamplesOf(Direct), -1)),
            ],
            [Evidence.Mean(evidence.PerSeed(Direct, outcome => outcome.BestOf(outcome.NumSamples)))]),
        "C8" => claim.Judge([evidence.OverlapDifference(SearchRl, Search)], [evidence.ShareOfGenerator(Search)]),
        _ => throw new ArgumentOutOfRangeException(nameof(claim), claim.Id, "no claim of this study"),
    };

    /// <summary>direct - search at equal compute, paired over problems.</summary>
    public static Interval Lead(Evidence evidence, string direct, string search) =>
        evidence.Of(LeadTerms(evidence, direct, search, 1));

    private static Term BestOf(Evidence evidence, string direct, int n, double weight) =>
        new(weight, evidence.PerSeed(direct, outcome => outcome.BestOf(n)));

    private static Term[] LeadTerms(Evidence evidence, string direct, string search, double weight) =>
        [new(weight, evidence.Direct(direct, search)), new(-weight, evidence.Search(search))];

    private static Interval[] SizeGains(Evidence evidence)
    {
        // Both sizes answer with the number of samples that matches the large one's search, so that only size differs.
        var n = evidence.MatchedSamples(Search, Direct, evidence.TopBudget(Search));
        Term[] direct =
        [
            new(1, evidence.PerSeed(Direct, outcome => outcome.BestOf(n))),
            new(-1, evidence.PerSeed("countdown-direct-small", outcome => outcome.BestOf(n))),
        ];
        return
        [
            evidence.Of(direct),
            evidence.Of([.. direct, new(-1, evidence.Search(Search)), new(1, evidence.Search("countdown-search-small"))]),
        ];
    }

    private static Interval[] MajorityGains(Evidence evidence)
    {
        var n = evidence.SamplesOf(Direct);
        var best = evidence.PerSeed(Direct, outcome => outcome.BestOf(n));
        var one = evidence.PerSeed(Direct, outcome => outcome.BestOf(1));
        var majority = evidence.PerSeed(Direct, outcome => outcome.Majority(n));
        var (meanBest, meanOne, meanMajority) =
            (SeedIntervals.AverageOverSeeds(best), SeedIntervals.AverageOverSeeds(one), SeedIntervals.AverageOverSeeds(majority));
        var ratios = Enumerable.Range(0, best.Length)
            .Select(seed => (majority[seed].Average() - one[seed].Average()) / (best[seed].Average() - one[seed].Average())).ToArray();
        var ratio = Bootstrap.Of(meanBest.Length, chosen =>
        {
            var (gainBest, gainMajority) = (0.0, 0.0);
            foreach (var i in chosen)
            {
                gainBest += meanBest[i] - meanOne[i];
                gainMajority += meanMajority[i] - meanOne[i];
            }

            return gainBest <= 0 ? double.NaN : gainMajority / gainBest;
        }, evidence.Resampling);
        return
        [
            evidence.Of(new Term(1, best), new Term(-1, majority)),
            SeedIntervals.WiderOfBootstrapAndT(ratio, ratios),
        ];
    }
}
