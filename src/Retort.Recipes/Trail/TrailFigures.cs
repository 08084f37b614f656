using Retort.Analysis;
using Retort.Inference.Lengths;
using Retort.Recipes.Figures;

namespace Retort.Recipes.Trail;

/// <summary>The study's figures (section 6 of the specification).</summary>
internal static class TrailFigures
{
    /// <summary>All figures.</summary>
    public static IReadOnlyList<Figure> All(TrailEvidence evidence)
    {
        List<Figure> figures =
        [
            Main(evidence, "end-to-end-mean", "Mean end-to-end latency against load", run => run.EndToEnd.Mean),
            Main(evidence, "first-token-mean", "Mean time to first token against load", run => run.FirstToken.Mean),
            Main(evidence, "end-to-end-p99", "The price: the slowest hundredth, end to end", run => run.EndToEnd.P99),
            Main(evidence, "end-to-end-median", "Median end-to-end latency against load", run => run.EndToEnd.Median),
            Main(evidence, "first-token-median", "Median time to first token against load", run => run.FirstToken.Median),
            Main(evidence, "first-token-p99", "The slowest hundredth to their first token", run => run.FirstToken.P99),
            Live(evidence, "live-end-to-end", "On the wall clock: mean end-to-end latency", run => run.EndToEnd.Mean),
            Live(evidence, "live-first-token", "On the wall clock: mean time to first token", run => run.FirstToken.Mean),
            LayerErrorsFigure.Of(evidence.Predictor),
            Predictors(evidence),
            HeatMap(evidence, "bins-trail", "Predicted and true bin: refined from hidden states", evidence.Errors.SmoothedBins),
            HeatMap(evidence, "bins-prompt", "Predicted and true bin: from the prompt alone", evidence.Errors.PromptBins),
            Cost(evidence),
            CStudy(evidence, "c-end-to-end", "Mean end-to-end latency against C", run => run.EndToEnd.Mean),
            CStudy(evidence, "c-first-token", "Mean time to first token against C", run => run.FirstToken.Mean),
            CStudy(evidence, "c-end-to-end-median", "Median end-to-end latency against C", run => run.EndToEnd.Median),
            CStudy(evidence, "c-end-to-end-p99", "The slowest hundredth against C", run => run.EndToEnd.P99),
            CStudy(evidence, "c-peak-kv", "Most keys in the cache against C", run => run.PeakKvTokens, "tokens"),
            Burst(evidence),
            Noise(evidence),
        ];
        foreach (var predictions in QueueStudy.Predictions)
        {
            var name = predictions == "perfect" ? "perfect predictions" : "exponential predictions";
            figures.Add(Queue(evidence, $"theory-{predictions}", $"Theory and simulation, {name}", predictions, "mean response (mean sizes)",
                point => point.Formula, point => (point.Simulated, point.StandardError)));
            figures.Add(Queue(evidence, $"theory-kv-{predictions}", $"Keys in use, {name}", predictions, "sum of ages (mean sizes)",
                point => point.FormulaKv, point => (point.SimulatedKv, 0)));
        }

        return figures;
    }

    private static Axis Load(IReadOnlyList<double> loads) =>
        new("load (share of the saturated throughput)") { Format = NumberFormat.Plain, Ticks = loads };

    private static Figure Main(TrailEvidence evidence, string name, string title, Func<RunSummary, double> quantity) => Against(
        evidence, name, title, (policy, load) => evidence.LoadValues(policy, load, quantity),
        $"Counted clock, {evidence.Settings.Counted.Seeds} seeds");

    private static Figure Live(TrailEvidence evidence, string name, string title, Func<RunSummary, double> quantity) => Against(
        evidence, name, title, (policy, load) => evidence.LiveValues(policy, load, quantity),
        $"The engine on the wall clock, {evidence.Settings.Seeds.Count} seeds");

