using System.Globalization;
using Retort.Analysis;
using Retort.Recipes.Report;
using static Retort.Recipes.Curves.CurvesWords;

namespace Retort.Recipes.Curves;

/// <summary>
/// What was found as tables, whose rows fit into 80 columns, and as sentences for what stands alone. Shares are in percent with
/// bootstrap intervals.
/// </summary>
internal static class CurvesTables
{
    private const int Columns = 80;

    public static IReadOnlyList<ReportTable> Of(IReadOnlyList<ModelCurves> models, IReadOnlyList<VerifierGain> verifiers)
    {
        var tables = new List<ReportTable>();
        var (single, several) = (models.Where(model => model.Temperatures.Count == 1).ToArray(), models.Where(model => model.Temperatures.Count > 1));
        if (single.Length > 0)
        {
            // One sample covers what it solves.
            var hasCoverage = single.Any(model => model.Shown.Fewest > 1);
            tables.Add(new(
                "Mean over problems (%)", ["model", "problems", "samples", "pass@1", .. hasCoverage ? ["coverage"] : (string[])[]],
                [.. single.Select(model => (Cell[])
                [
                    Short(model.Model), Whole(model.Problems), Samples(model.Shown), Percent(model.Shown.PassAt1),
                    .. hasCoverage ? [Percent(model.Shown.Coverage)] : (Cell[])[],
                ])]));
        }

        foreach (var model in several)
        {
            tables.Add(new(
                Title(width => $"{Short(model.Model, width)}: {Many(model.Problems, "problem")}, by temperature (%)"),
                ["T", "pass@1", "majority", "coverage", "robust coverage"],
                [.. model.Temperatures.Select(row => (Cell[])
                [
                    Temperature(row.Temperature), Percent(row.PassAt1), Percent(row.Points[^1].MajorityAt), Percent(row.Coverage), Percent(row.RobustCoverage),
                ])]));
        }

        foreach (var model in models.Where(model => model.Shown.Fewest > 1))
        {
            tables.Add(new(
                Title(width => $"{Short(model.Model, width)}: k samples{AtTemperature(model.Shown.Temperature)} (%)"), ["k", "pass@k", "majority@k", "best of the first k"],
                [.. model.Shown.Points.Select(point => (Cell[])
                    [Whole(point.K), Percent(point.PassAt), Percent(point.MajorityAt), Percent(point.BestOf)])]));
        }

        var marked = models.Where(model => model.Shown.Marks is not { Plan: null, Execute: null }).ToArray();
        if (marked.Length > 0)
        {
            tables.Add(new(
                "Plan and execution of single samples (%)", ["model", "plan", "execute", "execute if planned"],
                [.. marked.Select(model => (Cell[])
                    [Short(model.Model), Percent(model.Shown.Marks.Plan), Percent(model.Shown.Marks.Execute), Percent(model.Shown.Marks.ExecuteGivenPlan)])]));
        }

        if (verifiers.Count > 0)
        {
            tables.Add(new(
                "Verification: pass@1 without and with a verifier's choice (%)", ["model", "without", "with", "gain"],
                [.. verifiers.Select(one => (Cell[])
                    [Short(one.Name), Percent(one.PassAt1.Before), Percent(one.PassAt1.After), Percent(one.PassAt1.Gain)])]));
        }

        return tables;
    }

    /// <summary>What is said of each model in sentences.</summary>
    public static IReadOnlyList<string> Findings(IReadOnlyList<ModelCurves> models)
    {
        var lines = new List<string>();
        foreach (var model in models)
        {
            if (model.Temperatures.Count == 1 && model.Shown.RobustCoverage is { } robust)
            {
                lines.Add($"{model.Model}: robust coverage (more than {ModelCurves.RobustLimit} of {model.Shown.Fewest} samples right) {InPercent(robust)}.");
            }

            if (model.Shown.Marks is { Plan: not null, Execute: not null, CorrectGivenBoth: { } both })
            {
                lines.Add($"{model.Model}: of the samples with the right plan, rightly executed, {InPercent(both)} are correct.");
            }

            if (model.Temperatures.Count > 1)
            {
                lines.Add($"{model.Model}: best pass@1 {InPercent(model.BestPassAt1.Value)}{AtTemperature(model.BestPassAt1.Temperature)}, "
                    + $"best coverage {InPercent(model.BestCoverage.Value)}{AtTemperature(model.BestCoverage.Temperature)}.");
            }

            if (model.Sensitivity is { } sensitivity)
            {
                lines.Add($"{model.Model}: temperature sensitivity (highest less lowest precision of a problem up to T = 1.2) {InPercent(sensitivity)}"
                    + (model.Drop is { } drop ? $"; pass@1 drops by {InPercent(drop)} from T = {Temperature(model.Temperatures[0].Temperature)} to 1." : "."));
            }
        }

        return lines;
    }

