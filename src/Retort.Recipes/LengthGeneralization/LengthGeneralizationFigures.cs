using Retort.Recipes.Figures;
using Retort.Tasks;

namespace Retort.Recipes.LengthGeneralization;

/// <summary>The study's figures (section 7 of the specification), drawn for whatever models were made.</summary>
internal static class LengthGeneralizationFigures
{
    /// <summary>All figures the evidence can fill.</summary>
    public static IReadOnlyList<Figure> All(Evidence evidence)
    {
        var figures = new List<Figure>();
        foreach (var study in evidence.Cells.Select(cell => cell.Study).Distinct().Select(evidence.StudyOf))
        {
            ModelKind[] cells = [.. evidence.Cells.Where(cell => cell.Study == study.Name)];
            ModelKind[] main = [.. cells.Where(cell => !cell.Scheme.IsVariant)];
            figures.Add(Exact(evidence, study, main, study.Name, $"{Upper(study.Title)}: exact match beyond the trained lengths"));
            figures.Add(Tokens(evidence, study, main));
            ModelKind[] predictive = [.. cells.Where(cell => cell.Scheme.Predicts)];
            if (predictive.Length > 0)
            {
                figures.Add(Ids(evidence, study, predictive));
            }

            ModelKind[] variants = [.. cells.Where(cell => cell.Scheme.IsVariant || cell.Scheme.Ids == PositionScheme.Coupled)];
            if (variants.Length > main.Count(cell => cell.Scheme.Ids == PositionScheme.Coupled))
            {
                figures.Add(Exact(evidence, study, variants, study.Name + "-ablations", $"{Upper(study.Title)}: other ways to train"));
            }
        }

        return figures;
    }

    /// <summary>Figures 4 and 5.</summary>
    private static Figure Exact(Evidence evidence, Study study, ModelKind[] cells, string name, string title)
    {
        var told = cells.Where(cell => cell.Scheme == Scheme.Predictive).Select(cell => Curve(evidence, study, cell, true, Evidence.Exact));
        var pilots = cells.SelectMany(cell => new[] { false, true }.Select(isTold => Pilot(study, cell, isTold))).OfType<Series>();
        return new(name, title, Length(study), Share("exact match"),
            [Range(study), .. cells.Select(cell => Curve(evidence, study, cell, false, Evidence.Exact)), .. told, .. pilots])
        {
            Caption = $"{study.Settings.TestProblems} unseen problems of each length, decoded freely; bars: 95 % intervals. Ids told: the same model is told the position ids "
                + "it would predict. Pilot: the specification's trial, one seed and fewer steps.",
        };
    }

    private static Figure Tokens(Evidence evidence, Study study, ModelKind[] cells) => new(
        study.Name + "-tokens", $"{Upper(study.Title)}: words of the scratchpad in their places", Length(study), Share("words right"),
        [
            Range(study),
            .. cells.Select(cell => Curve(evidence, study, cell, false, (outcome, chosen) => LengthOutcome.Mean(outcome.Tokens, chosen))),
            .. cells.Where(cell => cell.Scheme.Predicts).Select(cell => Curve(evidence, study, cell, true, (outcome, chosen) => LengthOutcome.Mean(outcome.Tokens, chosen))),
        ])
    { Caption = "Share of the answer's words that stand in their places, decoded freely; bars: 95 % intervals." };

    private static Figure Ids(Evidence evidence, Study study, ModelKind[] cells) => new(
        study.Name + "-ids", $"{Upper(study.Title)}: predicted position ids", Length(study), Share("ids right"),
        [Range(study), .. cells.Select(cell => Curve(evidence, study, cell, false, (outcome, chosen) => LengthOutcome.Mean(outcome.Ids, chosen)))])
    { Caption = "Share of the answer's words whose predicted position id is right, decoded freely; bars: 95 % intervals." };

    private static Series Curve(Evidence evidence, Study study, ModelKind cell, bool isTold, LengthStatistic statistic) => new(
        cell.Scheme.Label + (isTold ? ", ids told" : ""), SeriesKind.Line,
        [.. study.Settings.TestLengths.Select(length =>
        {
            var interval = evidence.Of(cell.Name, length, statistic, isTold);
            return new Point(length, interval.Value, interval.Low, interval.High);
        })])
    { Color = isTold ? 6 : cell.Scheme.Color };

    /// <summary>The trial's curve, for the schemes that generalized in it.</summary>
    private static Series? Pilot(Study study, ModelKind cell, bool isTold)
    {
        Point[] points = [.. study.Settings.TestLengths.Select(length => (length, At: PilotValues.At(cell.Name, isTold, length)))
            .Where(pair => pair.At is not null).Select(pair => new Point(pair.length, pair.At!.Value.Exact))];
        return points.Length < 2 || (cell.Scheme != Scheme.Coupled && cell.Scheme != Scheme.Predictive)
            ? null
            : new(cell.Scheme.Label + (isTold ? ", ids told" : "") + ", pilot", SeriesKind.Line, points) { Color = isTold ? 6 : cell.Scheme.Color, Dashed = true };
    }

    /// <summary>Shades the lengths trained on.</summary>
    private static Series Range(Study study) => new(
        "trained on", SeriesKind.Band, [new(study.Trained.Low, 0, 0, 1), new(study.Trained.High, 0, 0, 1)])
    { Color = 5 };

    private static Axis Length(Study study) => new("length") { Format = NumberFormat.Plain, Min = 0, Max = study.Settings.TestLengths[^1] + 1 };

    private static Axis Share(string label) => new(label) { Format = NumberFormat.Percent, Min = 0, Max = 1 };

    private static string Upper(string title) => char.ToUpperInvariant(title[0]) + title[1..];
}
