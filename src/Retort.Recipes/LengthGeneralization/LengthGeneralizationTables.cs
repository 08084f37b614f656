using Retort.Analysis;
using Retort.Recipes.Report;

namespace Retort.Recipes.LengthGeneralization;

/// <summary>Results as numbers; shares in percent, means over seeds unless said otherwise.</summary>
internal static class LengthGeneralizationTables
{
    private const double Tau = 0.9;

    /// <summary>All tables the evidence can fill.</summary>
    public static IReadOnlyList<ReportTable> All(Evidence evidence)
    {
        var tables = new List<ReportTable> { Reach(evidence) };
        foreach (var study in evidence.Cells.Select(cell => cell.Study).Distinct().Select(evidence.StudyOf))
        {
            ModelKind[] cells = [.. evidence.Cells.Where(cell => cell.Study == study.Name)];
            tables.Add(ByLength(evidence, study, cells));
            if (cells.Any(cell => cell.Scheme.Predicts))
            {
                tables.Add(FirstErrors(evidence, study, [.. cells.Where(cell => cell.Scheme.Predicts)]));
                tables.Add(Steps(evidence, study, [.. cells.Where(cell => cell.Scheme.Predicts)]));
            }
        }

        return tables;
    }

    private static ReportTable Reach(Evidence evidence) => new(
        $"How far models generalize: the largest length asked with an exact match of at least {Tau:0%} (G), by seed, and over the longest trained on",
        ["task", "positions", "lowest exact match in range %", "G by seed", "median G", "median G / trained"],
        [.. evidence.Cells.Select(cell =>
        {
            double[] reach = [.. evidence[cell.Name].Select(seed => (double)seed.GeneralizationLength(Tau))];
            return (IReadOnlyList<Cell>)[
                evidence.StudyOf(cell.Study).Title, cell.Scheme.Label, Percent(evidence.LowestInRange(cell.Name)), string.Join(", ", reach),
                Descriptive.Median(reach), Math.Round(Descriptive.Median(reach) / evidence.StudyOf(cell.Study).Trained.High, 2),
            ];
        })]);

    private static ReportTable ByLength(Evidence evidence, Study study, ModelKind[] cells) => new(
        $"{study.Title}, trained at {study.Trained}: exact match with its 95 % interval, words in their places, the last word, predicted ids (percent); "
            + "pilot: the specification's trial, where it had the same lengths",
        ["positions", "length", "exact", "low", "high", "tokens", "last token", "ids", "pilot, exact", "pilot, tokens"],
        [.. cells.SelectMany(cell => new[] { false, true }.Where(isTold => !isTold || cell.Scheme.Predicts).SelectMany(
            isTold => study.Settings.TestLengths.Select(length => Row(evidence, cell, length, isTold))))]);

    private static IReadOnlyList<Cell> Row(Evidence evidence, ModelKind cell, int length, bool isTold)
    {
        var exact = evidence.Of(cell.Name, length, Evidence.Exact, isTold);
        double Mean(Func<LengthOutcome, double> of) => evidence.Mean(cell.Name, length, of, isTold);
        var pilot = PilotValues.At(cell.Name, isTold, length);
        return
        [
            cell.Scheme.Label + (isTold ? ", ids told" : ""), length, Percent(exact.Value), Percent(exact.Low), Percent(exact.High),
            Percent(Mean(outcome => outcome.Tokens.Average())), Percent(Mean(outcome => outcome.Last.Average())),
            cell.Scheme.Predicts && !isTold ? Percent(Mean(outcome => outcome.Ids.Average())) : "",
            pilot is { } trial ? Percent(trial.Exact) : "", pilot is { } same ? Percent(same.Tokens) : "",
        ];
    }

    private static ReportTable FirstErrors(Evidence evidence, Study study, ModelKind[] cells) => new(
        $"{study.Title}, predicted ids: what goes wrong first (percent of the problems)",
        ["positions", "length", "nothing", "a token, its id right", "an id, its token right", "both", "does not end"],
        [.. cells.SelectMany(cell => study.Settings.TestLengths.Select(length => (IReadOnlyList<Cell>)
        [
            cell.Scheme.Label, length,
            .. Enum.GetValues<FirstError>().Select(error => Percent(evidence.Mean(
                cell.Name, length, outcome => outcome.First.Count(first => first == error) / (double)outcome.First.Length))),
        ]))]);

    private static ReportTable Steps(Evidence evidence, Study study, ModelKind[] cells) => new(
        $"{study.Title}, predicted ids, {study.Judged} long: wrong tokens and wrong ids of each step, of the completions right until then (percent; all seeds together)",
        ["positions", "step", "right until then", "wrong token", "wrong id"],
        [.. cells.SelectMany(cell =>
        {
            var seeds = evidence[cell.Name].Select(seed => seed.Free.First(outcome => outcome.Length == study.Judged).Steps).ToArray();
            return Enumerable.Range(0, seeds.Max(steps => steps.Length)).Select(step =>
            {
                StepErrors[] at = [.. seeds.Where(steps => step < steps.Length).Select(steps => steps[step])];
                var reached = at.Sum(one => one.Reached);
                return (IReadOnlyList<Cell>)[
                    cell.Scheme.Label, step + 1, reached, Percent(at.Sum(one => one.TokenErrors) / (double)reached), Percent(at.Sum(one => one.IdErrors) / (double)reached),
                ];
            });
        })]);

    private static Cell Percent(double share) => double.IsFinite(share) ? Math.Round(100 * share, 1) : "";
}
