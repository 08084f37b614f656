using Retort.Analysis;
using Retort.Recipes.Figures;
using Retort.Tasks.ScrambledArithmetic;

namespace Retort.Recipes.EchoChamber;

/// <summary>The study's figures (section 5 of the specification), drawn for whatever runs were made.</summary>
internal static class EchoChamberFigures
{
    private static readonly ArithmeticFormat[] Formats = Enum.GetValues<ArithmeticFormat>();

    /// <summary>Runs whose rollouts are drawn beside the predictions of section 6.</summary>
    private static readonly string[] Drawn = ["equal-grpo", "equal-frozen", "normal-grpo", "failure-grpo", "failure-frozen"];

    /// <summary>All figures the evidence can fill.</summary>
    public static IReadOnlyList<Figure> All(Evidence evidence)
    {
        var figures = new List<Figure>();
        foreach (var name in Drawn.Where(evidence.Has))
        {
            figures.AddRange(new[] { Shares(evidence, name, false), evidence[name][0].Run.IsFrozen ? null : Shares(evidence, name, true) }.OfType<Figure>());
        }

        if (evidence.Has("equal-grpo"))
        {
            figures.Add(Accuracies(evidence));
        }

        var settings = evidence.Settings;
        var divergences = settings.KlCoefficients.Select(PolicyRun.KlRun).Prepend("equal-grpo").ToArray();
        if (divergences.All(evidence.Has))
        {
            figures.Add(Divergence(evidence, divergences));
        }

        var scan = PolicyRun.Scan(settings).Where(point => evidence.Has(point.Run)).ToArray();
        if (scan.Length > 1)
        {
            figures.Add(Flip(evidence, scan));
        }

        string[] copies = [.. settings.Copies.Select(count => PolicyRun.CopyName(count) + "-grpo")];
        if (copies.All(evidence.Has))
        {
            figures.Add(BeforeAfter(evidence, "copies", "More copies of the programs, more accuracy", "copies of each program", [.. settings.Copies.Select(count => $"{count}")], copies));
        }

        if (evidence.Has("small-grpo") && evidence.Has("large-grpo"))
        {
            figures.Add(Sizes(evidence));
        }

        string[] methods = [.. new[] { "equal-grpo", "equal-ppo", "equal-expert" }.Where(evidence.Has)];
        if (methods.Length > 1)
        {
            figures.Add(Methods(evidence, methods));
            figures.Add(Stability(evidence, [.. methods.Where(name => evidence[name][0].Run.Method != PolicyMethod.Expert)]));
        }

        if (evidence.Has("equal-easy") && evidence.Has("natural-easy"))
        {
            figures.Add(BeforeAfter(
                evidence, "transfer", "Learned on 2-step problems, asked the longest", "formats in pretraining", ["all three", "natural alone"], ["equal-easy", "natural-easy"]));
        }

        return figures;
    }

    /// <summary>Figure 1, with what section 6 predicts beside what was measured.</summary>
    private static Figure? Shares(Evidence evidence, string name, bool isFixed)
    {
        Dynamics[] seeds = [.. evidence[name].Select(run => Dynamics.Of(run, isFixed)).OfType<Dynamics>()];
        if (seeds.Length == 0)
        {
            return null;
        }

        Series Of(string label, int format, Func<Dynamics, double[][]> rows, bool isMeasured) => new(
            label, SeriesKind.Band,
            [.. Enumerable.Range(0, seeds[0].Measured.Length).Select(i =>
            {
                double[] values = [.. seeds.Select(seed => rows(seed)[i][format])];
                return isMeasured && values.Length > 1 ? new Point(i + 1, values.Average(), values.Min(), values.Max()) : new Point(i + 1, values.Average());
            })])
        { Color = format, Dashed = !isMeasured };
        var whose = isFixed ? "the base's success for ever" : evidence[name][0].Run.IsFrozen ? "the coins' success" : "each rollout's success";
        return new(
            name + (isFixed ? "-shares-fixed" : "-shares"), $"{name}: shares, and those predicted from {whose}",
            new("rollout") { Scale = AxisScale.Log, Format = NumberFormat.Plain }, Share,
            [
                .. Formats.Select((format, k) => Of(format.ToString().ToLowerInvariant(), k, seed => seed.Measured, true)),
                .. Formats.Select((format, k) => Of(format.ToString().ToLowerInvariant() + ", predicted", k, seed => seed.Predicted, false)),
            ])
        {
            Caption = "Shares of the formats among the completions of each rollout; mean over seeds, the band from the lowest to the highest. Dashed: "
                + $"section 6's equation with {whose} and one speed fitted to each seed's run, from the base's shares.",
        };
    }