    private static Figure Against(TrailEvidence evidence, string name, string title, Func<string, double, double[]> values, string how)
    {
        double[] loads = [.. LiveStudy.Loads(evidence.Settings).Where(load => load > 0)];
        return new(
            name, title, Load(loads), new("milliseconds") { Scale = AxisScale.Log },
            [.. LiveStudy.Policies.Select((policy, i) => new Series(policy, SeriesKind.Line, [.. loads.Select(load => PointOf(
                load, Positive(TrailEvidence.OverSeeds(values(policy, load)).Scale(1e3))))])
            { Color = i, Dashed = policy == "srpt" })])
        {
            Caption = $"{how} with 95 % intervals (Student's t), {evidence.Settings.Places} places, roomy cache. "
                + "l-sprpt: preemption by the prompt's prediction; srpt: an oracle.",
        };
    }

    private static Figure Predictors(TrailEvidence evidence)
    {
        var errors = evidence.Errors;
        (string Name, double[] Errors)[] all =
        [
            ("constant mean", errors.ConstantMean), ("prompt only", errors.PromptOnly), ("hidden states", errors.Probe),
            ("smoothed", errors.Smoothed), ("published", errors.Published), ("true bin", errors.TrueBin),
        ];
        return new(
            "predictors", "What each predictor misses", new("") { Categories = [.. all.Select(one => one.Name)] },
            new("mean absolute error (tokens)"),
            [new("remaining length", SeriesKind.Bars, [.. all.Select((one, i) => PointOf(i, evidence.Mae(one.Errors)))])])
        {
            Caption = $"Remaining length over all decode steps of {errors.Steps.Length} held-out requests. Bars: 95 % bootstrap over requests. "
                + "Smoothed: what is served; published: the paper's rule; true bin: what no choice of bins can better.",
        };
    }

    private static Figure HeatMap(TrailEvidence evidence, string name, string title, long[][] counts)
    {
        var width = evidence.Settings.Task.MaxOutputTokens / (double)LengthBins.Count;
        string[] labels = [.. Enumerable.Range(0, LengthBins.Count).Select(bin => FormattableString.Invariant($"{bin * width:0}"))];
        var cells = counts.Index().SelectMany(row => row.Item.Index().Select(cell => (
            Point: new Point(row.Index, cell.Index), Weight: (double)cell.Item / Math.Max(1, row.Item.Sum())))).ToArray();
        return new(
            name, title, new("true remaining length: tokens, from") { Categories = labels }, new("predicted: tokens, from") { Categories = labels },
            [new("", SeriesKind.Cells, [.. cells.Select(cell => cell.Point)]) { Weights = [.. cells.Select(cell => cell.Weight)] }])
        {
            Height = 620,
            Width = 700,
            Caption = "Steps of held-out requests. Each column sums to one; the darker, the more.",
        };
    }

    private static Figure Cost(TrailEvidence evidence)
    {
        var overhead = evidence.Calibration.Overhead;
        return new(
            "predictor-cost", "What prediction costs", new("sequences in the step") { Categories = [.. overhead.Select(pairs => $"{pairs.Rows}")] },
            new("microseconds a sequence and step"),
            [new("", SeriesKind.Bars, [.. overhead.Select((pairs, i) => PointOf(i, pairs.MicrosecondsPerSample()))])])
        { Caption = "Decode steps with and without the predictor, pair by pair. Bars: 95 % bootstrap over pairs." };
    }

    private static Figure CStudy(TrailEvidence evidence, string name, string title, Func<RunSummary, double> quantity, string? unit = null)
    {
        var (settings, scale) = (evidence.Settings, unit is null ? 1e3 : 1);
        (bool Tight, bool Discards, string Label)[] kinds =
            [(false, false, "roomy, resident"), (false, true, "roomy, discard"), (true, false, "tight, resident"), (true, true, "tight, discard")];
        return new(
            name, title, new("C") { Format = NumberFormat.Plain, Ticks = settings.CValues }, new(unit ?? "milliseconds"),
            [.. kinds.Select((kind, i) => new Series(kind.Label, SeriesKind.Line, [.. settings.CValues.Select(c => PointOf(c, TrailEvidence.OverSeeds(
                [.. evidence.Runs(evidence.CStudy(c, kind.Tight, kind.Discards)).Select(quantity)]).Scale(scale)))])
            { Color = kind.Tight ? 1 : 0, Dashed = kind.Discards })])
        {
            Caption = FormattableString.Invariant($"TRAIL on the counted clock at load {settings.Counted.Loads[^1]}, {settings.Counted.Seeds} seeds with 95 % intervals; ")
                + $"roomy: {settings.RoomyKvTokens} tokens, tight: {settings.TightKvTokens}. Discard gives keys up at every preemption.",
        };
    }

