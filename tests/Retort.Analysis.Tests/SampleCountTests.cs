using CsCheck;

namespace Retort.Analysis.Tests;

public sealed class PassAtKTests
{
    [Theory]
    [InlineData(5, 2, 2, 0.7)]
    [InlineData(5, 0, 3, 0)]
    [InlineData(5, 3, 3, 1)]
    [InlineData(10, 1, 1, 0.1)]
    [InlineData(64, 64, 64, 1)]
    public void Known_values(int samples, int correct, int k, double expected) =>
        Assert.Equal(expected, PassAtK.Estimate(samples, correct, k), 12);

    [Fact]
    public void It_is_the_share_of_subsets_with_a_correct_sample() =>
        Gen.Bool.Array[1, 9].Sample(samples =>
        {
            for (var k = 1; k <= samples.Length; k++)
            {
                var subsets = Enumerable.Range(0, 1 << samples.Length)
                    .Where(mask => int.PopCount(mask) == k).ToArray();
                var hits = subsets.Count(mask => samples.Where((correct, i) => correct && (mask >> i & 1) == 1).Any());
                Assert.Equal((double)hits / subsets.Length, PassAtK.Estimate(samples, k), 1e-12);
            }
        });

    [Fact]
    public void More_than_some_is_the_share_of_subsets_with_more_than_some() =>
        Gen.Select(Gen.Bool.Array[1, 9], Gen.Int[0, 4]).Sample((samples, moreThan) =>
        {
            for (var k = 1; k <= samples.Length; k++)
            {
                var subsets = Enumerable.Range(0, 1 << samples.Length).Where(mask => int.PopCount(mask) == k).ToArray();
                var hits = subsets.Count(mask => samples.Where((correct, i) => correct && (mask >> i & 1) == 1).Count() > moreThan);
                Assert.Equal((double)hits / subsets.Length, PassAtK.MoreThan(samples.Length, samples.Count(one => one), k, moreThan), 1e-12);
            }
        });

    [Fact]
    public void Best_of_first_n_looks_no_further()
    {
        bool[] samples = [false, false, true, false];

        Assert.False(PassAtK.BestOfFirst(samples, 2));
        Assert.True(PassAtK.BestOfFirst(samples, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => PassAtK.BestOfFirst(samples, 5));
    }

    [Fact]
    public void More_samples_than_were_drawn_cannot_be_estimated() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => PassAtK.Estimate(4, 1, 5));
}

public sealed class MajorityVoteTests
{
    private static readonly Vote Right = new("42", true), Wrong = new("7", false), Silent = new(null, false);

    [Fact]
    public void Most_votes_win_and_ties_go_to_the_first_seen()
    {
        Assert.True(MajorityVote.IsCorrect([Wrong, Right, Right]));
        Assert.True(MajorityVote.IsCorrect([Right, Wrong]));
        Assert.False(MajorityVote.IsCorrect([Wrong, Right]));
    }

    [Fact]
    public void Samples_without_an_answer_do_not_vote()
    {
        Assert.True(MajorityVote.IsCorrect([Silent, Silent, Silent, Right]));
        Assert.False(MajorityVote.IsCorrect([Silent, Silent]));
    }

    [Fact]
    public void Every_subset_counts_once()
    {
        // Pairs of (Right, Wrong, Wrong): {R,W} twice goes to R, which was seen first; {W,W} to W.
        Assert.Equal(2.0 / 3, MajorityVote.Estimate([Right, Wrong, Wrong], 2), 12);
        Assert.Equal(1.0 / 3, MajorityVote.Estimate([Wrong, Wrong, Right], 1), 12);
        Assert.Equal(0, MajorityVote.Estimate([Right, Wrong, Wrong], 3));
    }

