using Retort.Core;
using Retort.Recipes.EchoChamber;
using Retort.Recipes.Figures;
using Retort.Recipes.Report;
using Retort.Tasks;
using Retort.Tasks.ScrambledArithmetic;
using Retort.Training.Rl;

namespace Retort.Recipes.Tests;

/// <summary>The claims' rules on models made up for them, whose samples are judged as real ones are.</summary>
public sealed class EchoChamberJudgeTests
{
    private static readonly EchoChamberSettings Settings = EchoChamberPresets.Settings("full");
    private static readonly TaskItem[] Items = PolicyRun.Problems(Settings, Settings.Task.Steps, Split.Test, 60, 2);

    public static TheoryData<string> Claims => [.. EchoChamberClaims.All.Select(claim => claim.Id)];

    [Theory]
    [MemberData(nameof(Claims))]
    public void A_claim_holds_where_it_is_true_fails_where_it_is_not_and_stays_open_where_seeds_disagree(string id)
    {
        Assert.Equal(ClaimVerdict.Holds, Judge(id, new World()).Verdict);
        Assert.Equal(ClaimVerdict.Fails, Judge(id, new World { IsLost = _ => true }).Verdict);
        Assert.Equal(ClaimVerdict.Inconclusive, Judge(id, new World { IsLost = seed => seed == 1 }).Verdict);
    }