    public static IReadOnlyList<ReportTable> Of(WallComparison wall)
    {
        var at = AtTemperature(wall.Rows[wall.At].Temperature);
        var tables = new List<ReportTable>
        {
            new(
                Title(width => $"{Short(wall.Before.Model, width / 2)} -> {Short(wall.After.Model, width / 2)}: {Many(wall.Problems, "problem")}, by temperature (%)"),
                ["T", "pass@1", "after", "gain", "cover", "after", "gain"],
                [.. wall.Rows.Select(row => (Cell[])
                [
                    Temperature(row.Temperature), Percent(row.PassAt1.Before.Value), Percent(row.PassAt1.After.Value), Percent(row.PassAt1.Gain),
                    Percent(row.Coverage.Before.Value), Percent(row.Coverage.After.Value), Percent(row.Coverage.Gain),
                ])]),
            new(
                "Each at its own best temperature (%)", ["measure", "before", "after", "gain"],
                [.. wall.Best.Select(best => (Cell[])
                    [best.Measure, Percent(best.Values.Before), Percent(best.Values.After), Percent(best.Values.Gain)])]),
            new(
                $"Gain of precision by precision before{at} (%)", ["precision before", "problems", "gain"],
                [.. wall.Bins.Select(bin => (Cell[])[bin.Name, Whole(bin.Problems), Percent(bin.Gain)])]),
        };
        if (wall.PassAt.Count > 1)
        {
            tables.Add(new(
                $"pass@k{at} (%)", ["k", "before", "after", "gain"],
                [.. wall.PassAt.Select(row => (Cell[])
                    [Whole(row.K), Percent(row.PassAt.Before), Percent(row.PassAt.After), Percent(row.PassAt.Gain)])]));
        }

        var marks = Marks(wall).ToArray();
        if (marks.Length > 0)
        {
            tables.Add(new(
                $"Plan and execution of single samples{at} (%)", ["mark", "before", "after"],
                [.. marks.Select(mark => (Cell[])[mark.Name, Percent(mark.Before), Percent(mark.After)])]));
        }

        return tables;
    }

    public static IReadOnlyList<string> Findings(WallComparison wall)
    {
        var newly = wall.NewlySolved;
        var lines = new List<string>
        {
            $"Newly solved (no correct sample before at any temperature, one after): {newly.Gained} of {newly.Unsolved}; lost: {newly.Lost}. "
                + string.Create(CultureInfo.InvariantCulture, $"At least as many gained among both by chance: {Chance(newly.SignTest)}."),
            $"With half of the samples of each: {Count(newly.Half)} newly solved expected; by the model before alone, one half against the other: "
                + $"{Count(newly.HalfNull)}; excess {Count(newly.Excess)}.",
        };
        if (wall.Sensitivity is { } sensitivity)
        {
            lines.Add($"Temperature sensitivity: {InPercent(sensitivity.Before)} before, {InPercent(sensitivity.After)} after, "
                + $"difference {InPercent(sensitivity.Gain)}.");
        }

        if (wall.Drop is { } drop)
        {
            lines.Add($"Drop of pass@1 from T = {Temperature(wall.Rows[0].Temperature)} to 1: {InPercent(drop.Before)} before, "
                + $"{InPercent(drop.After)} after, difference {InPercent(drop.Gain)}.");
        }

        if (wall.PassAt.Count > 1)
        {
            var at = AtTemperature(wall.Rows[wall.At].Temperature);
            lines.Add(wall.Crossing is { } crossing
                ? $"pass@k crosses{at}: after falls behind before at k = {crossing.K}"
                    + (crossing.PassAt.Gain.High < 0 ? "." : ", by less than the interval can tell.")
                : wall.PassAt[0].PassAt.Gain.Value < 0 ? $"pass@k does not cross{at}: after is behind at k = {wall.PassAt[0].K}."
                : $"pass@k does not cross{at}: after is nowhere behind.");
        }

        return lines;
    }

    internal static IEnumerable<(string Name, Interval? Before, Interval? After)> Marks(WallComparison wall) =>
        new (string Name, Interval? Before, Interval? After)[]
        {
            ("plan", wall.MarksBefore.Plan, wall.MarksAfter.Plan),
            ("execute", wall.MarksBefore.Execute, wall.MarksAfter.Execute),
            ("execute if planned", wall.MarksBefore.ExecuteGivenPlan, wall.MarksAfter.ExecuteGivenPlan),
        }.Where(mark => mark is not { Before: null, After: null });

    /// <summary>A title with names as they are, or where that is too long for the page shortened to 36 characters together.</summary>
    private static string Title(Func<int, string> of) => of(2 * Columns) is { Length: <= Columns } whole ? whole : of(36);

    private static string Samples(TemperatureCurves row) => row.Fewest == row.Most ? Whole(row.Fewest) : $"{row.Fewest} to {row.Most}";

    private static string Whole(int count) => count.ToString("#,0", CultureInfo.InvariantCulture);
}
