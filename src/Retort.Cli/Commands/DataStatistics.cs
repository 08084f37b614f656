using Retort.Cli.TaskKinds;
using System.Globalization;
using Retort.Core;
using Retort.Tasks.CountDown;
using Retort.Tasks.GraphConnectivity;
using Retort.Tasks;
using Retort.Tasks.Instructions;
using Retort.Tasks.Lengths;
using Retort.Tasks.ScrambledArithmetic;
using Retort.Tasks.SolutionTree;
using Retort.Tasks.Sudoku;

namespace Retort.Cli.Commands;

/// <summary>Tables of a task's demonstrations.</summary>
internal static class DataStatistics
{
    private const int TestProblemsLookedAt = 2000;

    private static readonly int[] SudokuBudgets = [64, 96, 128, 256, 512, 1024];

    /// <summary>Ours beside every published table; with settings asked for, ours alone.</summary>
    public static void CountDown(CliHost host, DataStatisticsRequest request)
    {
        if (!request.IsDefault)
        {
            CountDownAlone(host, request);
            return;
        }

        var results = new List<(PublishedTraces Published, IReadOnlyList<PaperComparison> Rows)>();
        var progress = host.CreateProgress(request.Json) ?? (IProgressReporter)SilentProgress.Instance;
        foreach (var published in PaperTable.All)
        {
            using var phase = progress.Begin($"measure {published.Name}", request.Count, "traces");
            var measured = CountDownStatistics.Measure(
                published.Settings, request.Count, request.Threads, done => phase.Report(done), published.CountsGoalStates, host.Cancellation);
            results.Add((published, PaperTable.Compare(published, measured)));
        }

        if (request.Json)
        {
            host.Output.WriteLine(JsonText.Of(results.Select(result => new
            {
                result.Published.Name,
                result.Published.Source,
                Traces = request.Count,
                Rows = result.Rows.Select(row => new { row.Row, row.Quantity, row.Paper, row.Ours, row.Difference, Unit = row.IsShare ? "points" : "percent" }),
            })));
            return;
        }

        foreach (var (published, rows) in results)
        {
            host.Output.WriteLine($"{published.Name} ({published.Source}); ours: {Count(request.Count)} traces");
            TextTable.Write(host.Output, host.Width,
            [
                ["", "", "paper", "ours", "difference"],
                .. rows.Select(row => (string[])
                [
                    "  " + row.Row, row.Quantity, Value(row.Paper, row.IsShare), Value(row.Ours, row.IsShare),
                    row.Difference.ToString("+0.0;-0.0;0.0", CultureInfo.InvariantCulture) + (row.IsShare ? " points" : " %"),
                ]),
            ]);
            host.Output.WriteLine();
        }
    }

    /// <summary>Lengths and difficulty of the demonstrations.</summary>
    public static void Sudoku(CliHost host, DataStatisticsRequest request)
    {
        var measured = SudokuStatistics.Measure(((KnownSudoku)request.Known).Sudoku, request.Split, request.Count, request.Threads, SudokuBudgets);
        if (request.Json)
        {
            host.Output.WriteLine(JsonText.Of(new { Settings = request.Known.Yaml, Budgets = SudokuBudgets, Statistics = measured }));
            return;
        }

        TextTable.Write(host.Output, host.Width,
        [
            ["puzzles", Count(measured.Items)],
            ["different ones", Count(measured.DistinctPuzzles)],
            ["mean givens", Number(measured.MeanGivens)],
            ["search answer: median tokens", Count(measured.MedianTraceTokens)],
            ["search answer: mean tokens", Number(measured.MeanTraceTokens)],
            ["search answer: p90, p95 tokens", $"{Count(measured.P90TraceTokens)}, {Count(measured.P95TraceTokens)}"],
            ["direct answer: mean tokens", Number(measured.MeanDirectTokens)],
            ["direct answer: longest, tokens", Count(measured.MaxDirectTokens)],
            ["without an undone guess", Value(100 * measured.ShareWithoutRevert, true)],
            ["undone guesses: median, mean", $"{measured.MedianReverts}, {Number(measured.MeanReverts)}"],
            .. SudokuBudgets.Select((budget, i) => (string[])[$"search answers within {budget} tokens", Value(100 * measured.ShareWithin[i], true)]),
        ]);
    }