    [Fact]
    public void Intervals_take_no_more_threads_than_they_are_given()
    {
        var (now, most) = (0, 0);

        new World().Evidence(["equal-grpo"]).Of((_, chosen) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref now));
            Thread.SpinWait(200);
            Interlocked.Decrement(ref now);
            return chosen[0];
        });

        Assert.Equal(1, most);
    }

    [Theory]
    [InlineData("ability", "E1", "E3", "E4", "E5", "E6", "E7", "E8")]
    [InlineData("room", "E1", "E3", "E4", "E7", "E8", "E9")]
    [InlineData("ahead", "E4", "E5")]
    [InlineData("coverage", "E2")]
    [InlineData("gain", "E8", "E10")]
    public void A_guard_that_is_not_met_leaves_its_claims_open(string broken, params string[] claims)
    {
        foreach (var id in claims)
        {
            var result = Judge(id, new World { Broken = broken });
            Assert.Equal((id, ClaimVerdict.Inconclusive), (result.Id, result.Verdict));
            Assert.Contains("below", result.Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_flip_is_where_programs_get_a_half()
    {
        Assert.Equal(0.2, EchoChamberJudge.FlipPoint([(0.1, 0.25), (0.4, 0.75)]), 9);
        Assert.Equal(0.3, EchoChamberJudge.FlipPoint([(0.1, 0.0), (0.3, 0.5), (0.4, 0.9)]), 9);
        Assert.Equal(double.NaN, EchoChamberJudge.FlipPoint([(0.1, 0.2), (0.4, 0.3)]));
        var table = EchoChamberTables.All(new World().Evidence(), (_, _) => []).First(table => table.Name.StartsWith("Where the winner flips", StringComparison.Ordinal));
        Assert.Equal(5, table.Rows.Count);
        Assert.InRange(table.Rows[0][4].Number!.Value, 11, 18);
    }

    [Fact]
    public void Tables_and_figures_show_every_run()
    {
        var evidence = new World().Evidence();
        var tables = EchoChamberTables.All(evidence, (_, _) => [new(50, 0.1), new(100, 0.31)]);
        Assert.All(tables, table => Assert.All(table.Rows, row => Assert.Equal(table.Columns.Count, row.Count)));
        Assert.Equal(PolicyRun.All(Settings).Keys, tables[1].Rows.Select(row => row[0].Text));
        Assert.All(tables[0].Rows, row => Assert.Equal(100, row[2].Number));
        Assert.Contains(tables, table => table.Name.StartsWith("KL against section 6", StringComparison.Ordinal));
        var figures = EchoChamberFigures.All(evidence);
        Assert.Equal(figures.Count, figures.Select(figure => figure.Name).Distinct().Count());
        Assert.Contains("equal-frozen-shares", figures.Select(figure => figure.Name));
        Assert.Contains("failure-grpo-shares-fixed", figures.Select(figure => figure.Name));
        Assert.All(figures, figure => Assert.Contains("</svg>", FigureRenderer.Svg(figure), StringComparison.Ordinal));
    }

    [Fact]
    public void Outcomes_count_formats_whatever_is_right_in_them()
    {
        TaskItem[] items = [new("a", "Q 1 : 5 ; 2 : + 7 =", ""), new("b", "Q 1 : 5 ; 2 : - 1 =", "")];
        var outcome = FormatOutcome.Of(items,
        [
            ["F ret 12", "F ret 3", "<c> 5 + 7 </c>", "what"],
            ["F ret 4", "step 5 - 1 = 4 , ans 4", "step ans 5", "step ans 4"],
        ]);
        int[] all = [0, 1];
        Assert.Equal((2, 4), (outcome.NumProblems, outcome.NumSamples));
        Assert.Equal(3 / 8.0, outcome.Share(ArithmeticFormat.Program, all));
        Assert.Equal(1 / 8.0, outcome.Share(ArithmeticFormat.Tagged, all));
        Assert.Equal(2 / 3.0, outcome.Within(ArithmeticFormat.Program, all), 12);
        Assert.Equal(0.5, outcome.Within(ArithmeticFormat.Program, [0]));
        Assert.Equal(double.NaN, outcome.Within(ArithmeticFormat.Tagged, [1]));
        Assert.Equal((5 / 8.0, 0.5, 0.75), (outcome.Accuracy(all), outcome.Accuracy([0]), outcome.Accuracy([1, 1])));
        Assert.Equal((1.0, 1.0), (outcome.Coverage(all), outcome.Majority(all)));
    }

    [Fact]
    public void An_evaluation_file_of_other_problems_is_refused_with_its_line()
    {
        var path = Path.GetTempFileName();
        TaskItem[] items = [new("a", "Q 1 : 5 ; 2 : + 7 =", "")];
        void Expect(string line, string message)
        {
            File.WriteAllText(path, line + "\n");
            Assert.Contains(message, Assert.Throws<UserError>(() => FormatOutcome.Read(path, items)).Message, StringComparison.Ordinal);
        }

        Expect("""{"problem":"a","prompt":"Q","text":"F","sample":0}""", ":1: problem a is not this run's");
        Expect("""{"problem":"b","prompt":"Q 1 : 5 ; 2 : + 7 =","text":"F","sample":0}""", ":1: problem b is not this run's");
        Expect("""{"problem":"a","prompt":"Q 1 : 5 ; 2 : + 7 =","sample":0}""", ":1: is not a graded sample");
        Expect("nonsense", ":1: is not a graded sample");
        File.WriteAllText(path, "");
        Assert.Contains("lacks samples", Assert.Throws<UserError>(() => FormatOutcome.Read(path, items)).Message, StringComparison.Ordinal);
        File.WriteAllText(path, """{"problem":"a","prompt":"Q 1 : 5 ; 2 : + 7 =","text":"F ret 12","sample":0}""");
        Assert.Equal(1, FormatOutcome.Read(path, items).Accuracy([0]));
        File.Delete(path);
    }

    [Fact]
    public void A_coin_falls_as_often_as_its_format_is_worth_and_alike_when_thrown_again()
    {
        var coin = new CoinReward(7, [0.25, 0.75, 0]);
        double Mean(string text) => Enumerable.Range(0, 4000).Average(i => coin.Of(new RewardInput(Items[0], text, i / 8, i % 8)));
        Assert.Equal(0.25, Mean("F is wrong"), 0.03);
        Assert.Equal(0.75, Mean("<c> whatever"), 0.03);
        Assert.Equal((0, 0), (Mean("step"), Mean("nothing")));
        Assert.Equal(Mean("F"), Mean("F"));
        Assert.NotEqual(Mean("F"), Enumerable.Range(0, 4000).Average(i => new CoinReward(8, [0.25, 0.75, 0]).Of(new RewardInput(Items[0], "F", i / 8, i % 8))));
    }

    [Fact]
    public void All_models_are_asked_the_same_problems_that_none_was_shown()
    {
        var other = Settings with { Task = Settings.Task with { Shares = new() { Program = 1 }, ProgramRepeatsPrompt = true } };
        Assert.Equal(Items, PolicyRun.Problems(other, Settings.Task.Steps, Split.Test, 60, 1));
        var trained = PolicyRun.Problems(Settings, new(2, 2), Split.Train, 200, 2);
        Assert.All(trained, item => Assert.Equal(2, item.Prompt.Count(c => c == ';')));
        var shown = new ScrambledArithmeticTask(Settings.Task with { Steps = new(2, 2), Shares = new() { Natural = 1 }, Background = 0 });
        Assert.Empty(trained.Select(item => item.Id).Intersect(Enumerable.Range(0, 60_000).Select(i => $"train-{i}")));
        Assert.Equal(trained[0].Prompt, shown.Create(Split.Train, long.Parse(trained[0].Id.Split('-')[1], System.Globalization.CultureInfo.InvariantCulture)).Prompt);
    }

    [Fact]
    public void More_copies_of_programs_leave_the_rest_as_it_is()
    {
        foreach (var copies in Settings.Copies)
        {
            var model = PolicyRun.All(Settings)[PolicyRun.CopyName(copies) + "-grpo"].Base;
            var items = ParallelItems.Make(model.Training.Sequences, 2, i => new ScrambledArithmeticTask(model.Data).Create(Split.Train, i), TestContext.Current.CancellationToken);
            Assert.Equal(0.7 * 0.25 * Settings.CopySequences, items.Count(item => item.Format == ArithmeticFormat.Program) / (double)copies, 5.0);
            Assert.Equal(0.7 * 0.75 * Settings.CopySequences, items.Count(item => item.Format == ArithmeticFormat.Natural), 400.0);
            Assert.Equal(0.3 * Settings.CopySequences, items.Count(item => item.Format is null), 400.0);
            Assert.False(model.StopsEarly);
            Assert.Equal(model.Training.Sequences / 64, model.Steps);
        }
    }

    private static ClaimResult Judge(string id, World world) => EchoChamberJudge.Judge(
        EchoChamberClaims.All.First(claim => claim.Id == id), (world with { Claim = id }).Evidence(PolicyRun.Of(id, Settings)));

    /// <summary>What made-up models do; the paper's claims are true of them unless said otherwise.</summary>
    private sealed record World
    {
        private const ArithmeticFormat Program = ArithmeticFormat.Program, Tagged = ArithmeticFormat.Tagged, Natural = ArithmeticFormat.Natural;

        /// <summary>Whether the claim is not true of a seed's models, by the seed's place.</summary>
        public Func<int, bool> IsLost { get; init; } = _ => false;

        /// <summary>The claim that is lost there.</summary>
        public string Claim { get; init; } = "";

        /// <summary>The guard that is not met.</summary>
        public string Broken { get; init; } = "";

        public Evidence Evidence(IReadOnlyList<string>? runs = null) => new(Settings, PolicyRun.All(Settings).Values
            .Where(run => runs?.Contains(run.Name) ?? true).ToDictionary(
                run => run.Name, run => (IReadOnlyList<RunOutcome>)[.. Settings.Seeds.Select((_, seed) => Outcome(run, !IsLost(seed)))]), threads: 1);

        private RunOutcome Outcome(PolicyRun run, bool effect)
        {
            var looks = Looks(run, effect).Select((look, i) => look with { Greedy = i == 0 ? Before(run, look.Greedy) : After(look.Greedy) }).ToArray();
            var (first, last) = (looks[0], looks[^1]);
            var steps = Enumerable.Range(1, 20).Select(step =>
            {
                int[] drawn = [.. first.Shares.Zip(last.Shares, (a, b) => (int)(1000 * (a + (b - a) * step / 20)))];
                return new TrajectoryStep(step, 1000, drawn, [.. drawn.Zip(last.Accuracy, (count, p) => (int)(count * p))], 0.5, 0.5, 0.01, 20);
            });
            return new RunOutcome(
                run, [.. looks.Select(look => new Look(look.Step, Make(16, look.Shares, look.Accuracy), Make(1, look.Shares, [look.Greedy, look.Greedy, look.Greedy])))],
                new([.. steps]));
        }

        private double Before(PolicyRun run, double greedy) => Broken switch
        {
            "ability" => 0.05,
            "room" => 0.9,
            "gain" when run.Name is "equal-ppo" or "absent-grpo" => 0.85,
            _ => greedy,
        };

        private double After(double greedy) => Broken == "gain" ? 0.85 : greedy;

        /// <summary>What a run's looks show.</summary>
        private MadeUp[] Looks(PolicyRun run, bool effect)
        {
            double[] even = [0.34, 0.33, 0.33], weak = [0.25, 0.2, 0.05], able = [0.8, 0.8, 0.8];
            if (Broken == "coverage")
            {
                weak = [0.01, 0.01, 0.01];
            }

            MadeUp start = new(0, even, weak, 0.3);
            MadeUp[] To(double winner, double greedy, ArithmeticFormat format = Program) => [start, new(150, Won(winner, format), able, greedy)];
            return run.Name switch
            {
                "equal-grpo" when effect || Claim == "E3" =>
                [
                    start, new(5, Won(0.4), [0.3, 0.25, 0.05], 0.5), new(10, Won(0.85), [0.7, 0.6, 0.05], 0.8), new(40, Won(0.95), [0.75, 0.6, 0.05], 0.6),
                    new(150, Won(0.98), able, 0.85),
                ],
                // The switch comes when accuracy has long been gained.
                "equal-grpo" when Claim == "E2" => [start, new(5, even, [0.7, 0.7, 0.7], 0.8), new(40, Won(0.9), able, 0.85), new(150, Won(0.95), able, 0.85)],
                "equal-grpo" => [start, new(5, even, [0.7, 0.7, 0.7], 0.8), new(40, [0.36, 0.32, 0.32], able, 0.85), new(150, [0.45, 0.3, 0.25], able, 0.85)],
                "equal-ppo" => [start, new(40, Won(0.9), able, 0.7), new(150, effect ? Won(0.98) : Won(0.6), able, 0.85)],
                "equal-expert" => effect ? To(0.5, 0.5) : To(0.6, 0.85),
                "equal-kl0.1" => To(effect ? 0.97 : 0.98, 0.85),
                "equal-kl0.3" => To(effect ? 0.9 : 0.98, 0.85),
                "equal-kl1" => To(effect ? 0.6 : 0.98, 0.7),
                "normal-grpo" or "failure-grpo" or "failure-frozen" or "programs0.04-grpo" or "programs0.18-grpo" or "programs0.5-grpo" =>
                    Mixed(run, effect),
                "small-grpo" => [start with { Accuracy = [0.4, 0.2, 0.1] }, new(150, Won(0.98), able, 0.85)],
                "large-grpo" =>
                [
                    start with { Accuracy = Broken == "ahead" ? [0.5, 0.2, 0.2] : [0.2, 0.2, 0.5] }, new(150, Won(0.98, effect ? Natural : Program), able, 0.85),
                ],
                "copies1-grpo" => [start with { Greedy = 0.2 }, new(150, Won(0.9), able, 0.5)],
                "copies8-grpo" => [start with { Greedy = effect ? 0.5 : 0.2 }, new(150, Won(0.9), able, effect ? 0.8 : 0.5)],
                "equal-easy" => [start with { Greedy = 0.1 }, new(150, Won(0.9), able, effect ? 0.6 : 0.1)],
                "natural-easy" => [new(0, [0, 0, 1], weak, 0.1), new(150, [0, 0, 1], able, 0.15)],
                "absent-grpo" => [new(0, [0, 0.5, 0.5], weak, 0.3), new(150, effect ? [0, 0.95, 0.05] : [0.3, 0.65, 0.05], able, 0.85)],
                _ => To(0.95, 0.85),
            };
        }

        private MadeUp[] Mixed(PolicyRun run, bool effect)
        {
            var programs = run.Base.Data.Shares.Program;
            var end = run.Name == "failure-frozen" || !effect || programs > 0.15 ? Won(0.9) : Won(0.95, Tagged);
            return
            [
                new(0, [programs, 1 - programs, 0], Broken == "ahead" ? [0.2, 0.5, 0] : [0.5, 0.25, 0], 0.3), new(150, end, [0.8, 0.8, 0], 0.85),
            ];
        }

        /// <summary>One format has so much, the others the rest in equal parts.</summary>
        private static double[] Won(double share, ArithmeticFormat winner = Program) =>
            [.. Enum.GetValues<ArithmeticFormat>().Select(format => format == winner ? share : (1 - share) / 2)];

        /// <summary>Samples with these shares and accuracies; the same draws for every model, so that equal numbers give equal samples.</summary>
        private static FormatOutcome Make(int samples, double[] shares, double[] accuracy) => FormatOutcome.Of(Items,
        [
            .. Items.Select((item, problem) => (string[])[.. Enumerable.Range(0, samples).Select(sample =>
            {
                var random = CounterRandom.For(1, "made up", (ulong)(problem * samples + sample));
                var (left, format) = (random.NextDouble(), 0);
                while (format < 2 && (left -= shares[format]) >= 0)
                {
                    format++;
                }

                var value = int.Parse(item.Answer[(item.Answer.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture);
                var written = random.NextDouble() < accuracy[format] ? value : (value + 1) % 100;
                return format switch { 0 => $"F ret {written}", 1 => $"<c> {written} </c> <o> 0 </o>", _ => $"step ans {written}" };
            })]),
        ]);

        /// <summary>A look: shares and accuracies of the formats, greedy accuracy.</summary>
        private sealed record MadeUp(long Step, double[] Shares, double[] Accuracy, double Greedy);
    }
}