    private static Figure Burst(TrailEvidence evidence)
    {
        var cases = evidence.Counted.Where(result => result.Case.Study == "burst").ToArray();
        Series Bars(string label, Func<RunSummary, double> quantity) => new(
            label, SeriesKind.Bars, [.. cases.Select((result, i) => PointOf(i, TrailEvidence.OverSeeds([.. result.Runs.Select(quantity)]).Scale(1e3)))]);
        return new(
            "burst", "Everything arrives at once",
            new("") { Categories = [.. cases.Select(result => result.Case.Policy == "trail" ? FormattableString.Invariant($"trail, C = {result.Case.C}") : result.Case.Policy)] },
            new("milliseconds"),
            [Bars("end to end, mean", run => run.EndToEnd.Mean), Bars("end to end, median", run => run.EndToEnd.Median),
                Bars("first token, mean", run => run.FirstToken.Mean), Bars("end to end, 99th percentile", run => run.EndToEnd.P99)])
        { Caption = $"{evidence.Settings.Counted.BurstRequests} requests on the counted clock, roomy cache, {evidence.Settings.Counted.Seeds} seeds with 95 % intervals." };
    }

    private static Figure Noise(TrailEvidence evidence)
    {
        var cases = evidence.Counted.Where(result => result.Case.Study == "noise").ToArray();
        var load = evidence.Settings.Counted.Loads[^1];
        double Mean(CountedCase which) => 1e3 * evidence.Runs(which).Average(TrailJudge.EndToEnd);
        return new(
            "oracle-noise", "How good predictions must be", new("mean absolute error at arrival (tokens)") { Format = NumberFormat.Plain },
            new("mean end-to-end latency (milliseconds)"),
            [new("oracle with noise, limited preemption", SeriesKind.Line, [.. cases.Select(result => PointOf(
                result.Case.Noise, TrailEvidence.OverSeeds([.. result.Runs.Select(TrailJudge.EndToEnd)]).Scale(1e3)))])])
        {
            References =
            [
                new(Mean(new("c", CountedStudy.Judged, "fcfs", evidence.Settings.C, load)), "fcfs"),
                new(Mean(evidence.CStudy(evidence.Settings.CValues.MinBy(c => Math.Abs(c - evidence.Settings.C)), isTight: false)), "trail"),
            ],
            Caption = FormattableString.Invariant($"True lengths with Gaussian noise, counted down; counted clock, load {load}, roomy cache."),
        };
    }

    private static Figure Queue(
        TrailEvidence evidence, string name, string title, string predictions, string unit, Func<QueuePoint, double> formula,
        Func<QueuePoint, (double Mean, double Error)> simulated)
    {
        var points = evidence.Queues.Where(point => point.Predictions == predictions).GroupBy(point => point.C).ToArray();
        return new(
            name, title, new("load of the server") { Format = NumberFormat.Plain, Ticks = evidence.Settings.Counted.QueueLoads },
            new(unit) { Scale = AxisScale.Log, Format = NumberFormat.Plain },
            [
                .. points.Select((group, i) => new Series("", SeriesKind.Band, [.. group.Select(point => new Point(point.Load, formula(point)))]) { Color = i }),
                .. points.Select((group, i) => new Series(FormattableString.Invariant($"C = {group.Key}"), SeriesKind.Scatter, [.. group.Select(point =>
                {
                    var (mean, error) = simulated(point);
                    return new Point(point.Load, mean, Math.Max(mean / 2, mean - 2 * error), mean + 2 * error);
                })]) { Color = i }),
            ])
        { Caption = "Lines: closed form for M/M/1. Points: the engine's scheduler under a virtual clock, bars two standard errors to either side." };
    }

    /// <summary>An interval that a log axis can show.</summary>
    private static Interval Positive(Interval interval) => interval with { Low = Math.Max(interval.Low, interval.Value / 10) };

    private static Point PointOf(double x, Interval interval) => new(x, interval.Value, interval.Low, interval.High);
}
