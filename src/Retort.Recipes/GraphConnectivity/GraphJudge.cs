using Retort.Analysis;
using Retort.Recipes.Report;
using Retort.Tasks.GraphConnectivity;

namespace Retort.Recipes.GraphConnectivity;

/// <summary>From evidence to verdicts: the quantities that the claims' rules name, and nothing else.</summary>
internal static class GraphJudge
{
    private const double Saturated = 0.95;

    /// <summary>Judges a claim whose models were all made.</summary>
    public static ClaimResult Judge(Claim claim, Evidence evidence)
    {
        var settings = evidence.Settings;
        GraphModel At(ChainStrategy strategy, int depth) => new(depth, strategy, settings.Model.NumLayers);
        GraphModel search = At(ChainStrategy.DfsBacktracking, settings.Depth), path = At(ChainStrategy.Path, settings.Depth);
        var models = GraphModel.Of(claim.Id, settings);
        double Searches(params GraphModel[] of) => of.Min(model => evidence.Mean(model, GreedyEvidence));
        double LooksUp() => models.Where(model => model.Strategy != ChainStrategy.Dfs).Min(model => evidence[model].Average(outcome => outcome.Walks));
        GraphModel[] Deep(ChainStrategy strategy) => [.. settings.Depths.Select(depth => At(strategy, depth))];
        Interval Slope(Func<int, ReadOnlySpanStatistic> ofSeed) => evidence.Of((seed, chosen) => Line(settings.Depths, ofSeed(seed), chosen));
        ReadOnlySpanStatistic Logs(ChainStrategy strategy, int seed) => (place, chosen) => Math.Log(Smoothed(evidence[Deep(strategy)[place]][seed], chosen));
        ReadOnlySpanStatistic Needs(ChainStrategy strategy, int seed) => (place, chosen) => Math.Log2(evidence[Deep(strategy)[place]][seed].SamplesFor(0.9, chosen));
        return claim.Id switch
        {
            "A1" => claim.Judge(
                [
                    evidence.Difference(models[0], models[1], GreedyEvidence), evidence.Difference(models[1], models[2], GreedyEvidence),
                    evidence.Difference(models[0], models[1], GreedyDecision), evidence.Difference(models[0], models[2], GreedyDecision),
                ],
                [Searches(search), LooksUp()]),
            "A2" => claim.Judge(
                [
                    Slope(seed => Logs(ChainStrategy.Path, seed)),
                    evidence.Of((seed, chosen) => Line(settings.Depths, Logs(ChainStrategy.ShortestPath, seed), chosen) - Line(settings.Depths, Logs(ChainStrategy.Path, seed), chosen)),
                    evidence.Of(Deep(ChainStrategy.DfsBacktracking)[^1], GreedyEvidence),
                ],
                [Searches(Deep(ChainStrategy.DfsBacktracking)), LooksUp()]),
            "A3" => claim.Judge(
                [
                    evidence.Of(search, (outcome, chosen) => outcome.BestOf(Shortest(settings), 1, chosen)),
                    evidence.Of(search, (outcome, chosen) => outcome.BestOf(GraphOutcome.Unbounded, 1, chosen)),
                    evidence.Of(search, (outcome, chosen) => outcome.BestOf(GraphOutcome.Unbounded, 1, chosen) - outcome.BestOf(Shortest(settings), 4, chosen)),
                ],
                [Searches(search)]),
            "A4" => claim.Judge([OneAgainst(evidence, search, 2), OneAgainst(evidence, search, 4)], [Searches(search)]),
            "A5" => claim.Judge(
                [
                    Slope(seed => Needs(ChainStrategy.Path, seed)),
                    evidence.Of((seed, chosen) => Needs(ChainStrategy.ShortestPath, seed)(1, chosen) - Needs(ChainStrategy.Path, seed)(1, chosen)),
                    evidence.Of(Deep(ChainStrategy.DfsBacktracking)[^1], (outcome, chosen) => outcome.SamplesFor(0.9, chosen)),
                ],
                [Searches(Deep(ChainStrategy.DfsBacktracking)), LooksUp()]),
            "A6" => claim.Judge(
                [
                    evidence.Of(path, (outcome, chosen) => outcome.BestOf(GraphOutcome.Unbounded, 8, chosen) - outcome.Majority(8, chosen)),
                    evidence.Of((seed, chosen) => evidence[search][seed].BestOf(GraphOutcome.Unbounded, 1, chosen) - evidence[path][seed].Majority(8, chosen)),
                    evidence.Of((seed, chosen) =>
                        evidence[search][seed].BestOf(GraphOutcome.Unbounded, 1, chosen) - evidence[path][seed].BestOf(GraphOutcome.Unbounded, 4, chosen)),
                ],
                [Searches(search), LooksUp()]),
            "A7" => SelfTraining(claim, evidence, path, LooksUp()),
            "A8" => claim.Judge(
                [evidence.Difference(models[0], models[1], GreedyEvidence), evidence.Difference(models[2], models[1], GreedyEvidence)], [Searches(search)]),
            "A9" => claim.Judge(
                [
                    evidence.Difference(models[^1], models[1], GreedyEvidence), evidence.Of((seed, chosen) => RankCorrelation(evidence, models, seed, chosen)),
                    evidence.Difference(models[0], models[^1], GreedyEvidence),
                ],
                [Searches(search), LooksUp()]),
            "T2" => TwoPaths(claim, evidence),
            _ => Bridges(claim, evidence),
        };
    }

