namespace Retort.Core.Tests;

/// <summary>The streams that every number of a run comes from.</summary>
public class CounterRandomTests
{
    [Fact]
    public void Equal_names_give_equal_streams_and_different_names_different_ones()
    {
        var names = new (ulong Seed, string Purpose, ulong Index)[] { (1, "a", 0), (2, "a", 0), (1, "b", 0), (1, "a", 1), (1, "a", 1UL << 40) };
        var streams = names.Select(n => Draw(CounterRandom.For(n.Seed, n.Purpose, n.Index), 16)).ToArray();
        Assert.Equal(names.Length, streams.Select(s => string.Join(',', s)).Distinct().Count());
        Assert.Equal(streams[0], Draw(CounterRandom.For(1, "a"), 16));
        Assert.Equal(streams[0], Draw(CounterRandom.For(1, CounterRandom.Hash("a"), 0), 16));
    }

    [Fact]
    public void Skipping_to_a_position_continues_the_stream_there()
    {
        var whole = Draw(CounterRandom.For(7, "skip"), 40);
        for (var position = 0; position < 30; position++)
        {
            var random = CounterRandom.For(7, "skip");
            random.Skip((ulong)position);
            Assert.Equal((ulong)position, random.Position);
            Assert.Equal(whole[position..(position + 10)], Draw(random, 10));
        }
    }

    [Fact]
    public void Bounded_numbers_are_even_and_inside()
    {
        var random = CounterRandom.For(3, "bounded");
        var counts = new int[7];
        for (var i = 0; i < 70_000; i++)
        {
            counts[random.NextInt32(7)]++;
        }

        // Chi-squared with 6 degrees of freedom: 22.5 is passed once in a thousand seeds; this seed is fixed.
        Assert.True(counts.Sum(c => (c - 10_000.0) * (c - 10_000.0) / 10_000) < 22.5, string.Join(' ', counts));
        Assert.Throws<ArgumentOutOfRangeException>(() => CounterRandom.For(1, "x").NextInt32(0));
    }

    [Fact]
    public void Normals_have_mean_0_and_variance_1()
    {
        var random = CounterRandom.For(5, "normal");
        var values = Enumerable.Range(0, 100_000).Select(_ => random.NextGaussian()).ToArray();
        Assert.Equal(0, values.Average(), 0.015);
        Assert.Equal(1, values.Average(v => v * v), 0.02);
        Assert.Equal(3, values.Average(v => v * v * v * v), 0.15);
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(1)]
    [InlineData(4.5)]
    public void Gammas_have_their_shape_as_mean_and_variance(double shape)
    {
        var random = CounterRandom.For(6, "gamma");
        var values = Enumerable.Range(0, 100_000).Select(_ => random.NextGamma(shape)).ToArray();
        Assert.Equal(1, values.Average() / shape, 0.02);
        Assert.Equal(1, values.Average(v => (v - shape) * (v - shape)) / shape, 0.05);
    }

    [Fact]
    public void A_shuffle_is_a_permutation()
    {
        var items = Enumerable.Range(0, 100).ToArray();
        CounterRandom.For(1, "shuffle").Shuffle<int>(items);
        Assert.NotEqual(Enumerable.Range(0, 100), items);
        Assert.Equal(Enumerable.Range(0, 100), items.Order());
    }

    private static uint[] Draw(CounterRandom random, int count)
    {
        var words = new uint[count];
        for (var i = 0; i < count; i++)
        {
            words[i] = random.NextUInt32();
        }

        return words;
    }
}
