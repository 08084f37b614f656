using Retort.Analysis;
using Retort.Analysis.Sampling;
using Retort.Recipes.Figures;
using Retort.Recipes.Report;

namespace Retort.Recipes.Curves;

/// <summary>What a verifier's choice among samples adds to a model.</summary>
/// <param name="Name">Of both models together.</param>
/// <param name="PassAt1">Without and with.</param>
public sealed record VerifierGain(string Name, BeforeAfter PassAt1)
{
    /// <summary>Of a model's own answers and of those its verifier chose, on the same problems.</summary>
    public static VerifierGain Of(string name, SampleSet without, SampleSet with, BootstrapSettings bootstrap) =>
        new(name, WallComparison.PassAt1(without, with, bootstrap));
}

/// <summary>What was found in graded samples, in every form it is asked for.</summary>
public sealed class CurvesReport : AnalysisReport
{
    // Of all figures that a report may have, without a model's number.
    private static readonly string[] FigureNames =
    [
        "pass-at-k", "pass-at", "precision", "precision-before", "precision-after", "same-order", "temperature", "gain-bins", "plan-execute", "verify",
    ];

    private CurvesReport(
        string title, string source, object content, IReadOnlyList<ReportTable> tables, IReadOnlyList<Figure> figures,
        IReadOnlyList<string> findings, IReadOnlyList<string> notes)
        : base("eval curves", title, source, content, tables, figures, findings, notes, FigureNames)
    {
    }

    /// <summary>Models by themselves.</summary>
    /// <param name="source">The file and its format, for titles.</param>
    /// <param name="models">At least one.</param>
    /// <param name="verifiers">Pairs of them, if any.</param>
    /// <param name="notes">What the reader has to say.</param>
    /// <param name="settings">How they were looked at.</param>
    public static CurvesReport Of(
        string source, IReadOnlyList<ModelCurves> models, IReadOnlyList<VerifierGain> verifiers, IReadOnlyList<string> notes, CurvesSettings settings)
    {
        var told = (string[])
        [
            .. notes,
            .. models.SelectMany(model => model.Temperatures.Where(row => row.Fewest != row.Most).Select(row =>
                $"{model.Model}: problems have {row.Fewest} to {row.Most} samples{CurvesWords.AtTemperature(row.Temperature)}; "
                + $"pass@k and coverage are unbiased for each problem, coverage with K = {row.Fewest}.")),
            .. CurvesFigures.LeftOut(models) is { Count: > 0 } left ? [$"The figure of pass@k leaves out {string.Join(", ", left)}; tables and JSON have all models."] : (string[])[],
            IntervalNote(settings.Bootstrap),
        ];
        return new(
            models.Count == 1 ? $"Samples of {models[0].Model}" : $"Samples of {models.Count} models", source,
            new
            {
                Source = source,
                Curves = models.SelectMany(model => model.Temperatures.Select(row => CurvesJson.Of(model, row))),
                Models = models.Select(CurvesJson.Of),
                Verification = verifiers.Select(one => new { one.Name, pass_at_1 = CurvesJson.Of(one.PassAt1) }),
                Bootstrap = CurvesJson.Of(settings.Bootstrap),
                Notes = told,
            },
            CurvesTables.Of(models, verifiers), CurvesFigures.Of(models, verifiers), CurvesTables.Findings(models), told);
    }

    /// <summary>A model before and after.</summary>
    /// <param name="source">The files and their format, for titles.</param>
    /// <param name="walls">Pairs of models, at least one.</param>
    /// <param name="notes">What the reader has to say.</param>
    /// <param name="settings">How they were looked at.</param>
    public static CurvesReport Of(string source, IReadOnlyList<WallComparison> walls, IReadOnlyList<string> notes, CurvesSettings settings)
    {
        var told = (string[])
        [
            .. notes,
            .. walls.Where(wall => !HaveEqualSamples(wall)).Select(wall =>
                $"{wall.Before.Model}: the numbers of samples differ; coverage is unbiased with as many as the fewest, and newly solved counts what all samples show."),
            IntervalNote(settings.Bootstrap),
        ];
        return new(
            walls.Count == 1 ? $"{walls[0].Before.Model} before, {walls[0].After.Model} after" : $"{walls.Count} models before and after", source,
            new { Source = source, Comparisons = walls.Select(CurvesJson.Of), Bootstrap = CurvesJson.Of(settings.Bootstrap), Notes = told },
            [.. walls.SelectMany(CurvesTables.Of)],
            [.. walls.SelectMany((wall, i) => CurvesFigures.Of(wall).Select(figure => walls.Count == 1 ? figure : figure with { Name = $"{figure.Name}-{i + 1}" }))],
            [.. walls.SelectMany(wall => CurvesTables.Findings(wall).Select(line => walls.Count == 1 ? line : $"{wall.Before.Model}: {line}"))], told);
    }

    private static bool HaveEqualSamples(WallComparison wall) => wall.Before.Samples.Zip(wall.After.Samples).All(
        row => row.First.Concat(row.Second).Select(samples => samples.Length).Distinct().Count() == 1);
}