    /// <summary>Share of greedy chains that are evidence.</summary>
    public static double GreedyEvidence(GraphOutcome outcome, ReadOnlySpan<int> chosen) => outcome.GreedyEvidence(chosen);

    /// <summary>Share of greedy decisions that are right.</summary>
    public static double GreedyDecision(GraphOutcome outcome, ReadOnlySpan<int> chosen) => outcome.GreedyDecision(chosen);

    /// <summary>Vertices of the shortest path at the study's depth.</summary>
    public static int Shortest(GraphStudySettings settings) => settings.Depth * settings.Task.ShortLength + 1;

    /// <summary>
    /// Budgets of chain tokens from the shortest path's to the first at which one chain reaches 95 % accuracy (section 1, A4: where everything saturates),
    /// chosen on all seeds' means.
    /// </summary>
    public static IReadOnlyList<int> Budgets(Evidence evidence, GraphModel model)
    {
        var most = new GraphConnectivityTask(evidence.Settings.TaskOf(model.Depth, model.Strategy)).Settings.MaxChain;
        var budgets = new List<int>();
        for (var budget = Shortest(evidence.Settings); budget <= most; budget++)
        {
            budgets.Add(budget);
            if (evidence.Mean(model, (outcome, all) => outcome.BestOf(budget, 1, all)) >= Saturated)
            {
                break;
            }
        }

        return budgets;
    }

    private delegate double ReadOnlySpanStatistic(int place, ReadOnlySpan<int> chosen);

    private static Interval OneAgainst(Evidence evidence, GraphModel model, int several)
    {
        var budgets = Budgets(evidence, model);
        return evidence.Of(model, (outcome, chosen) =>
        {
            var sum = 0.0;
            foreach (var budget in budgets)
            {
                sum += outcome.BestOf(budget, 1, chosen) - outcome.BestOf(budget / several, several, chosen);
            }

            return sum / budgets.Count;
        });
    }

    private static ClaimResult SelfTraining(Claim claim, Evidence evidence, GraphModel path, double looksUp)
    {
        GraphModel After(FurtherTraining further) => path with { Further = further };
        return claim.Judge(
            [
                evidence.Difference(After(FurtherTraining.Verified), path, GreedyEvidence),
                evidence.Difference(After(FurtherTraining.Verified), path, (outcome, chosen) => outcome.VerifiedLength(chosen)),
                evidence.Difference(After(FurtherTraining.Verified), After(FurtherTraining.Demonstrations), GreedyEvidence),
                evidence.Difference(After(FurtherTraining.Verified), After(FurtherTraining.Unverified), GreedyEvidence),
            ],
            [looksUp]);
    }

