using Retort.Analysis;
using Retort.Inference;

namespace Retort.Recipes.Backtracking;

/// <summary>
/// Everything measured: for each cell one outcome a seed, all over the same problems. Intervals are paired bootstraps over problems
/// of the seeds' mean or, if wider, Student's t over seeds.
/// </summary>
/// <param name="outcomes">By cell.</param>
/// <param name="threads">Threads that resample.</param>
internal sealed class Evidence(IReadOnlyDictionary<string, IReadOnlyList<CellOutcome>> outcomes, int threads)
{
    /// <summary>How intervals are resampled.</summary>
    public BootstrapSettings Resampling { get; } = new(Threads: threads);

    /// <summary>Outcomes of a cell, a seed each.</summary>
    public IReadOnlyList<CellOutcome> Of(string cell) => outcomes[cell];

    /// <summary>Whether a cell was run.</summary>
    public bool Has(string cell) => outcomes.ContainsKey(cell);

    /// <summary>The search's largest budget on a task.</summary>
    public int TopBudget(string search) => Of(search)[0].Cell.Study.Budgets[^1];

    /// <summary>Direct samples that cost what the search's budget costs: at least one, and of those drawn.</summary>
    public int MatchedSamples(string search, string direct, int budget) =>
        (int)Math.Min(AffordedSamples(search, direct, budget), SamplesOf(direct));

    /// <summary>The same, drawn or not, rounded down; the seeds' mean length decides.</summary>
    public long AffordedSamples(string search, string direct, int budget)
    {
        var (s, d) = (Of(search), Of(direct));
        var one = GenerationCost.Flops(d[0].Config, Math.Max(1, (int)Math.Round(d.Average(outcome => outcome.MeanTokens))));
        return (long)Math.Max(1, Math.Floor(GenerationCost.Flops(s[0].Config, budget) / one));
    }

    /// <summary>Samples drawn of a direct cell.</summary>
    public int SamplesOf(string direct) => Of(direct)[0].NumSamples;

    /// <summary>Per seed and problem: solved by the search within its largest budget.</summary>
    public double[][] Search(string cell) => PerSeed(cell, outcome => outcome.WithinBudget(TopBudget(cell)));

    /// <summary>Per seed and problem: best of as many direct samples as cost the search's largest budget.</summary>
    public double[][] Direct(string direct, string search)
    {
        var n = MatchedSamples(search, direct, TopBudget(search));
        return PerSeed(direct, outcome => outcome.BestOf(n));
    }

    /// <summary>Per seed and problem, any quantity of a cell.</summary>
    public double[][] PerSeed(string cell, Func<CellOutcome, double[]> quantity) => [.. Of(cell).Select(quantity)];

    /// <summary>Share of what its generator solves that the search solves, both at the largest budget.</summary>
    public double ShareOfGenerator(string cell)
    {
        var generator = Mean(PerSeed(cell, outcome => outcome.GeneratorWithinBudget(TopBudget(cell))));
        return generator == 0 ? 0 : Mean(Search(cell)) / generator;
    }

    /// <summary>Mean over seeds and problems.</summary>
    public static double Mean(double[][] values) => values.Average(seed => seed.Average());

    /// <summary>Interval of a mean.</summary>
    public Interval Interval(double[][] values) => Of(new Term(1, values));

    /// <summary>Interval of a weighted sum of groups; terms inside a group are over the same problems and stay paired.</summary>
    public Interval Of(params Term[][] groups)
    {
        var numSeeds = groups[0][0].Values.Length;
        var perSeed = new double[numSeeds];
        var sums = new MeanTerm[groups.Length];
        for (var g = 0; g < groups.Length; g++)
        {
            var bySeed = new double[numSeeds][];
            for (var seed = 0; seed < numSeeds; seed++)
            {
                var sum = new double[groups[g][0].Values[seed].Length];
                foreach (var (weight, values) in groups[g])
                {
                    for (var i = 0; i < sum.Length; i++)
                    {
                        sum[i] += weight * values[seed][i];
                    }
                }

                bySeed[seed] = sum;
                perSeed[seed] += sum.Average();
            }

            sums[g] = new MeanTerm(1, SeedIntervals.AverageOverSeeds(bySeed));
        }

        return SeedIntervals.WiderOfBootstrapAndT(Bootstrap.SumOfMeans(sums, Resampling), perSeed);
    }

    /// <summary>Interval of a weighted sum over the same problems.</summary>
    public Interval Of(params Term[] terms) => Of([terms]);

    /// <summary>Mean Jaccard overlap with the generator over the bins that hold problems, as an interval over problems.</summary>
    public Interval OverlapDifference(string search, string direct)
    {
        var perSeed = new double[Of(search).Count];
        var intervals = new Interval[perSeed.Length];
        for (var seed = 0; seed < perSeed.Length; seed++)
        {
            var (s, d) = (Of(search)[seed], Of(direct)[seed]);
            var (generator, searchMistakes, directMistakes) = (s.GeneratorMistakes(), s.Mistakes(), d.Mistakes());
            intervals[seed] = Bootstrap.Of(s.NumProblems, chosen =>
                MeanOverlap(generator, searchMistakes, chosen) - MeanOverlap(generator, directMistakes, chosen), Resampling);
            perSeed[seed] = intervals[seed].Value;
        }

        // Overlaps are no means over problems, so seeds are averaged as intervals: the mean of the ends, at least as wide as t.
        var mean = new Interval(
            perSeed.Average(), intervals.Average(i => i.Low), intervals.Average(i => i.High), intervals[0].N);
        return SeedIntervals.WiderOfBootstrapAndT(mean, perSeed);
    }

    private static double MeanOverlap(MistakeCount[] generator, MistakeCount[] model, ReadOnlySpan<int> chosen)
    {
        var (left, right) = (new MistakeCount[chosen.Length], new MistakeCount[chosen.Length]);
        for (var i = 0; i < chosen.Length; i++)
        {
            (left[i], right[i]) = (generator[chosen[i]], model[chosen[i]]);
        }

        var bins = MistakeOverlap.Compare(left, right).Where(bin => bin.Either > 0).ToArray();
        return bins.Length == 0 ? double.NaN : bins.Average(bin => bin.Jaccard);
    }
}

/// <summary>A factor and, per seed and problem, what it multiplies.</summary>
internal readonly record struct Term(double Weight, double[][] Values);