    /// <summary>The law of the outputs' lengths, end token counted, and what a prompt tells of them.</summary>
    public static void Instructions(CliHost host, DataStatisticsRequest request)
    {
        var measured = InstructionStatistics.Measure(
            (InstructionTask)request.Known.Task, request.Split, request.Count, request.Threads, host.Cancellation);
        if (request.Json)
        {
            host.Output.WriteLine(JsonText.Of(new { Settings = request.Known.Yaml, Statistics = measured }));
            return;
        }

        TextTable.Write(host.Output, host.Width,
        [
            ["", "share", "of tokens", "mean", "sd", "scv", "q1", "median", "q3", "longest", "at cap"],
            .. measured.Kinds.Append(measured.All).Select(law => (string[])
            [
                law.Name, Value(100 * law.Share, true), Value(100 * law.TokenShare, true), Number(law.Mean), Number(law.Deviation),
                law.Variation.ToString("0.00", CultureInfo.InvariantCulture), Count(law.LowerQuartile), Count(law.Median), Count(law.UpperQuartile),
                Count(law.Longest), Value(100 * law.ShareAtCap, true),
            ]),
        ]);
        host.Output.WriteLine();
        TextTable.Write(host.Output, host.Width,
        [
            ["instructions", Count(measured.All.Count)],
            ["different prompts", Count(measured.DistinctPrompts)],
            ["longest prompt, tokens", Count(measured.LongestPrompt)],
            ["sd of the length", Number(measured.All.Deviation)],
            ["given the kind", Number(measured.DeviationGivenKind)],
            ["given the whole prompt", Number(measured.DeviationGivenPrompt)],
        ]);
    }

    /// <summary>What the mixture of formats and facts is made of; lengths in tokens.</summary>
    public static void ScrambledArithmetic(CliHost host, DataStatisticsRequest request)
    {
        var measured = ScrambledArithmeticStatistics.Measure(
            (ScrambledArithmeticTask)request.Known.Task, request.Split, request.Count, request.Threads, host.Cancellation);
        if (request.Json)
        {
            host.Output.WriteLine(JsonText.Of(new { Settings = request.Known.Yaml, Formats = measured }));
            return;
        }

        TextTable.Write(host.Output, host.Width,
        [
            ["", "share", "of tokens", "corrupted", "prompts", "mean answer", "longest"],
            .. measured.Select(format => (string[])
            [
                format.Name, Value(100 * format.Share, true), Value(100 * format.TokenShare, true), Value(100 * format.Corrupted, true),
                Count(format.Problems), Number(format.MeanAnswerTokens), Count(format.LongestSequence),
            ]),
        ]);
    }

    /// <summary>What pretraining shows of the world, and what of the test it leaves to chance (section 3.6 of the RL-wall study).</summary>
    public static void SolutionTree(CliHost host, DataStatisticsRequest request)
    {
        var task = (SolutionTreeTask)request.Known.Task;
        var seen = SeenPairs.Count(task, request.Count, request.Threads, host.Cancellation);
        var items = ParallelItems.Make(TestProblemsLookedAt, request.Threads, i => task.Create(Split.Test, i), host.Cancellation);
        var (times, problems) = (new[] { 1, 10, 100 }, new[] { 32, 128, 512 });
        var (shares, chances) = (times.Select(k => seen.ShareOfProblems(items, k)).ToArray(), problems.Select(seen.ExpectedChances).ToArray());
        var oneUnseen = items.Count(item => seen.Unseen(item) == 1) / (double)items.Length;
        if (request.Json)
        {
            host.Output.WriteLine(JsonText.Of(new
            {
                Settings = request.Known.Yaml,
                Problems = request.Count,
                Pairs = seen.Counts.Count,
                NeverSeen = seen.ShareSeenBelow(1),
                SeenBelow100 = seen.ShareSeenBelow(100),
                Times = times,
                TestProblemsWithAllPairsSeen = shares,
                TestProblemsWithOneUnseen = oneUnseen,
                RlProblems = problems,
                ExpectedChances = chances,
            }));
            return;
        }

        TextTable.Write(host.Output, host.Width,
        [
            ["pretraining problems", Count(request.Count)],
            ["pairs of state and action", Count(seen.Counts.Count)],
            ["never seen", Value(100 * seen.ShareSeenBelow(1), true)],
            ["seen below 100 times", Value(100 * seen.ShareSeenBelow(100), true)],
            .. times.Select((k, i) => (string[])[$"test problems with all pairs seen {k} times", Value(100 * shares[i], true)]),
            ["test problems with one pair unseen", Value(100 * oneUnseen, true)],
            .. problems.Select((m, i) => (string[])[$"chances of an unseen pair in {m} RL problems", chances[i].ToString("0.00", CultureInfo.InvariantCulture)]),
        ]);
    }

    /// <summary>Lengths of every strategy's chains on the deepest graph, as random processes (section 2.4 of the study).</summary>
    public static void GraphConnectivity(CliHost host, DataStatisticsRequest request)
    {
        var task = (GraphConnectivityTask)request.Known.Task;
        var graph = task.DeepestGraph;
        var rows = Enum.GetValues<ChainStrategy>().Select(strategy => (Strategy: strategy, Lengths: ChainLengths.Measure(
            graph, strategy, task.Settings.WalkSteps, request.Count, task.Settings.Seed, request.Threads, host.Cancellation))).ToArray();
        var quantiles = new[] { 0.1, 0.5, 0.9, 0.99, 1 };
        if (request.Json)
        {
            host.Output.WriteLine(JsonText.Of(new
            {
                Settings = request.Known.Yaml,
                Vertices = graph.NumVertices,
                Edges = graph.Edges.Count,
                Quantiles = quantiles,
                Strategies = rows.Select(row => new
                {
                    Strategy = Name(row.Strategy),
                    row.Lengths.Mean,
                    Lengths = quantiles.Select(row.Lengths.Quantile),
                    SimplePaths = row.Lengths.Straight,
                }),
            }));
            return;
        }

        TextTable.Write(host.Output, host.Width,
        [
            ["chain", "mean", "10 %", "50 %", "90 %", "99 %", "longest", "simple paths"],
            .. rows.Select(row => (string[])
            [
                Name(row.Strategy), Number(row.Lengths.Mean), .. quantiles.Select(share => Count(row.Lengths.Quantile(share))),
                Value(100 * row.Lengths.Straight, true),
            ]),
        ]);
        host.Output.WriteLine();
        TextTable.Write(host.Output, host.Width,
            [["vertices", Count(graph.NumVertices)], ["edges", Count(graph.Edges.Count)], ["chains drawn of each kind", Count(request.Count)]]);

        static string Name(ChainStrategy strategy) => char.ToLowerInvariant(strategy.ToString()[0]) + strategy.ToString()[1..];
    }

