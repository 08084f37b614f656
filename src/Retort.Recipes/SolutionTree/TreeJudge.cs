using Retort.Analysis;
using Retort.Recipes.Report;

namespace Retort.Recipes.SolutionTree;

/// <summary>From evidence to verdicts: the quantities that the claims' rules name, and nothing else.</summary>
internal static class TreeJudge
{
    private const string Base = TreeCondition.Base, Wall = TreeCondition.Wall;

    /// <summary>Judges a claim whose conditions were all run.</summary>
    public static ClaimResult Judge(Claim claim, TreeEvidence evidence)
    {
        var asked = evidence.Settings.Evaluation;
        var (low, middle, hot) = (asked.Temperatures[0], asked.Middle, asked.Hot);
        return claim.Id switch
        {
            "W1" => claim.Judge(
                [evidence.OverTest(Base, (run, chosen) =>
                    TreeStatistics.Lost(run.Before.Test, low, hot, chosen) - TreeStatistics.Lost(run.Test, low, hot, chosen))],
                [
                    Learned(evidence, Base), Improved(evidence, Base),
                    evidence.Value(Base, (run, chosen) => TreeStatistics.Lost(run.Before.Test, low, hot, chosen)),
                ]),
            "W2" => claim.Judge(
                [evidence.OverTest(Wall, CoverageGain), evidence.OverTest(Wall, NewlySolvedBeyondChance)],
                [
                    Learned(evidence, Wall), Improved(evidence, Wall), Room(evidence, Wall),
                    1 / evidence.Of(Wall).Average(run => run.ExpectedChances),
                ]),
            "W3" => claim.Judge(
                [
                    evidence.OverTest(Base, run => Gains.OfTest(run, middle), MediumLessOthers),
                    evidence.OverRl(Base, run => Gains.OfRl(run, middle), MediumLessOthers),
                ],
                [Learned(evidence, Base), Improved(evidence, Base)]),
            "W4" => claim.Judge(
                [
                    evidence.RlLessTest(Base, run => Gains.OfRl(run, middle), run => Gains.OfTest(run, middle), Medium),
                    evidence.RlLessTest(Base, run => Gains.OfRl(run, middle), run => Gains.OfTest(run, middle), TreeStatistics.GainCentre),
                ],
                [Learned(evidence, Base), Improved(evidence, Base)]),
            "W5" => claim.Judge(PlanAndExecution(evidence, middle), [Learned(evidence, Base), Improved(evidence, Base)]),
            "W8" => claim.Judge(
                [
                    evidence.OverTest(Base, BestPassGain),
                    evidence.OverTest(Base, (run, chosen) => BestPassGain(run, chosen) - CoverageGain(run, chosen)),
                ],
                [Learned(evidence, Base), Improved(evidence, Base), Room(evidence, Base)]),
            "W9" => claim.Judge(
                [evidence.RlLessTest(
                    Base, run => (Before: run.RlBefore, After: run.Rl), run => (Before: run.Before.Test, After: run.Test),
                    (pair, chosen) => TreeStatistics.PassAt1(pair.After, low, chosen) - TreeStatistics.PassAt1(pair.Before, low, chosen))],
                [Learned(evidence, Base), Improved(evidence, Base)]),
            "W10" => claim.Judge(
                [
                    evidence.OverTest(TreeCondition.FewActions, CoverageGain),
                    evidence.Difference(TreeCondition.FewActions, Base, Opened),
                    evidence.Difference(TreeCondition.Fresh, Wall, Opened),
                    evidence.Difference(TreeCondition.NoContext, Base, Opened),
                ],
                [
                    Learned(evidence, Base), Learned(evidence, TreeCondition.FewActions), Learned(evidence, TreeCondition.NoContext),
                    Improved(evidence, Base),
                ]),
            "W11" => claim.Judge(
                [evidence.OverTest(Base, TreeStatistics.ReuseEffect), Discovery(evidence)],
                [Learned(evidence, Base), Improved(evidence, Base), 1 - evidence.Controls.Average(DistanceFromFormula)]),
            _ => claim.NotRun("it needs a language model"),
        };
    }

