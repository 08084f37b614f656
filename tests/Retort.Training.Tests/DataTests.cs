using CsCheck;
using Retort.Core;
using Retort.Tasks;
using Retort.Tasks.Parity;
using Retort.Tasks.VariableAssignment;
using Retort.Tensors.Cpu;
using Retort.TinyModels;

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

    [Fact]
    public void A_part_that_begins_later_is_drawn_from_its_item_on_and_to_seek_is_still_to_walk()
    {
        var (a, b, c) = (Numbered(0, 5), Numbered(100, 7), Numbered(200, 3));
        Mixture Make() => new(2, [new MixturePart(a, 1), new MixturePart(b, 2, From: 60), new MixturePart(c, 5, From: 120)]);
        var mixture = Make();
        var drawn = Enumerable.Range(0, 400).Select(_ => mixture.Next()).ToArray();
        Assert.All(drawn[..60], item => Assert.Same(a, item.Set));
        Assert.DoesNotContain(drawn[60..120], item => item.Set == c);
        Assert.Contains(drawn[60..120], item => item.Set == b);
        // 175 of 280 expected, standard deviation 8.
        Assert.InRange(drawn[120..].Count(item => item.Set == c), 135, 215);
        foreach (var position in new[] { 0, 59, 60, 61, 119, 120, 300 })
        {
            var sought = Make();
            sought.Seek(position);
            Assert.Equal(drawn[position..(position + 50)], Enumerable.Range(0, 50).Select(_ => sought.Next()));
        }

        Assert.Throws<ArgumentException>(() => new Mixture(2, [new MixturePart(a, 1, From: 1)]));
    }

    [Fact]
    public void Length_shares_cut_a_set_by_length_and_say_what_is_wrong()
    {
        var set = new SequenceSet();
        foreach (var length in new[] { 5, 2, 9, 5, 3 })
        {
            set.Add(Enumerable.Repeat(length, length).ToArray(), lossStart: length - 1);
        }

        var shorter = set.UpTo(5);
        Assert.Equal([5, 2, 5, 3], Enumerable.Range(0, shorter.Count).Select(i => shorter[i].Length));
        Assert.Equal([4, 1, 4, 2], Enumerable.Range(0, shorter.Count).Select(shorter.LossStart));
        var mixture = LengthShare.Mix(1, set, [new(3, 1), new(9, 1, From: 0.5)], sequences: 40);
        var lengths = Enumerable.Range(0, 40).Select(_ => mixture.Next()).Select(item => item.Set[item.Index].Length).ToArray();
        Assert.All(lengths[..20], length => Assert.InRange(length, 2, 3));
        Assert.Contains(9, lengths[20..]);
        Assert.Contains("at most 1 tokens", Assert.Throws<UserError>(() => LengthShare.Mix(1, set, [new(1, 1)], 40)).Message, StringComparison.Ordinal);
        Assert.Contains("from: 0", Assert.Throws<UserError>(() => LengthShare.Mix(1, set, [new(9, 1, 0.5)], 40)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_task_whose_problems_cannot_be_made_says_so_itself()
    {
        var task = new BrokenTask();
        var tokenizer = Models.Tokenizers.WordLevelTokenizer.ForWords(["a"]);
        Assert.Throws<UserError>(() => TaskDataset.Build(task, tokenizer, 10, 16, threads: 2, cancellation: TestContext.Current.CancellationToken));
        Assert.Throws<UserError>(() => TaskModel.Train(task));
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
        var batch = new GlobalBatch(2, mixture.MaxLength, numColumns: 0);
        var loss = new NextTokenLoss(new TrainerSettings(), TransformerCases.All["llama"], batch.MaxRows);
        loss.Fill(batch, mixture, 2);
        var firstIsLong = batch.Tokens[0] == 10;
        Assert.Equal(firstIsLong ? [10, 11, 12, 20] : [20, 10, 11, 12], batch.Tokens);
        Assert.Equal(firstIsLong ? [-1, -1, 13, 21] : [21, -1, -1, 13], batch.Targets);
        Assert.Equal(firstIsLong ? [0, 1, 2, 0] : [0, 0, 1, 2], batch.Positions);
        Assert.Equal(firstIsLong ? [0, 3, 4] : [0, 1, 4], batch.SequenceStarts);
        Assert.Equal(2, loss.TotalWeight);

        var weighted = new NextTokenLoss(
            new TrainerSettings { TargetWeights = new Dictionary<int, float> { [13] = 4, [11] = 9 } }, TransformerCases.All["llama"], batch.MaxRows);
        batch = new GlobalBatch(2, mixture.MaxLength, weighted.NumColumns);
        mixture.Seek(0);
        weighted.Fill(batch, mixture, 2);
        Assert.Equal(firstIsLong ? [0f, 0, 4, 1] : [1f, 0, 0, 4], batch.Column(0).ToArray());
        Assert.Equal(5, weighted.TotalWeight);
    }

    [Fact]
    public void A_batch_has_the_sequences_own_position_ids_and_those_of_its_targets()
    {
        var set = new SequenceSet();
        set.Add([10, 11, 12, 13], 2, [0, 5, 5, 9]);
        set.Add([20, 21]);
        Assert.Equal((5, 9), (set.MaxPositionId, set.MaxNextPositionId));
        Assert.Equal([0, 5, 5, 9], set.PositionIds(0));
        Assert.True(set.PositionIds(1).IsEmpty);
        var batch = new GlobalBatch(2, 4, numColumns: 0);
        batch.Add(set[0], set.LossStart(0), set.PositionIds(0));
        batch.Add(set[1], set.LossStart(1), set.PositionIds(1));
        Assert.Equal([0, 5, 5, 0], batch.Positions);
        Assert.Equal([-1, 5, 9, 1], batch.NextPositions);
        Assert.Throws<ArgumentException>(() => set.Add([1, 2, 3], 1, [1, 2]));
    }

    [Theory]
    [InlineData(PositionJitterKind.Offset)]
    [InlineData(PositionJitterKind.Skip)]
    [InlineData(PositionJitterKind.Subset)]
    [InlineData(PositionJitterKind.Stretch)]
    public void Jittered_ids_keep_their_order_and_reach_every_id_there_is(PositionJitterKind kind)
    {
        const int numIds = 20;
        foreach (var isPlain in (bool[])[true, false])
        {
            int[] given = isPlain ? [0, 1, 2, 3, 4, 5] : [0, 1, 3, 3, 2, 0, 4];
            var (jitter, seen) = (new PositionJitter(kind, numIds), new HashSet<int>());
            var shapes = new HashSet<string>();
            for (var trial = 0UL; trial < 3000; trial++)
            {
                var random = CounterRandom.For(1, "jitter", trial);
                var ids = given.ToArray();
                jitter.Apply(ids, isPlain, ref random);
                for (var i = 0; i < ids.Length; i++)
                {
                    Assert.InRange(ids[i], 0, numIds - 1);
                    for (var j = 0; j < ids.Length; j++)
                    {
                        Assert.Equal(given[i].CompareTo(given[j]), Math.Sign(ids[i].CompareTo(ids[j])));
                    }

                    Assert.True(isPlain || (given[i] == 0) == (ids[i] == 0));
                }

                seen.UnionWith(ids);
                shapes.Add(string.Join(' ', ids.Where(id => id > 0).Zip(ids.Where(id => id > 0).Skip(1), (a, b) => b - a)));
            }

            Assert.Equal(numIds, seen.Count);
            // One shape, or as many as there are cuts and skips, or more.
            Assert.Equal(kind == PositionJitterKind.Offset, shapes.Count <= 2);
        }
    }

    [Fact]
    public void A_subset_of_a_stretch_is_as_wide_as_any_and_lies_anywhere()
    {
        var counts = new Dictionary<int, int>();
        var (jitter, firsts) = (new PositionJitter(PositionJitterKind.Stretch, 6), new HashSet<int>());
        for (var trial = 0UL; trial < 4000; trial++)
        {
            var random = CounterRandom.For(3, "jitter", trial);
            int[] ids = [0, 1, 2];
            jitter.Apply(ids, isPlain: true, ref random);
            counts[ids[2] - ids[0]] = counts.GetValueOrDefault(ids[2] - ids[0]) + 1;
            firsts.Add(ids[0]);
        }

        // Of the subsets of a stretch of w, (w - s)(s - 1) have their ends s apart; stretches of 3 to 6 come a quarter of the time each.
        double[] shares = [1 + 2 / 4.0 + 3 / 10.0 + 4 / 20.0, 2 / 4.0 + 4 / 10.0 + 6 / 20.0, 3 / 10.0 + 6 / 20.0, 4 / 20.0];
        for (var spread = 2; spread <= 5; spread++)
        {
            Assert.InRange(counts[spread] / 4000.0, shares[spread - 2] / 4 - 0.03, shares[spread - 2] / 4 + 0.03);
        }

        Assert.Equal(4, firsts.Count);
    }

    [Fact]
    public void A_random_subset_is_every_subset_as_often()
    {
        var counts = new Dictionary<string, int>();
        var jitter = new PositionJitter(PositionJitterKind.Subset, 5);
        const int trials = 10_000;
        for (var trial = 0UL; trial < trials; trial++)
        {
            var random = CounterRandom.For(2, "jitter", trial);
            int[] ids = [0, 1, 2];
            jitter.Apply(ids, isPlain: true, ref random);
            var key = string.Join(' ', ids);
            counts[key] = counts.GetValueOrDefault(key) + 1;
        }

        Assert.Equal(10, counts.Count);
        Assert.All(counts.Values, count => Assert.InRange(count, 850, 1150));
    }

    [Fact]
    public void Ids_of_an_answer_are_told_follow_or_are_left_to_the_model()
    {
        var task = new VariableAssignmentTask(new() { Length = new(4, 4) });
        var item = task.FromPrompt("v3 v8 v5 v1 v8 v2 v1 v4 = v3", "x");
        var positions = new TaskPositions(task, PositionScheme.Coupled);
        int[] prompt = [0, 1, 1, 2, 2, 3, 3, 4, 4, 0, 1], whole = [.. prompt, 3, 0];
        Assert.Equal(prompt, positions.OfRequest(item, 11, modelPredicts: true)!);
        Assert.Equal(prompt, positions.OfRequest(item, 11, modelPredicts: false)!);
        Assert.Equal(whole, new TaskPositions(task, PositionScheme.Coupled) { TellsAnswerIds = true }.OfRequest(item, 11, modelPredicts: true)!);
        Assert.Equal([.. whole, 0], positions.OfSequence(item, 14)!);
        var (parity, bits) = (new TaskPositions(new ParityTask(), PositionScheme.Coupled), new ParityTask().FromPrompt("1 0 =", "y"));
        Assert.Equal([0, 2, 3, 1, 2, 3], parity.OfRequest(bits, 4, modelPredicts: false)!);
        Assert.Equal([0, 2, 3, 1], parity.OfRequest(bits, 4, modelPredicts: true)!);
        Assert.Null(new TaskPositions(task, PositionScheme.Consecutive).OfRequest(item, 11, modelPredicts: true));
    }

    [Fact]
    public void Position_ids_drawn_for_a_step_are_a_function_of_the_item_alone()
    {
        var set = Numbered(0, 50);
        var settings = new TrainerSettings { PositionJitter = PositionJitterKind.Offset };
        var batch = new GlobalBatch(8, 2, numColumns: 0);
        var loss = new NextTokenLoss(settings, TransformerCases.All["llama"], batch.MaxRows);
        var mixture = new Mixture(1, (set, 1));
        int[] Ids()
        {
            loss.Fill(batch, mixture, 8);
            return batch.Positions.ToArray();
        }

        var (first, second) = (Ids(), Ids());
        Assert.NotEqual(first, second);
        Assert.True(first.Distinct().Count() > 3);
        mixture.Seek(8);
        Assert.Equal(second, Ids());
    }

    [Fact]
    public void Data_with_more_position_ids_than_the_model_is_refused_before_the_first_step()
    {
        using var device = new CpuDevice(1);
        using var model = TransformerCases.Build(TransformerCases.All["llama"], device);
        var set = new SequenceSet();
        set.Add([1, 2, 3], 1, [0, 128, 1]);
        var error = Assert.Throws<UserError>(() => new Trainer(model, new Mixture(1, (set, 1)), TinyRun.Settings));
        Assert.Equal("model.numPositionIds: is 128, and the data has the position id 128; expected at least 129", error.Message);
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
