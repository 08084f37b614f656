using Retort.Core;

namespace Retort.Tasks.CountDown;

/// <summary>What a demonstration was and how it ended; its text stands in the demonstrator's writer.</summary>
/// <param name="Search">As <see cref="CountDownItem.Search"/>.</param>
/// <param name="Heuristic">As <see cref="CountDownItem.Heuristic"/>.</param>
/// <param name="Solved">Whether the target was reached.</param>
internal readonly record struct Demonstration(string Search, string? Heuristic, bool Solved);

/// <summary>Makes problems and writes their demonstrations. One instance serves one thread and keeps its buffers.</summary>
internal sealed class Demonstrator
{
    private static readonly ulong[] Purposes =
        [.. Enum.GetNames<Split>().Select(name => CounterRandom.Hash("countdown/search/" + name))];

    private static readonly ulong OutsidePurpose = CounterRandom.Hash("countdown/search/outside");

    private readonly CountDownSettings settings;
    private readonly Rules rules;
    private readonly ProblemGenerator generator;
    private readonly HeuristicScore.Cache scores = new();
    private readonly DepthFirstSearch depthFirst = new();
    private readonly BeamSearch beam = new();

    public Demonstrator(CountDownSettings settings)
    {
        this.settings = settings;
        rules = Rules.Of(settings);
        generator = new ProblemGenerator(settings);
        Writer = settings.Format == CountDownFormat.Compact ? new CompactWriter(settings.RestateTarget) : new PaperWriter();
    }

    /// <summary>Holds the last demonstration's text.</summary>
    public TraceWriter Writer { get; }

    /// <summary>The problem of an index.</summary>
    public Problem CreateProblem(Split split, long index) => generator.Create(split, index);

    /// <summary>A problem from outside, solved if it can be.</summary>
    public Problem Adopt(int[] numbers, int target) => new(numbers, target, generator.Solve(numbers, target));

    /// <summary>Writes the demonstration of a problem of a split.</summary>
    public Demonstration Demonstrate(Problem problem, Split split, long index)
    {
        var random = CounterRandom.For(settings.Seed, Purposes[(int)split], (ulong)index);
        return Demonstrate(problem, ref random);
    }

    /// <summary>Writes the demonstration of a problem from outside: a pure function of the problem and the settings.</summary>
    public Demonstration Demonstrate(Problem problem)
    {
        var hash = ProblemGenerator.CanonicalHash(problem.Numbers, problem.Target, settings.IsStacked);
        var random = CounterRandom.For(settings.Seed, OutsidePurpose, hash);
        return Demonstrate(problem, ref random);
    }

    private Demonstration Demonstrate(Problem problem, ref CounterRandom random)
    {
        // Drawn first and always, so that variants of one problem share them.
        var coin = (Heuristic)random.NextInt32(2);
        var useBeam = random.NextInt32(2) == 1;
        Writer.Clear();
        var half = settings.IsStacked ? settings.NumberCount : problem.Numbers.Length;
        Writer.Prompt(new StateView(
            problem.Target, problem.Target, problem.Numbers.AsSpan(0, half), problem.Numbers.AsSpan(half), [], []));
        switch (settings.Variant)
        {
            case CountDownVariant.Direct:
                return Direct(problem, "direct");
            case CountDownVariant.StackedDirect:
                return Direct(problem, "stacked_direct");
            case CountDownVariant.Stacked:
                return Stacked(problem, coin);
            case CountDownVariant.Think:
                return DepthFirst(problem, Choose(coin, Heuristic.Factor), think: true);
            case CountDownVariant.Beam:
            case CountDownVariant.Mix when useBeam:
                return Beam(problem, Choose(coin, coin), ref random);
            default:
                return DepthFirst(problem, Choose(coin, coin), think: false);
        }
    }

    private Heuristic Choose(Heuristic coin, Heuristic published) => settings.Heuristic switch
    {
        HeuristicChoice.Sum => Heuristic.Sum,
        HeuristicChoice.Factor => Heuristic.Factor,
        HeuristicChoice.Random => coin,
        _ => published,
    };

    private Demonstration DepthFirst(Problem problem, Heuristic heuristic, bool think)
    {
        var solved = depthFirst.Run(
            problem.Numbers, [], problem.Target, scores.Get(heuristic, problem.Target), rules, think,
            settings.MaxTraceTokens, Writer);
        return new Demonstration(think ? "think" : "dfs", Name(heuristic), solved);
    }

    private Demonstration Beam(Problem problem, Heuristic heuristic, ref CounterRandom random)
    {
        var width = random.NextInt32(settings.BeamWidth.Low, settings.BeamWidth.High);
        var solved = beam.Run(
            problem.Numbers, problem.Target, scores.Get(heuristic, problem.Target), rules, width, settings.MaxTraceTokens,
            ref random, Writer);
        return new Demonstration($"beam_{width}", Name(heuristic), solved);
    }

    /// <summary>Both halves are searched and written, whether or not the first succeeds; both must succeed.</summary>
    private Demonstration Stacked(Problem problem, Heuristic coin)
    {
        var half = settings.NumberCount;
        var (first, second) = (Choose(coin, Heuristic.Sum), Choose(coin, Heuristic.Factor));
        var numbers = problem.Numbers.AsSpan();
        var limit = settings.MaxTraceTokens;
        var solved = depthFirst.Run(
            numbers[..half], numbers[half..], problem.Target, scores.Get(first, numbers[half]), rules, false, limit, Writer);
        if (limit is null || Writer.Tokens < limit)
        {
            Writer.SecondHalf(new StateView(problem.Target, problem.Target, numbers[half..], [], [], []));
            solved &= depthFirst.Run(
                numbers[half..], [], problem.Target, scores.Get(second, problem.Target), rules, false, limit, Writer);
        }
        else
        {
            solved = false;
        }

        return new Demonstration("stacked", first == second ? Name(first) : "sum,factor", solved);
    }

    private Demonstration Direct(Problem problem, string name)
    {
        if (problem.Solution.Length > 0)
        {
            var half = settings.IsStacked ? settings.NumberCount : problem.Numbers.Length;
            Follow(problem, problem.Numbers[..half], problem.Numbers.AsSpan(half), problem.Solution.AsSpan(0, half - 1));
            if (settings.IsStacked)
            {
                var rest = problem.Numbers[half..];
                Writer.SecondHalf(new StateView(problem.Target, problem.Target, rest, [], [], []));
                Follow(problem, rest, [], problem.Solution.AsSpan(half - 1));
            }
        }

        return new Demonstration(name, null, problem.Solution.Length > 0);
    }

    private void Follow(Problem problem, int[] numbers, ReadOnlySpan<int> waiting, ReadOnlySpan<Operation> solution)
    {
        var goal = waiting.Length > 0 ? waiting[0] : problem.Target;
        for (var step = 0; step < solution.Length; step++)
        {
            var next = new List<int>(numbers);
            next.Remove(solution[step].Left);
            next.Remove(solution[step].Right);
            next.Add(solution[step].Result);
            numbers = [.. next];
            var state = new StateView(problem.Target, goal, numbers, waiting, solution[..(step + 1)], []);
            Writer.Explore(state);
            if (numbers.Length == 1)
            {
                Writer.Leaf(state, reached: true);
            }
            else
            {
                Writer.Follow(state, step + 2);
            }
        }
    }

    private static string Name(Heuristic heuristic) => heuristic == Heuristic.Sum ? "sum" : "factor";
}