    private static ClaimResult TwoPaths(Claim claim, Evidence evidence)
    {
        var (settings, runs) = (evidence.Settings, evidence.Settings.QueryRuns);
        var few = QueryStudy.TooFewOnPaths(settings);
        return claim.Judge(
            [
                evidence.Queries.Paths.Values.Select(curve => Share(curve.Known[few], runs)).MaxBy(share => share.High),
                Halved(Share(evidence.Queries.Paths[nameof(QueryPolicy.DepthFirst)].Known[settings.PathVertices - 1], runs)),
            ],
            []);
    }

    private static ClaimResult Bridges(Claim claim, Evidence evidence)
    {
        var (settings, runs, depth) = (evidence.Settings, evidence.Settings.QueryRuns, evidence.Settings.QueryDepths[^1]);
        double Known(int d, int queries) => evidence.Queries.Bridges[d].Known[queries];
        var few = Share(Known(depth, QueryStudy.TooFewOnBridge(settings, depth)), runs);
        // Depths at which a handful of runs know: the others' logarithm is noise.
        int[] seen = [.. settings.QueryDepths.Where(d => Known(d, QueryStudy.TooFewOnBridge(settings, d)) * runs >= 10)];
        var slope = seen.Length < 2 ? double.NaN : Line(seen, (place, _) => Math.Log(Known(seen[place], QueryStudy.TooFewOnBridge(settings, seen[place])) / 2), []);
        // A count's logarithm has about the deviation 1 / sqrt(count); the ends move against each other.
        var error = seen.Length < 2 ? double.NaN
            : 2 * Math.Sqrt(seen.Sum(d => 1 / (runs * Known(d, QueryStudy.TooFewOnBridge(settings, d))))) / (seen[^1] - seen[0]);
        return claim.Judge(
            [
                new(few.Value / 2, few.Low / 2, few.High / 2, few.N), new(slope, slope - error, slope + error, runs),
                Halved(Share(Known(depth, QueryStudy.EnoughOnBridge(settings, depth)), runs)),
            ],
            []);
    }

    private static Interval Share(double share, int runs) => Proportion.Wilson((int)Math.Round(share * runs), runs);

    /// <summary>Success of runs of which a share knows and the rest guesses.</summary>
    private static Interval Halved(Interval known) => new(0.5 + known.Value / 2, 0.5 + known.Low / 2, 0.5 + known.High / 2, known.N);

    /// <summary>Share of evidence that is never 0, of which there is no logarithm: half a success and half a failure more.</summary>
    private static double Smoothed(GraphOutcome outcome, ReadOnlySpan<int> chosen) => (outcome.GreedyEvidence(chosen) * chosen.Length + 0.5) / (chosen.Length + 1);

    /// <summary>Least squares' slope of a statistic over depths.</summary>
    private static double Line(IReadOnlyList<int> depths, ReadOnlySpanStatistic at, ReadOnlySpan<int> chosen)
    {
        var (mean, above, below) = (depths.Average(), 0.0, 0.0);
        for (var place = 0; place < depths.Count; place++)
        {
            above += (depths[place] - mean) * at(place, chosen);
            below += (depths[place] - mean) * (depths[place] - mean);
        }

        return above / below;
    }

    /// <summary>Spearman's correlation of the walks' bounds with their evidence; ties have their mean rank.</summary>
    private static double RankCorrelation(Evidence evidence, IReadOnlyList<GraphModel> models, int seed, ReadOnlySpan<int> chosen)
    {
        var values = new double[models.Count - 1];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = evidence[models[i + 1]][seed].GreedyEvidence(chosen);
        }

        return MathNet.Numerics.Statistics.Correlation.Spearman(values, Enumerable.Range(0, values.Length).Select(i => (double)i));
    }
}
