using Retort.Core;
using Retort.Tensors;
using Retort.Tensors.Cpu;

namespace Retort.Inference.Tests;

/// <summary>The drawing of one token from one row of logits.</summary>
public sealed class SamplerTests : IDisposable
{
    private const int Vocabulary = 23;
    private readonly CpuDevice device = new(2);

    public void Dispose() => device.Dispose();

    [Fact]
    public void Greedy_takes_the_highest_logit_and_the_lower_id_of_a_tie()
    {
        var logits = Logits(1);
        (logits[4], logits[9], logits[20]) = (50, 50, 50);
        Assert.Equal(4, Draw(logits, [new SamplingRow(0, 3, 0.5f, 0.5f, 0.99f)]).Tokens[0]);
        Assert.Equal(0, Draw(new float[Vocabulary], [new SamplingRow(0, 0, 1, 0, 0.99f)]).Tokens[0]);
    }

    [Fact]
    public void Log_probabilities_are_the_models_whatever_the_temperature_and_the_filters()
    {
        var logits = Logits(2);
        var lse = Math.Log(logits.Sum(logit => Math.Exp(logit)));
        SamplingRow[] rows = [new(0, 0, 1, 0, 0), new(2, 0, 1, 0, 0.7f), new(0.5f, 4, 0.9f, 0.01f, 0.6f)];
        var (tokens, logprobs) = Draw(logits, rows);
        for (var r = 0; r < rows.Length; r++)
        {
            Assert.Equal(logits[tokens[r]] - lse, logprobs[r], 1e-5);
        }
    }

    [Theory]
    [InlineData(0, 1f, 0f)]
    [InlineData(5, 1f, 0f)]
    [InlineData(1, 1f, 0f)]
    [InlineData(0, 0.6f, 0f)]
    [InlineData(0, 1e-6f, 0f)]
    [InlineData(0, 1f, 0.2f)]
    [InlineData(7, 0.8f, 0.1f)]
    [InlineData(40, 0.95f, 0.02f)]
    public void Filters_keep_the_tokens_and_the_shares_of_the_slow_definition(int topK, float topP, float minP)
    {
        const int grid = 4000;
        for (var trial = 0UL; trial < 5; trial++)
        {
            var (logits, temperature) = (Logits(trial), 0.5f + 0.4f * trial);
            var rows = Enumerable.Range(0, grid).Select(i => new SamplingRow(temperature, topK, topP, minP, i / (float)grid)).ToArray();
            var shares = new double[Vocabulary];
            foreach (var token in Draw(logits, rows).Tokens)
            {
                shares[token] += 1.0 / grid;
            }

            var expected = Shares(logits, temperature, topK, topP, minP);
            for (var token = 0; token < Vocabulary; token++)
            {
                // An interval of uniforms of length p holds p * grid of its points, give or take one at either end.
                Assert.Equal(expected[token], shares[token], 2.0 / grid);
                Assert.Equal(expected[token] > 2.0 / grid, shares[token] > (expected[token] > 2.0 / grid ? 0 : 2.0 / grid));
            }
        }
    }

    [Theory]
    [InlineData(0.5f)]
    [InlineData(1f)]
    [InlineData(3f)]
    public void Frequencies_of_random_draws_fit_the_tempered_distribution(float temperature)
    {
        const int draws = 20_000;
        var logits = Logits(3);
        var random = CounterRandom.For(11, "frequencies");
        var rows = new SamplingRow[draws];
        for (var i = 0; i < draws; i++)
        {
            rows[i] = new SamplingRow(temperature, 0, 1, 0, random.NextSingle());
        }

        var counts = new double[Vocabulary];
        foreach (var token in Draw(logits, rows).Tokens)
        {
            counts[token]++;
        }

        var expected = Shares(logits, temperature, 0, 1, 0);
        var chiSquare = counts.Select((count, i) => (count - draws * expected[i]) * (count - draws * expected[i]) / (draws * expected[i])).Sum();
        // 22 degrees of freedom: above 50 with probability 0.0006; the seed is fixed.
        Assert.True(chiSquare < 50, $"chi-square {chiSquare}");
    }

