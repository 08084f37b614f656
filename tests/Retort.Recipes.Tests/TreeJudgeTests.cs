using Retort.Core;
using Retort.Recipes.Report;
using Retort.Recipes.SolutionTree;
using Retort.Tasks;
using Retort.Tasks.SolutionTree;

namespace Retort.Recipes.Tests;

/// <summary>
/// Every claim on made-up models whose knowledge and precision are given: what the rules say of a world where it is true, and where not.
/// </summary>
public class TreeJudgeTests
{
    private const int Samples = 16, Problems = 300, RlProblems = 250, Probes = 4;

    private static readonly double[] Temperatures = [0.2, 1, 1.2];

    private static readonly TreeSettings Settings = new()
    {
        Evaluation = new() { TestProblems = Problems, RlProblems = RlProblems, Samples = Samples, Temperatures = Temperatures, SideTemperatures = [0.2, 1] },
    };

    private static readonly Lazy<World> Home = new(() => new(Settings.World)), Few = new(() => new(Settings.World with { NumActions = 10 }));

    /// <summary>What reinforcement learning does to a made-up model.</summary>
    /// <param name="Learns">Share of the unknown pairs it learns, those that an RL problem gives a chance first.</param>
    /// <param name="OnTest">Wrong answers keep only this power of their share: 2 halves those of one in two.</param>
    /// <param name="OnRl">The same on RL problems.</param>
    private sealed record Change(double Learns, double OnTest, double OnRl);

    private static readonly Change Nothing = new(0, 1, 1), Wall = new(0, 1, 3), Base = new(0.1, 2, 20), Opens = new(1, 2, 20);

    [Theory]
    [InlineData("W1")]
    [InlineData("W2")]
    [InlineData("W3")]
    [InlineData("W4")]
    [InlineData("W5")]
    [InlineData("W8")]
    [InlineData("W9")]
    [InlineData("W10")]
    [InlineData("W11")]
    public void A_claim_holds_where_it_is_true(string id)
    {
        // Where a gain lies is seen best without the problems that come from nothing.
        var result = Judge(id, id == "W4" ? Study(@base: Base with { Learns = 0 }) : Study());
        Assert.True(result.Verdict == ClaimVerdict.Holds, $"{result.Verdict}: {result.Reason}; {string.Join(", ", result.Tests)}");
    }

