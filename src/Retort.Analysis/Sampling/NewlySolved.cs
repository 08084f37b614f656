using MathNet.Numerics.Distributions;

namespace Retort.Analysis.Sampling;

/// <summary>
/// Problems without a correct sample before, at any temperature, and with one after; and the opposite (Qin et al. 2025, "RL wall",
/// section 5). A problem of small precision can look newly solved by chance, so the count has a null to be compared with.
/// </summary>
/// <param name="Unsolved">Problems without a correct sample before.</param>
/// <param name="Gained">Of these, problems with a correct sample after.</param>
/// <param name="Lost">Problems with a correct sample before and none after.</param>
/// <param name="Half">Expected newly solved problems when both models keep a random half of their samples.</param>
/// <param name="HalfNull">The same when the model before is compared with itself: one half of its samples with the other.</param>
/// <param name="Excess"><paramref name="Half"/> - <paramref name="HalfNull"/>, paired by problem: above 0 where the model after reaches
/// what another sampling of the model before would not. Where few problems add to it the interval is too narrow: look at
/// <see cref="SignTest"/>, and at a second sampling of the model before.</param>
public readonly record struct NewlySolved(int Unsolved, int Gained, int Lost, Interval Half, Interval HalfNull, Interval Excess)
{
    /// <summary>
    /// Two samplings of one model gain and lose problems alike. The chance that of <see cref="Gained"/> + <see cref="Lost"/> problems at
    /// least <see cref="Gained"/> are gained if each falls to either side with probability 1/2 (exact sign test); 1 where there are none.
    /// </summary>
    public double SignTest => Gained + Lost == 0 ? 1 : Binomial.CDF(0.5, Gained + Lost, Lost);

    /// <summary>
    /// Compares two models on the same problems and temperatures. Halves are drawn without replacement inside each temperature, all
    /// with h = half of the fewer samples of the two, and the expectations over draws are exact: with q(h) the product over temperatures
    /// of C(n - c, h) / C(n, h), a problem adds q_before(h) (1 - q_after(h)) to the count and q_before(h) - q_before(2h) to the null.
    /// </summary>
    /// <exception cref="ArgumentException">Other problems or temperatures.</exception>
    public static NewlySolved Of(SampleCounts before, SampleCounts after, BootstrapSettings? settings = null)
    {
        if (before.NumProblems != after.NumProblems || !before.Temperatures.SequenceEqual(after.Temperatures))
        {
            throw new ArgumentException("Before and after need the same problems and temperatures.", nameof(after));
        }

        var (solvedBefore, solvedAfter) = (before.SolvedAnywhere(), after.SolvedAnywhere());
        var (observed, expected) = (new double[before.NumProblems], new double[before.NumProblems]);
        for (var problem = 0; problem < before.NumProblems; problem++)
        {
            var halves = Enumerable.Range(0, before.Temperatures.Count)
                .Select(t => Math.Min(before[t, problem].Samples, after[t, problem].Samples) / 2).ToArray();
            var missed = Missed(before, problem, halves, 1);
            observed[problem] = missed * (1 - Missed(after, problem, halves, 1));
            expected[problem] = missed - Missed(before, problem, halves, 2);
        }

        Interval Count(Interval mean) => mean.Scale(before.NumProblems);
        return new(
            solvedBefore.Count(solved => solved == 0), solvedBefore.Zip(solvedAfter).Count(pair => pair is (0, 1)),
            solvedBefore.Zip(solvedAfter).Count(pair => pair is (1, 0)), Count(Bootstrap.Mean(observed, settings)),
            Count(Bootstrap.Mean(expected, settings)), Count(Bootstrap.PairedDifference(observed, expected, settings)));
    }

    /// <summary>Chance that no correct sample is among <paramref name="times"/> halves at every temperature.</summary>
    private static double Missed(SampleCounts counts, int problem, int[] halves, int times)
    {
        var missed = 1.0;
        for (var t = 0; t < halves.Length; t++)
        {
            var (samples, correct) = counts[t, problem];
            missed *= halves[t] == 0 ? 1 : 1 - PassAtK.Estimate(samples, correct, times * halves[t]);
        }

        return missed;
    }
}
