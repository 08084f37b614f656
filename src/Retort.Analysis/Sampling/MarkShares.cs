namespace Retort.Analysis.Sampling;

/// <summary>
/// Shares of samples whose plan and whose execution are right (Qin et al. 2025, "RL wall", section 1), over the samples that have the
/// mark. Every problem weighs by the share of its samples that count; N is the number of problems with any. Null where none counts.
/// </summary>
/// <param name="Plan">Samples with the right steps.</param>
/// <param name="Execute">Samples whose steps are carried out rightly.</param>
/// <param name="ExecuteGivenPlan">Of the samples with the right steps those that are carried out rightly.</param>
/// <param name="CorrectGivenBoth">Of the samples with both those that are correct: the rest is lost between steps and answer.</param>
public readonly record struct MarkShares(Interval? Plan, Interval? Execute, Interval? ExecuteGivenPlan, Interval? CorrectGivenBoth)
{
    /// <summary>Of samples that lie as [problem][sample].</summary>
    public static MarkShares Of(IReadOnlyList<IReadOnlyList<GradedSample>> problems, BootstrapSettings? settings = null)
    {
        return new(
            Share(one => one.Plan is not null, one => one.Plan == true),
            Share(one => one.Execute is not null, one => one.Execute == true),
            Share(one => one is { Plan: true, Execute: not null }, one => one.Execute == true),
            Share(one => one is { Plan: true, Execute: true }, one => one.Correct));

        Interval? Share(Func<GradedSample, bool> counts, Func<GradedSample, bool> isRight)
        {
            var rows = problems.Where(samples => samples.Any(counts)).Select(samples => (
                Counted: samples.Average(one => counts(one) ? 1.0 : 0),
                Right: samples.Average(one => counts(one) && isRight(one) ? 1.0 : 0))).ToArray();
            return rows.Length == 0 ? null : Bootstrap.Of(rows.Length, chosen =>
            {
                var (counted, right) = (0.0, 0.0);
                foreach (var problem in chosen)
                {
                    counted += rows[problem].Counted;
                    right += rows[problem].Right;
                }

                return right / counted;
            }, settings);
        }
    }
}
