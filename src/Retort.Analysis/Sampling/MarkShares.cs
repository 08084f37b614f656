namespace Retort.Analysis.Sampling;

/// <summary>
/// Shares of samples whose plan and whose execution are right (Qin et al. 2025, "RL wall", section 1). Every problem weighs the same.
/// Null where a mark is missing from a sample.
/// </summary>
/// <param name="Plan">Samples with the right steps.</param>
/// <param name="Execute">Samples whose steps are carried out rightly.</param>
/// <param name="ExecuteGivenPlan">Of the samples with the right steps those that are carried out rightly; null where there are none.</param>
/// <param name="CorrectGivenBoth">Of the samples with both marks those that are correct: what is lost between steps and answer.</param>
public readonly record struct MarkShares(Interval? Plan, Interval? Execute, Interval? ExecuteGivenPlan, Interval? CorrectGivenBoth)
{
    /// <summary>Of samples that lie as [problem][sample].</summary>
    public static MarkShares Of(IReadOnlyList<IReadOnlyList<GradedSample>> problems, BootstrapSettings? settings = null)
    {
        var hasPlan = problems.All(samples => samples.All(one => one.Plan is not null));
        var hasExecute = problems.All(samples => samples.All(one => one.Execute is not null));
        Func<GradedSample, bool> plan = one => one.Plan == true, execute = one => one.Execute == true;
        return new(
            hasPlan ? Share(one => true, plan) : null,
            hasExecute ? Share(one => true, execute) : null,
            hasPlan && hasExecute ? Share(plan, execute) : null,
            hasPlan && hasExecute ? Share(one => plan(one) && execute(one), one => one.Correct) : null);

        // A ratio of means over problems: of what "of" lets through, what "which" does.
        Interval? Share(Func<GradedSample, bool> of, Func<GradedSample, bool> which)
        {
            var whole = problems.Select(samples => samples.Average(one => of(one) ? 1.0 : 0)).ToArray();
            var part = problems.Select(samples => samples.Average(one => of(one) && which(one) ? 1.0 : 0)).ToArray();
            return whole.All(share => share == 0) ? null : Bootstrap.Of(problems.Count, chosen =>
            {
                var (sum, total) = (0.0, 0.0);
                foreach (var problem in chosen)
                {
                    sum += part[problem];
                    total += whole[problem];
                }

                return sum / total;
            }, settings);
        }
    }
}