    [Theory]
    [InlineData(0, 1f, 0f)]
    [InlineData(5, 1f, 0f)]
    [InlineData(7, 0.8f, 0.1f)]
    public void A_bias_moves_the_draw_and_leaves_the_log_probability_and_the_most_probable_tokens(int topK, float topP, float minP)
    {
        const int grid = 4000;
        var (logits, banned) = (Logits(5), new[] { 3, 11 });
        LogitBias[] biases = [new(3, float.NegativeInfinity), new(8, 2.5f), new(11, float.NegativeInfinity), new(12, -1)];
        var biased = logits.ToArray();
        foreach (var (token, bias) in biases)
        {
            biased[token] += bias;
        }

        var rows = Enumerable.Range(0, grid).Select(i => new SamplingRow(1.3f, topK, topP, minP, i / (float)grid)
        {
            BiasCount = biases.Length,
            TopStart = 6 * i,
            TopCount = 6,
        }).ToArray();
        var tops = new TokenLogprob[6 * grid];
        var (tokens, logprobs) = Draw(logits, rows, biases, tops);
        var expected = Shares(biased, 1.3, topK, topP, minP);
        for (var token = 0; token < Vocabulary; token++)
        {
            Assert.Equal(expected[token], tokens.Count(drawn => drawn == token) / (double)grid, 2.0 / grid);
        }

        Assert.Empty(tokens.Intersect(banned));
        var lse = Math.Log(logits.Sum(logit => Math.Exp(logit)));
        var best = logits.Select((logit, id) => (Id: id, Logit: logit)).OrderByDescending(entry => entry.Logit).Take(6).ToArray();
        for (var r = 0; r < grid; r++)
        {
            Assert.Equal(logits[tokens[r]] - lse, logprobs[r], 1e-5);
            var top = tops[(6 * r)..(6 * r + 6)];
            Assert.Equal(best.Select(entry => entry.Id), top.Select(entry => entry.Token));
            Assert.All(top.Zip(best), pair => Assert.Equal(pair.Second.Logit - lse, pair.First.Logprob, 1e-5));
            Assert.All(top, entry => Assert.True(entry.Token != tokens[r] || entry.Logprob == logprobs[r]));
        }
    }

    [Fact]
    public void Greedy_takes_the_highest_biased_logit_and_the_lower_id_of_a_tie()
    {
        var logits = new float[Vocabulary];
        SamplingRow[] rows = [new(0, 0, 1, 0, 0.5f) { BiasCount = 2 }, new(0, 0, 1, 0, 0.5f) { BiasStart = 2, BiasCount = 2 }, new(0, 0, 1, 0, 0.5f)];
        var (tokens, _) = Draw(logits, rows, [new(0, float.NegativeInfinity), new(1, -1), new(9, 3), new(5, 3)], []);
        Assert.Equal([2, 5, 0], tokens);
    }

    /// <summary>Probabilities after top-k, then top-p, then min-p, each renormalised, from full sorts in double.</summary>
    private static double[] Shares(float[] logits, double temperature, int topK, float topP, float minP)
    {
        var weights = logits.Select((logit, id) => (Id: id, Weight: Math.Exp(logit / temperature)))
            .OrderByDescending(entry => entry.Weight).ThenBy(entry => entry.Id).ToList();
        weights = weights.Take(topK == 0 ? logits.Length : topK).ToList();
        var total = weights.Sum(entry => entry.Weight);
        var kept = 1;
        while (kept < weights.Count && weights.Take(kept).Sum(entry => entry.Weight) < topP * total)
        {
            kept++;
        }

        weights = weights.Take(kept).Where(entry => entry.Weight >= minP * weights[0].Weight).ToList();
        total = weights.Sum(entry => entry.Weight);
        var shares = new double[logits.Length];
        weights.ForEach(entry => shares[entry.Id] = entry.Weight / total);
        return shares;
    }

    private static float[] Logits(ulong index)
    {
        var random = CounterRandom.For(9, "logits", index);
        return [.. Enumerable.Range(0, Vocabulary).Select(_ => (float)random.NextGaussian())];
    }

    private (int[] Tokens, float[] Logprobs) Draw(
        float[] logits, SamplingRow[] rows, LogitBias[]? biases = null, TokenLogprob[]? tops = null)
    {
        var tensor = device.Allocate(rows.Length, logits.Length, out var owner);
        using (owner)
        {
            for (var r = 0; r < rows.Length; r++)
            {
                device.Write(tensor.Slice(r, 1), logits);
            }

            var (tokens, logprobs) = (new int[rows.Length], new float[rows.Length]);
            device.Sample(tensor, rows, tokens, logprobs, biases, tops);
            return (tokens, logprobs);
        }
    }
}
