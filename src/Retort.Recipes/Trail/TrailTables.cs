using Retort.Analysis;
using Retort.Recipes.Report;

namespace Retort.Recipes.Trail;

/// <summary>Results as numbers.</summary>
internal static class TrailTables
{
    /// <summary>All tables.</summary>
    public static IReadOnlyList<ReportTable> All(TrailEvidence evidence) =>
    [
        Gains(evidence, "Counted clock: first come, first served over each policy, paired by seed, with 95 % intervals", false, evidence.LoadRatio),
        Policies(evidence, "Counted clock, means over seeds, in milliseconds", false, evidence.LoadValues),
        Predictors(evidence),
        Gains(evidence, "Wall clock: first come, first served over each policy, paired by seed, with 95 % intervals (load 0: a burst)", true, evidence.LiveRatio),
        Policies(evidence, "Wall clock, means over seeds, in milliseconds (load 0: a burst)", true, evidence.LiveValues),
        Speed(evidence), Engine(evidence), C(evidence), Queues(evidence),
    ];

    private static IEnumerable<double> Loads(TrailEvidence evidence, bool isLive) =>
        LiveStudy.Loads(evidence.Settings).Where(load => isLive || load > 0);

    private static ReportTable Policies(
        TrailEvidence evidence, string title, bool isLive, Func<string, double, Func<RunSummary, double>, double[]> values) => new(
        title,
        ["load", "policy", "end to end, mean", "median", "p90", "p99", "first token, mean", "median", "p90", "p99", "preemptions a request", "recomputed a request"],
        [.. Loads(evidence, isLive).SelectMany(load => LiveStudy.Policies.Select(policy =>
        {
            double Mean(Func<RunSummary, double> quantity) => values(policy, load, quantity).Average();
            Cell Ms(Func<RunSummary, double> quantity) => Round(1e3 * Mean(quantity));
            return (IReadOnlyList<Cell>)[
                load, policy, Ms(run => run.EndToEnd.Mean), Ms(run => run.EndToEnd.Median), Ms(run => run.EndToEnd.P90), Ms(run => run.EndToEnd.P99),
                Ms(run => run.FirstToken.Mean), Ms(run => run.FirstToken.Median), Ms(run => run.FirstToken.P90), Ms(run => run.FirstToken.P99),
                Round(Mean(run => run.Preemptions)), Round(Mean(run => run.Recomputed))];
        }))]);

    private static ReportTable Gains(
        TrailEvidence evidence, string title, bool isLive, Func<string, string, double, Func<RunSummary, double>, Interval> ratio) => new(
        title,
        ["load", "policy", "end to end", "low", "high", "first token", "low", "high"],
        [.. Loads(evidence, isLive).SelectMany(load => LiveStudy.Policies.Skip(1).Select(policy =>
        {
            var (end, first) = (ratio("fcfs", policy, load, TrailJudge.EndToEnd), ratio("fcfs", policy, load, TrailJudge.FirstToken));
            return (IReadOnlyList<Cell>)[load, policy, Round(end.Value), Round(end.Low), Round(end.High), Round(first.Value), Round(first.Low), Round(first.High)];
        }))]);

    private static ReportTable Speed(TrailEvidence evidence) => new(
        "Wall clock: the engine's saturated speed around each block, and the requests a second made of it",
        ["seed", "load", "tokens/s before", "after", "load by both", "requests/s"],
        [.. evidence.Live.Select(block => (IReadOnlyList<Cell>)[
            (double)block.Seed, block.Load, Math.Round(block.TokensPerSecondBefore), Math.Round(block.TokensPerSecondAfter), Round(block.LoadKept), Round(block.RequestsPerSecond)])]);

