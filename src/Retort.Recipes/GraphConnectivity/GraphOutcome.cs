using Retort.Analysis;
using Retort.Tasks.GraphConnectivity;
using Retort.Training;

namespace Retort.Recipes.GraphConnectivity;

/// <summary>One chain, as far as the study looks at it.</summary>
/// <param name="Length">Its vertices.</param>
/// <param name="IsProof">It is evidence for the right target.</param>
/// <param name="IsWalk">Every vertex is adjacent to the one before.</param>
/// <param name="Vote">1: the decision is right, 0: it is the other target, -1: it is none of the two.</param>
internal readonly record struct ChainFacts(int Length, bool IsProof, bool IsWalk, int Vote);

/// <summary>
/// What one model answered to every test problem: greedily, and in samples from which every cell of chain length S and number of samples N is made, in
/// expectation over subsets (section 4). A problem's number comes from all its samples at once; means are over chosen problems.
/// </summary>
/// <param name="Greedy">By problem.</param>
/// <param name="Samples">[problem][sample].</param>
internal sealed record GraphOutcome(ChainFacts[] Greedy, ChainFacts[][] Samples)
{
    /// <summary>No bound on a chain's length.</summary>
    public const int Unbounded = int.MaxValue;

    private readonly Dictionary<(int Most, int Draws), double[]> evidences = [];
    private readonly Dictionary<int, double[]> majorities = [];

    /// <summary>Problems.</summary>
    public int NumProblems => Greedy.Length;

    /// <summary>Samples of a problem.</summary>
    public int NumSamples => Samples[0].Length;

    /// <summary>Reads completions.</summary>
    public static GraphOutcome Of(
        GraphConnectivityTask task, IReadOnlyList<GraphConnectivityItem> items, IReadOnlyList<GradedCompletion> greedy, IReadOnlyList<GradedCompletion> samples)
    {
        var count = samples.Count / items.Count;
        return new(
            [.. items.Select((item, i) => Facts(task, item, greedy[i].Text))],
            [.. items.Select((item, i) => Enumerable.Range(0, count).Select(s => Facts(task, item, samples[i * count + s].Text)).ToArray())]);
    }

    /// <summary>Share of greedy chains that are evidence.</summary>
    public double GreedyEvidence(ReadOnlySpan<int> chosen) => Mean(Greedy, chosen, facts => facts.IsProof);

    /// <summary>Share of greedy decisions that are right.</summary>
    public double GreedyDecision(ReadOnlySpan<int> chosen) => Mean(Greedy, chosen, facts => facts.Vote == 1);

    /// <summary>Share of greedy chains that are evidence of at most so many vertices.</summary>
    public double GreedyWithin(int most, ReadOnlySpan<int> chosen) => Mean(Greedy, chosen, facts => facts.IsProof && facts.Length <= most);

    /// <summary>Share of greedy chains that are walks.</summary>
    public double Walks => Greedy.Average(facts => facts.IsWalk ? 1.0 : 0);

    /// <summary>Mean length of greedy chains.</summary>
    public double MeanLength => Greedy.Average(facts => facts.Length);

    /// <summary>Mean length of sampled chains that are evidence; NaN if none is.</summary>
    public double VerifiedLength(ReadOnlySpan<int> chosen)
    {
        var (sum, count) = (0.0, 0);
        foreach (var problem in chosen)
        {
            foreach (var facts in Samples[problem])
            {
                (sum, count) = facts.IsProof ? (sum + facts.Length, count + 1) : (sum, count);
            }
        }

        return sum / count;
    }

    /// <summary>e: one of N samples at least is evidence of at most S vertices.</summary>
    public double Evidence(int most, int draws, ReadOnlySpan<int> chosen) => Mean(Evidences(most, draws), chosen);

    /// <summary>Accuracy of best-of-N: e + (1 - e) / 2, a fair guess where no chain is evidence.</summary>
    public double BestOf(int most, int draws, ReadOnlySpan<int> chosen) => 0.5 + Evidence(most, draws, chosen) / 2;

    /// <summary>Accuracy of the majority of N decisions; ties are coins, no valid vote is wrong.</summary>
    public double Majority(int draws, ReadOnlySpan<int> chosen) => Mean(Majorities(draws), chosen);

    /// <summary>
    /// Samples that make one piece of evidence as likely as <paramref name="share"/>; twice as many as there are if these do not (section 4).
    /// </summary>
    public int SamplesFor(double share, ReadOnlySpan<int> chosen)
    {
        for (var draws = 1; draws <= NumSamples; draws++)
        {
            if (Evidence(Unbounded, draws, chosen) >= share)
            {
                return draws;
            }
        }

        return 2 * NumSamples;
    }

    private double[] Evidences(int most, int draws)
    {
        lock (evidences)
        {
            if (!evidences.TryGetValue((most, draws), out var values))
            {
                evidences[(most, draws)] = values = [.. Samples.Select(
                    samples => PassAtK.Estimate(samples.Length, samples.Count(facts => facts.IsProof && facts.Length <= most), draws))];
            }

            return values;
        }
    }

    private double[] Majorities(int draws)
    {
        lock (majorities)
        {
            if (!majorities.TryGetValue(draws, out var values))
            {
                majorities[draws] = values = [.. Samples.Select(samples => Analysis.Scaling.VoteExpectation.Of(
                    [.. samples.Select(facts => new Vote(facts.Vote < 0 ? null : facts.Vote == 1 ? "right" : "wrong", facts.Vote == 1))], draws).Right[draws])];
            }

            return values;
        }
    }

    private static ChainFacts Facts(GraphConnectivityTask task, GraphConnectivityItem item, string text)
    {
        var judged = task.Judge(item, text)!;
        return new(
            judged.Chain.Count, judged.IsProof, judged.IsWalk, judged.Decision == item.Graph.Target ? 1 : judged.Decision == item.Graph.FalseTarget ? 0 : -1);
    }

    private static double Mean(ChainFacts[] facts, ReadOnlySpan<int> chosen, Func<ChainFacts, bool> counts)
    {
        var sum = 0;
        foreach (var problem in chosen)
        {
            sum += counts(facts[problem]) ? 1 : 0;
        }

        return sum / (double)chosen.Length;
    }

    private static double Mean(double[] values, ReadOnlySpan<int> chosen)
    {
        var sum = 0.0;
        foreach (var problem in chosen)
        {
            sum += values[problem];
        }

        return sum / chosen.Length;
    }
}
