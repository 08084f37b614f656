using Retort.Analysis.Scaling;
using Retort.Core;

namespace Retort.Analysis.Tests;

/// <summary>The sweep's estimators against every subset and every order that there is.</summary>
public sealed class ScalingTests
{
    [Fact]
    public void A_majority_is_the_mean_over_all_subsets_with_ties_shared()
    {
        foreach (var trial in Enumerable.Range(0, 60))
        {
            var random = CounterRandom.For(1, "scaling/votes", (ulong)trial);
            var votes = new Vote[3 + random.NextInt32(6)];
            foreach (ref var vote in votes.AsSpan())
            {
                var answer = random.NextInt32(4);
                vote = new(answer == 3 ? null : $"{answer}", answer == 0);
            }

            var (right, silent) = VoteExpectation.Of(votes, votes.Length);
            for (var n = 1; n <= votes.Length; n++)
            {
                var (subsets, wins, quiet) = (0, 0.0, 0);
                for (var mask = 0; mask < 1 << votes.Length; mask++)
                {
                    if (int.PopCount(mask) != n)
                    {
                        continue;
                    }

                    subsets++;
                    var counts = Enumerable.Range(0, votes.Length).Where(i => (mask >> i & 1) != 0 && votes[i].Answer is not null)
                        .GroupBy(i => votes[i].Answer).Select(group => (Count: group.Count(), votes[group.First()].Correct)).ToArray();
                    quiet += counts.Length == 0 ? 1 : 0;
                    var tied = counts.Where(count => count.Count == counts.Max(other => other.Count)).ToArray();
                    wins += tied.Length == 0 ? 0 : tied.Count(count => count.Correct) / (double)tied.Length;
                }

                Assert.Equal(wins / subsets, right[n], 1e-12);
                Assert.Equal(quiet / (double)subsets, silent[n], 1e-12);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    public void Stopping_at_the_first_that_verifies_spends_the_mean_over_all_orders(int most)
    {
        BudgetSample[] samples =
        [
            new(3, 5, false, default), new(7, 9, true, default), new(4, 6, false, default), new(2, 4, true, default), new(6, 8, false, default),
        ];
        var (orders, spent, drawn) = (0, 0.0, 0.0);
        foreach (var order in Orders([.. Enumerable.Range(0, samples.Length)]))
        {
            orders++;
            foreach (var i in order.Take(most))
            {
                spent += samples[i].Spent;
                drawn++;
                if (samples[i].IsVerified)
                {
                    break;
                }
            }
        }

        Assert.Equal(spent / orders, FirstVerified.Sum(samples, most, sample => sample.Spent), 1e-12);
        var (failed, verified) = FirstVerified.Draws(samples.Length, 2, most);
        Assert.Equal(drawn / orders, failed + verified, 1e-12);
        Assert.Equal(PassAtK.Estimate(samples.Length, 2, most), verified, 1e-12);
    }

    /// <summary>
    /// Every cell of a sweep, whose samples are shared, against cells sampled directly: other samples, N of them cut at S, judged by what a reader would do.
    /// </summary>
    [Fact]
    public void Cells_agree_with_direct_sampling_within_their_intervals()
    {
        const int problems = 300, most = 16;
        int[] budgets = [4, 8, 16], numbers = [1, 2, 4, 16];
        var pool = new MadeUpPool(problems, most, "pool");
        var grid = ScalingGrid.Of(pool, budgets, numbers, new BootstrapSettings(Resamples: 1000, Threads: 2));
        foreach (var cell in grid.Cells)
        {
            var direct = new MadeUpPool(problems, cell.Samples, $"direct/{cell.Budget}/{cell.Samples}");
            double[] best = new double[problems], majority = new double[problems];
            for (var problem = 0; problem < problems; problem++)
            {
                var samples = direct.At(problem, cell.Budget);
                best[problem] = samples.Any(sample => sample.IsVerified) ? 1 : pool.Guess;
                var votes = samples.Where(sample => sample.Vote.Answer is not null).ToArray();
                var (right, wrong) = (votes.Count(sample => sample.Vote.Correct), votes.Count(sample => !sample.Vote.Correct));
                majority[problem] = right > wrong ? 1 : right == wrong && right > 0 ? 0.5 : 0;
            }

            Agree(cell.BestOf, Bootstrap.Mean(best));
            Agree(cell.Majority, Bootstrap.Mean(majority));
        }

        // Two independent 95 % intervals of one number overlap but for one pair in two hundred; 24 pairs of a fixed seed do.
        static void Agree(Interval sweep, Interval direct) => Assert.True(sweep.Low <= direct.High && direct.Low <= sweep.High, $"{sweep} {direct}");
    }

    [Fact]
    public void Threads_change_nothing()
    {
        var pool = new MadeUpPool(40, 8, "threads");
        ScalingGrid Grid(int threads) => ScalingGrid.Of(pool, [4, 8], [1, 8], new BootstrapSettings(Resamples: 200, Threads: threads));
        Assert.Equal(Grid(1).Cells, Grid(2).Cells);
    }

    private static IEnumerable<int[]> Orders(int[] items) => items.Length < 2 ? [items]
        : items.SelectMany(first => Orders([.. items.Where(item => item != first)]).Select(rest => (int[])[first, .. rest]));

    /// <summary>Chains of 1 to 20 tokens that are evidence, or decide for one of two answers, with chances that differ from problem to problem.</summary>
    private sealed class MadeUpPool(int problems, int samples, string stream) : IScalingPool
    {
        public int NumProblems => problems;

        public int NumSamples => samples;

        public double Guess => 0.5;

        public double SilentVote => 0;

        public BudgetSample[] At(int problem, int budget)
        {
            var chance = CounterRandom.For(1, "scaling/problem", (ulong)problem).NextDouble();
            return [.. Enumerable.Range(0, samples).Select(sample =>
            {
                var random = CounterRandom.For((ulong)sample, "scaling/" + stream, (ulong)problem);
                var length = 1 + random.NextInt32(20);
                var (isProof, isRight) = (random.NextDouble() < chance / 2, random.NextDouble() < 0.3 + chance / 2);
                var ends = length <= budget;
                return new BudgetSample(Math.Min(length, budget), Math.Min(length, budget) + 2, ends && isProof, new(ends ? isRight ? "a" : "b" : null, isRight));
            })];
        }
    }
}