    /// <summary>How often each length comes, with its tokens (begin and end token among them) and largest coupled position id.</summary>
    public static void Lengths(CliHost host, DataStatisticsRequest request)
    {
        var task = (ILengthTask)request.Known.Task;
        var items = ParallelItems.Make(request.Count, request.Threads, i => task.Create(request.Split, i), host.Cancellation);
        var rows = items.GroupBy(item => item.Length).OrderBy(group => group.Key).Select(group => new
        {
            Length = group.Key,
            Share = group.Count() / (double)items.Length,
            Prompts = group.Select(item => item.Prompt).Distinct().Count(),
            Tokens = task.PositionIds(group.First(), PositionScheme.Consecutive).Length + 2,
            LargestId = group.Max(item => task.PositionIds(item, PositionScheme.Coupled).Max()),
        }).ToArray();
        if (request.Json)
        {
            host.Output.WriteLine(JsonText.Of(new { Settings = request.Known.Yaml, Problems = items.Length, Lengths = rows }));
            return;
        }

        TextTable.Write(host.Output, host.Width,
        [
            ["length", "share", "different prompts", "tokens", "largest coupled id"],
            .. rows.Select(row => (string[])[Count(row.Length), Value(100 * row.Share, true), Count(row.Prompts), Count(row.Tokens), Count(row.LargestId)]),
        ]);
    }

    /// <summary>How many problems each split of the file has, and how long they are.</summary>
    public static void Answers(CliHost host, DataStatisticsRequest request)
    {
        var known = (KnownAnswers)request.Known;
        var rows = Enum.GetValues<Split>().Select(split => (Split: split, Items: known.Own(split, request.Count))).Where(row => row.Items.Count > 0).ToArray();
        if (request.Json)
        {
            host.Output.WriteLine(JsonText.Of(rows.Select(row => new
            {
                Split = row.Split.ToString().ToLowerInvariant(),
                Problems = known.Answers.Count(row.Split),
                MeanPromptCharacters = row.Items.Average(item => item.Prompt.Length),
                MeanAnswerCharacters = row.Items.Average(item => item.Answer.Length),
            })));
            return;
        }

        TextTable.Write(host.Output, host.Width,
        [
            ["split", "problems", "mean prompt, characters", "mean answer, characters"],
            .. rows.Select(row => (string[])
            [
                row.Split.ToString().ToLowerInvariant(), Count(known.Answers.Count(row.Split)), Number(row.Items.Average(item => item.Prompt.Length)),
                Number(row.Items.Average(item => item.Answer.Length)),
            ]),
        ]);
    }

    private static void CountDownAlone(CliHost host, DataStatisticsRequest request)
    {
        var progress = host.CreateProgress(request.Json) ?? (IProgressReporter)SilentProgress.Instance;
        CountDownStatistics measured;
        using (var phase = progress.Begin("measure", request.Count, "traces"))
        {
            measured = CountDownStatistics.Measure(
                ((KnownCountDown)request.Known).Settings, request.Count, request.Threads, done => phase.Report(done), cancellation: host.Cancellation);
        }

        if (request.Json)
        {
            host.Output.WriteLine(JsonText.Of(new { Settings = request.Known.Yaml, Budgets = measured.BudgetsTokens, measured.Rows }));
            return;
        }

        TextTable.Write(host.Output, host.Width,
        [
            ["", "traces", "solved", "median", "mean", "p90", .. measured.BudgetsTokens.Select(budget => $"<={budget}")],
            .. measured.Rows.Select(row => (string[])
            [
                row.Name, Count(row.Count), Value(100 * row.SolvedShare, true), Number(row.MedianTokens), Number(row.MeanTokens), Number(row.P90Tokens),
                .. row.SolvedWithin.Select(share => Value(100 * share, true)),
            ]),
        ]);
    }

    /// <summary>Tokens, or a share that is in percent already.</summary>
    private static string Value(double value, bool isShare) =>
        isShare ? value.ToString("0.0", CultureInfo.InvariantCulture) + " %" : Number(value);

    private static string Number(double value) => value.ToString(Math.Abs(value) < 100 ? "0.0" : "#,0", CultureInfo.InvariantCulture);

    private static string Count(int value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