    /// <summary>Figure 1, below: accuracies at the looks.</summary>
    private static Figure Accuracies(Evidence evidence)
    {
        var n = evidence["equal-grpo"][0].End.Sampled.NumSamples;
        return new("equal-grpo-accuracy", "Accuracy while one format takes over", Steps, Solved,
        [
            AtLooks(evidence, "equal-grpo", "greedy", 0, (_, look, chosen) => look.Greedy.Accuracy(chosen)),
            AtLooks(evidence, "equal-grpo", "pass@1", 1, (_, look, chosen) => look.Sampled.Accuracy(chosen)),
            AtLooks(evidence, "equal-grpo", $"majority@{n}", 3, (_, look, chosen) => look.Sampled.Majority(chosen)),
            AtLooks(evidence, "equal-grpo", $"pass@{n}", 2, (_, look, chosen) => look.Sampled.Coverage(chosen)),
            AtLooks(evidence, "equal-grpo", "winner's share", 5, (run, look, chosen) => look.Sampled.Share(run.Winner, chosen)) with { Dashed = true },
        ])
        { Caption = $"Test problems at the looks, {n} samples of each at temperature 1. Bars: 95 % intervals." };
    }

    private static Figure Divergence(Evidence evidence, string[] runs) => new(
        "kl", "The further from the base costs, the more of the other formats stays", new("KL coefficient") { Categories = [.. evidence.Settings.KlCoefficients.Prepend(0).Select(kl => FormattableString.Invariant($"{kl:0.###}"))] }, Share,
        [
            new("all but the winner", SeriesKind.Bars, [.. runs.Select((name, i) => PointOf(i, evidence.Of(
                name, (run, chosen) => 1 - run.End.Sampled.Share(run.Winner, chosen))))]) { Color = 1 },
            new("greedy accuracy", SeriesKind.Bars, [.. runs.Select((name, i) => PointOf(i, evidence.Of(
                name, (run, chosen) => run.End.Greedy.Accuracy(chosen))))]) { Color = 0 },
        ])
    { Caption = "Three formats in equal shares, GRPO, at the end of the run. Bars: 95 % intervals." };

    private static Figure Flip(Evidence evidence, (double Share, string Run)[] scan)
    {
        Series Of(string label, int color, RunStatistic statistic) => new(
            label, SeriesKind.Line, [.. scan.Select(point => PointOf(point.Share, evidence.Of(point.Run, statistic)))])
        { Color = color };
        return new(
            "flip", "Which format wins depends on the mixture",
            new("programs in the data, the rest tagged") { Scale = AxisScale.Log, Format = NumberFormat.Percent, Ticks = [.. scan.Select(point => point.Share)] }, Share,
            [
                Of("programs after", 0, (run, chosen) => run.End.Sampled.Share(ArithmeticFormat.Program, chosen)),
                Of("programs before", 0, (run, chosen) => run.Start.Sampled.Share(ArithmeticFormat.Program, chosen)) with { Dashed = true },
                Of("accuracy of programs before", 2, (run, chosen) => run.Start.Sampled.Within(ArithmeticFormat.Program, chosen)),
                Of("accuracy of tagged before", 1, (run, chosen) => run.Start.Sampled.Within(ArithmeticFormat.Tagged, chosen)),
            ])
        {
            References = [new(0.5)],
            Caption = $"{evidence.Settings.TaggedCorruption:0%} of the tagged demonstrations have a wrong operand. Bars: 95 % intervals.",
        };
    }