    [Fact]
    public void One_vote_is_the_share_of_correct_samples() =>
        Gen.Int[0, 3].Array[1, 30].Sample(answers =>
        {
            var votes = answers.Select(a => new Vote($"{a}", a == 0)).ToArray();
            Assert.Equal(answers.Count(a => a == 0) / (double)votes.Length, MajorityVote.Estimate(votes, 1), 1e-12);
        });

    [Fact]
    public void Too_many_subsets_are_resampled_the_same_way_every_time()
    {
        // 64 samples, 3 answers: half right. C(64, 8) is 4.4e9.
        var votes = Enumerable.Range(0, 64)
            .Select(i => i % 2 == 0 ? Right : new Vote($"wrong {i % 4}", false)).ToArray();

        var first = MajorityVote.Estimate(votes, 8, seed: 3, problem: 5);
        Assert.Equal(first, MajorityVote.Estimate(votes, 8, seed: 3, problem: 5));
        Assert.NotEqual(first, MajorityVote.Estimate(votes, 8, seed: 4, problem: 5));
        // A simulation in another language gives 0.713.
        Assert.Equal(0.713, first, 0.03);
    }

    [Fact]
    public void Resampling_agrees_with_enumeration()
    {
        // C(17, 7) = 19,448 is enumerated; C(18, 7) = 31,824, with one voter who never matters added, is drawn.
        var votes = Enumerable.Range(0, 17).Select(i => i % 3 == 0 ? Right : new Vote($"w{i % 2}", false)).ToArray();
        var exact = MajorityVote.Estimate(votes, 7);
        var drawn = MajorityVote.Estimate([.. votes, Silent], 7, resamples: 20_000);

        // The silent sample takes a place in 7 of 18 subsets, which then hold 6 voters.
        var expected = (11 * exact + 7 * MajorityVote.Estimate(votes, 6)) / 18;
        Assert.Equal(expected, drawn, 0.015);
    }
}

public sealed class MistakeOverlapTests
{
    [Fact]
    public void A_solver_overlaps_itself_fully_wherever_it_solved_something()
    {
        MistakeCount[] counts = [new(1, true), new(4, true), new(7, true), new(45, true), new(42, false)];

        var bins = MistakeOverlap.Compare(counts, counts);

        Assert.Equal([1.0, 1, 0, 0, 0, 1], bins.Select(bin => bin.Jaccard));
        Assert.Equal([2, 1, 0, 0, 0, 1], bins.Select(bin => bin.Either));
    }

    [Fact]
    public void Bins_are_closed_below_and_open_above_and_unsolved_problems_are_in_none()
    {
        MistakeCount[] generator = [new(5, true), new(4, true), new(9, true), new(42, false)];
        MistakeCount[] model = [new(9, true), new(5, true), new(10, true), new(42, false)];

        var bins = MistakeOverlap.Compare(generator, model);

        // [1,5): generator {1}, model {}. [5,10): generator {0,2}, model {0,1}. [10,20): model {2}.
        Assert.Equal(new MistakeBin(1, 5, 0, 1), bins[0]);
        Assert.Equal(new MistakeBin(5, 10, 1, 3), bins[1]);
        Assert.Equal(new MistakeBin(10, 20, 0, 1), bins[2]);
        Assert.Equal(new MistakeBin(40, 50, 0, 0), bins[5]);
    }

    [Fact]
    public void Sampling_counts_to_the_papers_next_sample_count()
    {
        Assert.Equal(27, MistakeOverlap.SampleCounts.Count);
        Assert.Equal(new MistakeCount(3, true), MistakeOverlap.OfSamples([false, false, true, false]));
        Assert.Equal(new MistakeCount(42, false), MistakeOverlap.OfSamples(new bool[42]));

        var late = new bool[42];
        late[16] = true;
        Assert.Equal(new MistakeCount(22, true), MistakeOverlap.OfSamples(late));
        Assert.Equal(new MistakeCount(1, true), MistakeOverlap.OfTrace(0, solved: true));
        Assert.Equal(new MistakeCount(42, false), MistakeOverlap.OfTrace(3, solved: false));
    }
}