    /// <summary>Coverage after less before, each at its best temperature of those asked after.</summary>
    public static double CoverageGain(TreeRun run, ReadOnlySpan<int> chosen) =>
        TreeStatistics.BestCoverage(run.Test, run.Test.Temperatures, chosen)
        - TreeStatistics.BestCoverage(run.Before.Test, run.Test.Temperatures, chosen);

    /// <summary>Pass@1 after less before, each at its best temperature.</summary>
    public static double BestPassGain(TreeRun run, ReadOnlySpan<int> chosen) =>
        TreeStatistics.BestPassAt1(run.Test, run.Test.Temperatures, chosen)
        - TreeStatistics.BestPassAt1(run.Before.Test, run.Test.Temperatures, chosen);

    /// <summary>Coverage gained as a share of what was missing; not a number where nothing was.</summary>
    public static double Opened(TreeRun run, ReadOnlySpan<int> chosen)
    {
        var missing = 1 - TreeStatistics.BestCoverage(run.Before.Test, run.Test.Temperatures, chosen);
        return missing <= 0 ? double.NaN : CoverageGain(run, chosen) / missing;
    }

    /// <summary>Newly solved after RL less newly solved by the model before, sampled again.</summary>
    public static double NewlySolvedBeyondChance(TreeRun run, ReadOnlySpan<int> chosen) =>
        TreeStatistics.NewlySolved(run.Before.Test, run.Test, run.Test.Temperatures, chosen)
        - TreeStatistics.NewlySolved(run.Before.Test, run.Before.TestAgain!, run.Test.Temperatures, chosen);

    /// <summary>How far pass@1 at the lowest temperature asked at lies from (1 - q)^n.</summary>
    public static double DistanceFromFormula(TreeBefore control) => Math.Abs(control.LowPass - Formula(control));

    /// <summary>(1 - q)^n, the mean over the world's n.</summary>
    public static double Formula(TreeBefore control)
    {
        var (settings, sum) = (control.Task.Settings, 0.0);
        for (var n = settings.Steps.Low; n <= settings.Steps.High; n++)
        {
            sum += Math.Pow(1 - settings.HeldOutPairs, n);
        }

        return sum / settings.Steps.Count;
    }

    private static double Medium(Gains gains, ReadOnlySpan<int> chosen) => TreeStatistics.MediumGain(gains, chosen, lessOthers: false);

    private static double MediumLessOthers(Gains gains, ReadOnlySpan<int> chosen) => TreeStatistics.MediumGain(gains, chosen, lessOthers: true);

    private static Interval[] PlanAndExecution(TreeEvidence evidence, double middle) =>
    [
        evidence.OverTest(
            Base, run => (Planned: run.Before.Test.Planned(middle), Executed: run.Before.Test.Executed(middle)),
            (before, chosen) => TreeStatistics.Mean(before.Planned, chosen) - TreeStatistics.Mean(before.Executed, chosen)),
        evidence.OverTest(
            Base,
            run => (
                Planned: (run.Before.Test.Planned(middle), run.Test.Planned(middle)),
                Executed: (run.Before.Test.Executed(middle), run.Test.Executed(middle))),
            (shares, chosen) => Ratio(shares.Executed, chosen) - Ratio(shares.Planned, chosen)),
    ];

    private static double Ratio((double[] Before, double[] After) shares, ReadOnlySpan<int> chosen) =>
        TreeStatistics.Mean(shares.After, chosen) / TreeStatistics.Mean(shares.Before, chosen);

    private static Interval Discovery(TreeEvidence evidence) => evidence.OverPairs(Wall, run => run, TreeStatistics.DiscoveryEffect);

    private static double Learned(TreeEvidence evidence, string condition) => evidence.Value(condition, (run, chosen) =>
        TreeStatistics.PassAt1(run.Before.Test, run.Test.Temperatures[0], chosen));

    private static double Improved(TreeEvidence evidence, string condition) => evidence.Of(condition).Average(run =>
    {
        var all = TreeEvidence.Every(run.Rl.NumProblems);
        return TreeStatistics.BestPassAt1(run.Rl, run.Rl.Temperatures, all) - TreeStatistics.BestPassAt1(run.RlBefore, run.Rl.Temperatures, all);
    });

    private static double Room(TreeEvidence evidence, string condition) => 1 - evidence.Of(condition).Average(run => run.Before.AllSeen);
}