    [Theory]
    [InlineData("W1")]
    [InlineData("W3")]
    [InlineData("W9")]
    [InlineData("W11")]
    public void Reinforcement_learning_that_changes_nothing_proves_nothing(string id)
    {
        var result = Judge(id, Study(Nothing, Nothing, Nothing, Nothing, Nothing));
        Assert.Equal(ClaimVerdict.Inconclusive, result.Verdict);
        Assert.Contains("pass@1 gained by RL on its own problems", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wall_that_opens_makes_W2_fail() => Assert.Equal(ClaimVerdict.Fails, Judge("W2", Study(wall: Opens)).Verdict);

    [Fact]
    public void Coverage_that_rises_as_much_as_precision_makes_W8_fail_or_leaves_it_open() =>
        Assert.NotEqual(ClaimVerdict.Holds, Judge("W8", Study(@base: new(1, 1, 4))).Verdict);

    [Fact]
    public void Test_problems_that_gain_more_make_W4_and_W9_fail()
    {
        var evidence = Study(@base: new(0, 20, 1.3));
        Assert.Equal(ClaimVerdict.Fails, Judge("W4", evidence).Verdict);
        Assert.Equal(ClaimVerdict.Fails, Judge("W9", evidence).Verdict);
    }

    [Fact]
    public void Answers_that_grow_hotter_make_W1_fail() => Assert.Equal(ClaimVerdict.Fails, Judge("W1", Study(@base: new(0, 0.3, 20))).Verdict);

    [Fact]
    public void Conditions_that_open_no_more_than_others_leave_W10_open_or_failed()
    {
        Assert.NotEqual(ClaimVerdict.Holds, Judge("W10", Study(few: Base)).Verdict);
        Assert.Equal(ClaimVerdict.Fails, Judge("W10", Study(noContext: Wall)).Verdict);
    }

    [Fact]
    public void A_wall_elsewhere_than_the_formula_says_keeps_W11_from_being_judged()
    {
        var result = Judge("W11", Study(controlKnows: 0.7));
        Assert.Equal(ClaimVerdict.Inconclusive, result.Verdict);
        Assert.Contains("(1 - q)^n", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Sampling_again_is_what_newly_solved_is_measured_against()
    {
        var run = Study().Of(TreeCondition.Wall)[0];
        var all = TreeEvidence.EveryTest(run);
        var again = run with { Test = run.Before.TestAgain! };
        Assert.Equal(0, TreeJudge.NewlySolvedBeyondChance(again, all));
        Assert.InRange(TreeJudge.NewlySolvedBeyondChance(Study(wall: Opens).Of(TreeCondition.Wall)[0], all), 0.1, 1);
        Assert.True(TreeStatistics.NewlySolved(run.Before.Test, run.Before.TestAgain!, Temperatures, all) > 0);
        Assert.Equal(0, TreeStatistics.NewlySolved(run.Before.Test, run.Before.Test, Temperatures, all));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.03125, 1)]
    [InlineData(0.2, 1)]
    [InlineData(0.25, 2)]
    [InlineData(0.6, 3)]
    [InlineData(0.8, 4)]
    [InlineData(0.96875, 5)]
    [InlineData(1, 6)]
    public void Bins_are_those_of_the_specification(double precision, int bin) => Assert.Equal(bin, TreeStatistics.BinOf(precision));

    private static ClaimResult Judge(string id, TreeEvidence evidence) => TreeJudge.Judge(TreeClaims.All.First(claim => claim.Id == id), evidence);

    private static TreeEvidence Study(
        Change? @base = null, Change? wall = null, Change? fresh = null, Change? few = null, Change? noContext = null, double controlKnows = 1)
    {
        var conditions = new TreeConditions(Settings);
        var runs = new OrderedDictionary<string, IReadOnlyList<TreeRun>>();
        foreach (var (name, world, change) in new[]
                 {
                     (TreeCondition.Base, Home.Value, @base ?? Base), (TreeCondition.Wall, Home.Value, wall ?? Wall), (TreeCondition.Fresh, Home.Value, fresh ?? Opens),
                     (TreeCondition.FewActions, Few.Value, few ?? Opens), (TreeCondition.NoContext, Home.Value, noContext ?? Opens),
                 })
        {
            runs.Add(name, [world.Run(conditions.All.First(condition => condition.Name == name), change)]);
        }

        return new TreeEvidence(Settings, runs, [.. conditions.Worlds.Where(of => of.IsControl).Select(of => World.Control(of, controlKnows))], threads: 1);
    }

    /// <summary>A world whose model knows the pairs it has seen ten times, and answers as well as its problems are easy.</summary>
    private sealed class World(SolutionTreeSettings settings)
    {
        private readonly SolutionTreeTask task = new(settings with { WorldSeed = 1 });
        private TreeBefore? before;

        public TreeRun Run(TreeCondition condition, Change change)
        {
            before ??= Before();
            var asked = before.RlItems[..condition.Asked(Settings)];
            var chances = TreeStatistics.Chances(before.Known, task, asked);
            int[] unknown = [.. Enumerable.Range(0, task.World.NumPairs).Where(pair => !before.Known.Knows(pair)).OrderByDescending(pair => chances[pair])];
            var learned = unknown[..(int)(change.Learns * unknown.Length)];
            var after = PairKnowledgeOf(pair => before.Known.Knows(pair) || learned.Contains(pair));
            // At the wall what is found is not reused: the pairs are known after, and the test problems solved no more.
            var shown = condition.Name == TreeCondition.Wall && change.Learns == 0
                ? PairKnowledgeOf(pair => before.Known.Knows(pair) || chances[pair]) : after;
            return new TreeRun(
                condition, before, Asked("after", before.TestItems, after, change.OnTest), Asked("rl after", asked, after, change.OnRl), shown);
        }

        private TreeBefore Before()
        {
            var seen = SeenPairs.Count(task, 96_000, 2, TestContext.Current.CancellationToken);
            var known = PairKnowledgeOf(pair => seen.Counts[pair] >= 10);
            var (tests, problems) = (Items(task, Split.Test, Problems), Items(task, Split.Validation, RlProblems));
            return new TreeBefore(
                new("base", "made up", settings), 1, task, seen, tests, problems, Asked("test", tests, known, 1), Asked("test again", tests, known, 1),
                Asked("rl", problems, known, 1), Asked("rl again", problems, known, 1), known);
        }

        public static TreeBefore Control(TreeWorld of, double knows)
        {
            var world = new World(of.Settings);
            var tests = Items(world.task, Split.Test, Problems);
            var known = world.PairKnowledgeOf(pair => !world.task.World.IsHeldOut[pair] && pair % 100 < 100 * knows);
            var seen = SeenPairs.Count(world.task, 5000, 2, TestContext.Current.CancellationToken);
            return new(of, 1, world.task, seen, tests, [], world.Asked("control", tests, known, 100), null, null, null, known);
        }

        private PairKnowledge PairKnowledgeOf(Func<int, bool> knows) =>
            new([.. Enumerable.Range(0, task.World.NumPairs).Select(pair => knows(pair) ? Probes : 0)], Probes);

        /// <summary>Of known pairs a problem's precision falls with temperature, the harder the more; of unknown ones it is a lucky guess.</summary>
        private TreeOutcome Asked(string purpose, SolutionTreeItem[] items, PairKnowledge known, double power)
        {
            int[][] Counts() => [.. Temperatures.Select(_ => new int[items.Length])];
            var (correct, planned, executed) = (Counts(), Counts(), Counts());
            for (var i = 0; i < items.Length; i++)
            {
                var random = CounterRandom.For(1, "made-up model/" + purpose, (ulong)i);
                var ease = CounterRandom.For(2, "made-up problem", (ulong)i).NextDouble();
                var isKnown = known.KnowsAll([.. items[i].Pairs(task.World)]);
                for (var t = 0; t < Temperatures.Length; t++)
                {
                    var right = Math.Pow(ease, t == 0 ? 0.4 : Temperatures[t]);
                    right = isKnown ? 1 - Math.Pow(1 - right, power) : 0.001;
                    for (var sample = 0; sample < Samples; sample++)
                    {
                        var (plans, does) = (random.NextDouble() < 0.97, random.NextDouble() < right);
                        planned[t][i] += plans || does ? 1 : 0;
                        executed[t][i] += does ? 1 : 0;
                        correct[t][i] += does ? 1 : 0;
                    }
                }
            }

            return TreeOutcome.Of(Temperatures, Samples, correct, planned, executed);
        }

        private static SolutionTreeItem[] Items(SolutionTreeTask task, Split split, int count) =>
            [.. Enumerable.Range(0, count).Select(i => task.Create(split, i))];
    }
}