    private static ReportTable Engine(TrailEvidence evidence)
    {
        var (calibration, cost, law) = (evidence.Calibration, evidence.Settings.Counted.Cost, evidence.LengthLaw);
        var judged = cost.Steps.Kappa(evidence.Settings.Places);
        return new(
            "Cost of a step, predictor's share and recorded lengths",
            ["quantity", "measured", "counted clock", "unit"],
            [
                ["a step", Round(1e6 * calibration.StepSeconds), cost.Step, "us"],
                ["a decoded row", Round(1e6 * calibration.DecodeRowSeconds), cost.DecodeRow, "us"],
                ["a prompt token", Round(1e6 * calibration.PrefillTokenSeconds), cost.PrefillToken, "us"],
                ["prediction from prompts, a prompt token", Round(1e6 * calibration.Prediction.PromptToken), cost.PromptPrediction, "us"],
                ["prediction from hidden states, a prompt token", Round(1e6 * calibration.Prediction.HiddenPromptToken), cost.HiddenPromptPrediction, "us"],
                ["prediction from hidden states, a decoded row that may be displaced", Round(1e6 * calibration.Prediction.RefinedRow), cost.HiddenPrediction, "us"],
                ["kappa: a prompt token over a decoded one, all places busy", Round(calibration.Kappa), Round(judged), ""],
                .. calibration.Overhead.Select(pairs => (IReadOnlyList<Cell>)[
                    $"predictor's share of a step, {pairs.Rows} sequences", Round(100 * pairs.Share().Value), "", "%"]),
                ["mean output", Round(law.Mean), "", "tokens"],
                ["its squared coefficient of variation", Round(law.Variation), "", ""],
                ["cut off", Round(100 * law.CutOff), "", "%"],
            ]);
    }

    private static ReportTable Predictors(TrailEvidence evidence)
    {
        var errors = evidence.Errors;
        return new(
            "Mean absolute error of the remaining length, in tokens, over all steps of held-out requests",
            ["predictor", "error", "low", "high"],
            [
                Row("constant mean", errors.ConstantMean), Row("prompt only", errors.PromptOnly),
                .. evidence.Predictor.Layers.Select((layer, i) => Row($"block {layer.Layer}, each step by itself", errors.LayerProbes[i])),
                .. evidence.Predictor.Layers.Select((layer, i) => Row($"block {layer.Layer}, smoothed", errors.LayerSmoothed[i])),
                Row($"served: block {evidence.Predictor.Layer}, each step by itself", errors.Probe), Row("served: smoothed", errors.Smoothed),
                Row("the same, smoothed by the published rule", errors.Published),
                Row("true bin", errors.TrueBin),
            ]);

        IReadOnlyList<Cell> Row(string name, double[] of)
        {
            var mae = evidence.Mae(of);
            return [name, Round(mae.Value), Round(mae.Low), Round(mae.High)];
        }
    }

    private static ReportTable C(TrailEvidence evidence) => new(
        "Counted clock: C, cache and what becomes of keys, means over seeds, in milliseconds",
        ["cost", "load", "cache", "keys", "policy", "C", "end to end, mean", "median", "p99", "first token, mean", "preemptions a request", "recomputed a request", "mean keys", "peak keys"],
        [.. evidence.Counted.Where(result => result.Case.Study == "c").Select(result =>
        {
            var which = result.Case;
            double Mean(Func<RunSummary, double> quantity) => result.Runs.Average(quantity);
            return (IReadOnlyList<Cell>)[
                which.Regime, which.Load, which.IsTight ? "tight" : "roomy", which.Discards ? "discard" : "resident", which.Policy,
                which.Policy == "fcfs" ? "" : (Cell)which.C, Round(1e3 * Mean(run => run.EndToEnd.Mean)), Round(1e3 * Mean(run => run.EndToEnd.Median)),
                Round(1e3 * Mean(run => run.EndToEnd.P99)), Round(1e3 * Mean(run => run.FirstToken.Mean)), Round(Mean(run => run.Preemptions)),
                Round(Mean(run => run.Recomputed)), Math.Round(Mean(run => run.MeanKvTokens)), Math.Round(result.Runs.Max(run => run.PeakKvTokens))];
        })]);

    private static ReportTable Queues(TrailEvidence evidence) => new(
        "Limited preemption in M/M/1: closed form and simulation, in mean sizes",
        ["predictions", "load", "C", "formula", "simulation", "standard error", "distance", "keys, formula", "keys, simulation"],
        [.. evidence.Queues.Select(point => (IReadOnlyList<Cell>)[
            point.Predictions, point.Load, point.C, Math.Round(point.Formula, 5), Math.Round(point.Simulated, 5), Math.Round(point.StandardError, 5),
            Round(point.Distance()), Math.Round(point.FormulaKv, 5), Math.Round(point.SimulatedKv, 5)])]);

    /// <summary>To four digits.</summary>
    private static double Round(double value) =>
        value == 0 || !double.IsFinite(value) ? value : Math.Round(value, Math.Clamp(3 - (int)Math.Floor(Math.Log10(Math.Abs(value))), 0, 15));
}
