using System.Text.Json;
using Retort.Core;
using Retort.Tasks.SolutionTree;

namespace Retort.Recipes.SolutionTree;

/// <summary>
/// What one model did on a list of problems at several temperatures: shares of its samples, counted from the marks of its evaluation
/// file, so that a continued run and an unbroken one see the same.
/// </summary>
internal sealed class TreeOutcome
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly double[] temperatures;
    private readonly int[][] correct, planned, executed;
    private readonly Steps[] steps;

    private TreeOutcome(double[] temperatures, int problems)
    {
        this.temperatures = temperatures;
        (correct, planned, executed) = (Counts(), Counts(), Counts());
        steps = [.. temperatures.Select(_ => new Steps())];

        int[][] Counts() => [.. temperatures.Select(_ => new int[problems])];
    }

    /// <summary>An outcome of counts, by temperature and problem.</summary>
    public static TreeOutcome Of(IReadOnlyList<double> temperatures, int samples, int[][] correct, int[][] planned, int[][] executed)
    {
        var outcome = new TreeOutcome([.. temperatures], correct[0].Length) { Samples = samples };
        correct.CopyTo(outcome.correct, 0);
        planned.CopyTo(outcome.planned, 0);
        executed.CopyTo(outcome.executed, 0);
        return outcome;
    }

    /// <summary>Problems.</summary>
    public int NumProblems => correct[0].Length;

    /// <summary>Temperatures asked at.</summary>
    public IReadOnlyList<double> Temperatures => temperatures;

    /// <summary>K: samples of each problem at each temperature.</summary>
    public int Samples { get; private init; }

    /// <summary>By problem: correct samples.</summary>
    public ReadOnlySpan<int> Correct(double temperature) => correct[Place(temperature)];

    /// <summary>By problem: share of correct samples.</summary>
    public double[] Precision(double temperature) => Shares(correct, temperature);

    /// <summary>By problem: share of samples that take the right actions.</summary>
    public double[] Planned(double temperature) => Shares(planned, temperature);

    /// <summary>By problem: share of samples whose every step leads where it says.</summary>
    public double[] Executed(double temperature) => Shares(executed, temperature);

    /// <summary>By problem: 1 if more than so many of its samples are correct.</summary>
    public double[] Solved(double temperature, int moreThan = 0) =>
        [.. correct[Place(temperature)].Select(count => count > moreThan ? 1.0 : 0.0)];

    /// <summary>Whether any sample of the problem is correct, at any of these temperatures.</summary>
    public bool IsSolved(int problem, IReadOnlyList<double> among)
    {
        for (var i = 0; i < among.Count; i++)
        {
            if (correct[Place(among[i])][problem] > 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Of the answers of the grammar: their share, and the shares of their steps that are planned and executed rightly.</summary>
    public (double WellFormed, double Planned, double Executed) StepShares(double temperature)
    {
        var (answers, planned, executed, count) = steps[Place(temperature)];
        return (answers / ((double)Samples * NumProblems), planned / Math.Max(1.0, count), executed / Math.Max(1.0, count));
    }

    /// <summary>The first problems alone; steps are counted over all.</summary>
    public TreeOutcome First(int problems)
    {
        var first = new TreeOutcome(temperatures, problems) { Samples = Samples };
        for (var t = 0; t < temperatures.Length; t++)
        {
            (first.correct[t], first.planned[t], first.executed[t], first.steps[t]) =
                (correct[t][..problems], planned[t][..problems], executed[t][..problems], steps[t]);
        }

        return first;
    }

    /// <summary>Reads an evaluation back.</summary>
    public static TreeOutcome Read(
        string path, SolutionTreeTask task, IReadOnlyList<SolutionTreeItem> items, IReadOnlyList<double> temperatures, int samples)
    {
        var outcome = new TreeOutcome([.. temperatures], items.Count) { Samples = samples };
        var places = items.Select((item, place) => (item.Id, place)).ToDictionary(pair => pair.Id, pair => pair.place);
        var (seen, number) = (new int[temperatures.Count, items.Count], 0);
        foreach (var text in File.ReadLines(path))
        {
            var where = $"{path}:{++number}";
            var line = Parse(text, where);
            var t = Array.FindIndex(outcome.temperatures, temperature => (float)temperature == line.Temperature);
            if (t < 0 || !places.TryGetValue(line.Problem, out var place))
            {
                throw UserError.Request(
                    where, $"problem {line.Problem} at temperature {line.Temperature} is not this run's", "the evaluation this run wrote");
            }

            seen[t, place]++;
            outcome.correct[t][place] += line.Correct ? 1 : 0;
            outcome.planned[t][place] += line.Plan ? 1 : 0;
            outcome.executed[t][place] += line.Execute ? 1 : 0;
            if (line.Answer is not null && task.Judge(items[place], line.Answer) is { } judged)
            {
                outcome.steps[t].Add(judged);
            }
        }

        return seen.Cast<int>().All(count => count == samples)
            ? outcome
            : throw UserError.Request(path, "lacks samples", $"{samples} of each problem and temperature; delete the file to ask again");
    }

    private double[] Shares(int[][] counts, double temperature) => [.. counts[Place(temperature)].Select(count => count / (double)Samples)];

    private int Place(double temperature) => Array.IndexOf(temperatures, temperature) is >= 0 and var place
        ? place
        : throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "not asked at");

    private static Line Parse(string text, string where)
    {
        try
        {
            return JsonSerializer.Deserialize<Line>(text, Json) ?? throw new JsonException("null");
        }
        catch (JsonException fault)
        {
            throw UserError.Request(where, $"is not a graded sample ({fault.Message})", "the line this run wrote");
        }
    }

    private sealed record Line(string Problem, float Temperature, bool Correct, string? Answer, bool Plan, bool Execute);

    /// <summary>Sums over the answers of the grammar.</summary>
    private sealed class Steps
    {
        private int answers, planned, executed, count;

        public void Add(SolutionTreeJudgement judged)
        {
            answers++;
            count += judged.Steps.Count;
            planned += judged.Steps.Count(step => step.IsPlanned);
            executed += judged.Steps.Count(step => step.IsExecuted);
        }

        public void Deconstruct(out int answers, out int planned, out int executed, out int count) =>
            (answers, planned, executed, count) = (this.answers, this.planned, this.executed, this.count);
    }
}