    private static Figure Sizes(Evidence evidence)
    {
        Series Of(string label, string name, int color, Func<RunOutcome, Look> look) => new(
            label, SeriesKind.Bars, [.. Formats.Select((format, k) => PointOf(k, evidence.Of(name, (run, chosen) => look(run).Sampled.Share(format, chosen))))])
        { Color = color };
        return new("sizes", "The same data at two sizes", new("") { Categories = [.. Formats.Select(format => format.ToString().ToLowerInvariant())] }, Share,
        [
            Of("small, before", "small-grpo", 6, run => run.Start), Of("small, after", "small-grpo", 0, run => run.End),
            Of("large, before", "large-grpo", 4, run => run.Start), Of("large, after", "large-grpo", 1, run => run.End),
        ])
        { Caption = "Shares of the formats in the samples. Programs repeat the prompt first. Bars: 95 % intervals." };
    }

    private static Figure Methods(Evidence evidence, string[] methods)
    {
        // Before is the same for all.
        Series Of(string label, int color, RunStatistic before, RunStatistic after) => new(
            label, SeriesKind.Bars,
            [PointOf(0, evidence.Of(methods[0], before)), .. methods.Select((name, i) => PointOf(i + 1, evidence.Of(name, after)))])
        { Color = color };
        return new(
            "methods", "One mixture, three methods",
            new("") { Categories = ["base", .. methods.Select(name => evidence[name][0].Run.Method switch { PolicyMethod.Grpo => "GRPO", PolicyMethod.Ppo => "PPO", _ => "expert iteration" })] },
            Share,
            [
                Of("largest share", 0, (run, chosen) => Largest(run.Start, chosen), (run, chosen) => Largest(run.End, chosen)),
                Of("greedy accuracy", 1, (run, chosen) => run.Start.Greedy.Accuracy(chosen), (run, chosen) => run.End.Greedy.Accuracy(chosen)),
            ])
        { Caption = "Three formats in equal shares. Bars: 95 % intervals." };
    }

    private static Figure Stability(Evidence evidence, string[] methods) => new(
        "stability", "Greedy accuracy on the way", Steps, Solved,
        [.. methods.Select((name, i) => AtLooks(
            evidence, name, evidence[name][0].Run.Method == PolicyMethod.Ppo ? "PPO" : "GRPO", i, (_, look, chosen) => look.Greedy.Accuracy(chosen)))])
    { Caption = "Three formats in equal shares, test problems. Bars: 95 % intervals." };

    private static Figure BeforeAfter(Evidence evidence, string name, string title, string axis, string[] categories, string[] runs) => new(
        name, title, new(axis) { Categories = categories }, Solved,
        [
            new("before", SeriesKind.Bars, [.. runs.Select((run, i) => PointOf(i, evidence.Of(run, (outcome, chosen) => outcome.Start.Greedy.Accuracy(chosen))))]) { Color = 6 },
            new("after", SeriesKind.Bars, [.. runs.Select((run, i) => PointOf(i, evidence.Of(run, (outcome, chosen) => outcome.End.Greedy.Accuracy(chosen))))]) { Color = 0 },
        ])
    { Caption = "Greedy accuracy on test problems before and after GRPO. Bars: 95 % intervals." };

    private static Axis Steps => new("steps + 1") { Scale = AxisScale.Log, Format = NumberFormat.Plain };

    private static Axis Share => new("share") { Format = NumberFormat.Percent, Min = 0, Max = 1 };

    private static Axis Solved => new("problems solved") { Format = NumberFormat.Percent, Min = 0, Max = 1 };

    private delegate double LookStatistic(RunOutcome run, Look look, ReadOnlySpan<int> chosen);

    private static Series AtLooks(Evidence evidence, string name, string label, int color, LookStatistic statistic) => new(
        label, SeriesKind.Line,
        [.. Enumerable.Range(0, evidence[name][0].Looks.Count).Select(i =>
            PointOf(evidence[name][0].Looks[i].Step + 1, evidence.Of(name, (run, chosen) => statistic(run, run.Looks[i], chosen))))])
    { Color = color };

    private static double Largest(Look look, ReadOnlySpan<int> chosen)
    {
        var largest = 0.0;
        foreach (var format in Formats)
        {
            largest = Math.Max(largest, look.Sampled.Share(format, chosen));
        }

        return largest;
    }

    private static Point PointOf(double x, Interval interval) => new(x, interval.Value, interval.Low, interval.High);
}
