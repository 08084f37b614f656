using CsCheck;
using Retort.Core;

namespace Retort.Training.Tests;

/// <summary>What a model is fed: mixtures, windows and batches.</summary>
public sealed class DataTests
{
    [Fact]
    public void An_epoch_is_a_permutation_and_the_next_is_another()
    {
        var set = Numbered(0, 50);
        var mixture = new Mixture(3, (set, 1));
        var epochs = Enumerable.Range(0, 4).Select(_ => Enumerable.Range(0, 50).Select(_ => mixture.Next().Index).ToArray()).ToArray();
        Assert.All(epochs, epoch => Assert.Equal(Enumerable.Range(0, 50), epoch.Order()));
        Assert.Equal(4, epochs.Select(epoch => string.Join(',', epoch)).Distinct().Count());
        var other = new Mixture(4, (set, 1));
        Assert.NotEqual(epochs[0], Enumerable.Range(0, 50).Select(_ => other.Next().Index));
    }

    [Fact]
    public void Each_set_of_a_mixture_is_passed_through_whole_and_has_its_share()
    {
        var (a, b) = (Numbered(0, 40), Numbered(100, 30));
        var mixture = new Mixture(3, (a, 3), (b, 1));
        var drawn = Enumerable.Range(0, 8000).Select(_ => mixture.Next()).ToArray();
        foreach (var set in new[] { a, b })
        {
            var own = drawn.Where(item => item.Set == set).Select(item => item.Index).ToArray();
            foreach (var epoch in own.Chunk(set.Count).SkipLast(1))
            {
                Assert.Equal(Enumerable.Range(0, set.Count), epoch.Order());
            }
        }

        // 6,000 expected, standard deviation 39.
        Assert.InRange(drawn.Count(item => item.Set == a), 5850, 6150);
    }

    [Fact]
    public void To_seek_is_to_walk()
    {
        foreach (var sets in new[] { 1, 3 })
        {
            Mixture Make() => new(7, [.. Enumerable.Range(0, sets).Select(i => (Numbered(100 * i, 5 + 3 * i), 1.0 + i))]);
            var walked = Make();
            var items = Enumerable.Range(0, 200).Select(_ => Key(walked.Next())).ToArray();
            var sought = Make();
            var random = CounterRandom.For(1, "seek");
            for (var trial = 0; trial < 60; trial++)
            {
                var position = random.NextInt32(190);
                sought.Seek(position);
                Assert.Equal(position, sought.Position);
                Assert.Equal(items[position..(position + 10)], Enumerable.Range(0, 10).Select(_ => Key(sought.Next())));
            }
        }

        static int Key((SequenceSet Set, int Index) item) => item.Set[item.Index][0];
    }

    /// <summary>Prompt, answer and window length; every token but the first is learned once, right after the token before it.</summary>
    [Fact]
    public void Windows_make_every_token_a_target_once_after_its_own_predecessor() =>
        Gen.Select(Gen.Int[1, 12], Gen.Int[1, 60], Gen.Int[0, 20]).Sample(
            (promptLength, answerLength, room) =>
            {
                const int gap = 999;
                var maxLength = promptLength + 3 + room;
                var all = Enumerable.Range(0, promptLength + answerLength).ToArray();
                var (prompt, answer) = (all[..promptLength], all[promptLength..]);
                var set = new SequenceSet();
                Windows.Add(set, prompt, answer, maxLength, gap);
                var learned = new List<int>();
                for (var w = 0; w < set.Count; w++)
                {
                    var window = set[w].ToArray();
                    Assert.InRange(window.Length, 2, maxLength);
                    Assert.Equal(prompt, window[..promptLength]);
                    Assert.Equal(w > 0, window.Contains(gap));
                    for (var i = set.LossStart(w); i < window.Length; i++)
                    {
                        Assert.Equal(window[i] - 1, window[i - 1]);
                        learned.Add(window[i]);
                    }
                }

                Assert.Equal(all[1..], learned);
                var cut = new SequenceSet();
                Windows.Add(cut, prompt, answer, maxLength, gap, maxWindows: 2);
                Assert.Equal(Math.Min(2, set.Count), cut.Count);
            },
            iter: 500, threads: 1);

    [Fact]
    public void A_prompt_that_leaves_no_room_is_refused_rather_than_cut()
    {
        for (var maxLength = 1; maxLength < 8; maxLength++)
        {
            var length = maxLength;
            Assert.Throws<ArgumentException>(() => Windows.Add(new SequenceSet(), [1, 2, 3, 4, 5], [6, 7, 8], length, 0));
        }
    }

    [Fact]
    public void A_batch_lays_sequences_end_to_end_with_the_next_token_as_target()
    {
        var set = new SequenceSet();
        set.Add([10, 11, 12, 13], lossStart: 3);
        set.Add([20, 21]);
        var mixture = new Mixture(1, (set, 1));
        var batch = new GlobalBatch(2, mixture.MaxLength);
        batch.Fill(mixture);
        var firstIsLong = batch.Tokens[0] == 10;
        Assert.Equal(firstIsLong ? [10, 11, 12, 20] : [20, 10, 11, 12], batch.Tokens);
        Assert.Equal(firstIsLong ? [-1, -1, 13, 21] : [21, -1, -1, 13], batch.Targets);
        Assert.Equal(firstIsLong ? [0, 1, 2, 0] : [0, 0, 1, 2], batch.Positions);
        Assert.Equal(firstIsLong ? [0, 3, 4] : [0, 1, 4], batch.SequenceStarts);
        Assert.Equal(2, batch.TotalWeight);
    }

    /// <summary>Sequences of two tokens, the first of which is the sequence's own number.</summary>
    private static SequenceSet Numbered(int first, int count)
    {
        var set = new SequenceSet();
        for (var i = 0; i < count; i++)
        {
            set.Add([first + i, 0]);
        }

        return set;
    }
}
