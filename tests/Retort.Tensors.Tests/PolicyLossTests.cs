using Retort.Tensors.Cpu;

namespace Retort.Tensors.Tests;

public sealed class PolicyLossTests
{
    public static TheoryData<PolicyLossSettings, bool> Cases => new()
    {
        { new(1, 0.2f, 0.2f), false },
        { new(1, 0.1f, 0.3f, 0.05f, 0.01f), true },
        { new(0.7f, 0.2f, 0.2f, 0.5f, 0.2f), true },
        { new(1.3f, float.PositiveInfinity, float.PositiveInfinity), false },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_device_gives_the_references_bits(PolicyLossSettings settings, bool hasReference) => DeviceCase.SameBits(c =>
    {
        const int rows = 70, vocabulary = 53;
        var input = RowsOf(c, rows, vocabulary, hasReference);
        foreach (var writesGradient in new[] { false, true })
        {
            var (logits, readings) = (c.Normal(rows, vocabulary, 2), c.Empty(rows, 6));
            c.Device.PolicyLoss(logits, input, settings, writesGradient, readings);
            c.Show("readings, gradient", readings, logits);
        }

        var (values, losses) = (c.Normal(rows, 1), c.Empty(rows, 1));
        c.Device.ValueLoss(values, c.Normal(rows, 1), c.Normal(rows, 1), c.Normal(rows, 1), 0.2f, true, losses);
        c.Show("value losses, slopes", losses, values);
    });

    [Theory]
    [MemberData(nameof(Cases))]
    public void Losses_and_gradients_agree_with_the_formulas_in_double(PolicyLossSettings settings, bool hasReference)
    {
        const int rows = 40, vocabulary = 19;
        using var c = new DeviceCase(new CpuDevice(2));
        var input = RowsOf(c, rows, vocabulary, hasReference);
        var logits = c.Normal(rows, vocabulary, 2);
        var x = Read(c, logits).Select(value => (double)value).ToArray();
        var readings = c.Empty(rows, 6);
        c.Device.PolicyLoss(logits, input, settings, true, readings);
        var (gradient, told) = (Read(c, logits), Read(c, readings));
        var targets = new int[rows];
        c.Device.Read(input.Targets, targets);
        var (weights, advantages, old) = (Read(c, input.Weights), Read(c, input.Advantages), Read(c, input.OldLogprobs));
        var reference = hasReference ? Read(c, input.ReferenceLogprobs) : null;
        var clipped = 0;
        for (var r = 0; r < rows; r++)
        {
            var row = x.AsSpan(r * vocabulary, vocabulary).ToArray();
            if (targets[r] < 0)
            {
                Assert.All(gradient[(r * vocabulary)..((r + 1) * vocabulary)], g => Assert.Equal(0, g));
                continue;
            }

            var (loss, isClipped) = Loss(row, r);
            clipped += isClipped ? 1 : 0;
            Assert.Equal(loss, told[6 * r], 1e-5 * Math.Max(1, Math.Abs(loss)));
            Assert.Equal(isClipped, told[6 * r + (int)PolicyReading.Clipped] == 1);
            for (var j = 0; j < vocabulary; j++)
            {
                var (at, step) = (row[j], 1e-5);
                row[j] = at + step;
                var above = Loss(row, r).Loss;
                row[j] = at - step;
                var below = Loss(row, r).Loss;
                row[j] = at;
                var expected = (above - below) / (2 * step);
                Assert.Equal(expected, gradient[r * vocabulary + j], 1e-5 * Math.Max(1, Math.Abs(expected)));
            }
        }

        Assert.True(float.IsInfinity(settings.ClipLow) ? clipped == 0 : clipped > rows / 10);

        (double Loss, bool IsClipped) Loss(double[] row, int r)
        {
            var scaled = row.Select(value => value / settings.Temperature).ToArray();
            var lse = Math.Log(scaled.Sum(Math.Exp));
            var logprob = scaled[targets[r]] - lse;
            var entropy = -scaled.Sum(value => Math.Exp(value - lse) * (value - lse));
            var ratio = Math.Exp(logprob - old[r]);
            var free = ratio * advantages[r];
            var bounded = Math.Clamp(ratio, 1 - settings.ClipLow, 1 + settings.ClipHigh) * advantages[r];
            var d = reference is null ? 0 : reference[r] - logprob;
            var kl = Math.Exp(d) - d - 1;
            return (weights[r] * (-Math.Min(free, bounded) + settings.KlCoefficient * kl - settings.EntropyCoefficient * entropy), bounded < free);
        }
    }

    [Fact]
    public void Value_losses_and_slopes_agree_with_the_formula_in_double()
    {
        const int rows = 200;
        using var c = new DeviceCase(new CpuDevice(1));
        var (values, targets, old, weights) = (c.Normal(rows, 1), c.Normal(rows, 1), c.Normal(rows, 1), c.Normal(rows, 1));
        var (v, t, o, w) = (Read(c, values), Read(c, targets), Read(c, old), Read(c, weights));
        var losses = c.Empty(rows, 1);
        c.Device.ValueLoss(values, targets, old, weights, 0.3f, true, losses);
        var (slopes, told) = (Read(c, values), Read(c, losses));
        for (var r = 0; r < rows; r++)
        {
            Assert.Equal(Loss(v[r]), told[r], 1e-5);
            Assert.Equal((Loss(v[r] + 1e-6) - Loss(v[r] - 1e-6)) / 2e-6, slopes[r], 1e-5);

            double Loss(double value)
            {
                var bounded = o[r] + Math.Clamp(value - o[r], -0.3f, 0.3f);
                return w[r] * 0.5 * Math.Max(Math.Pow(value - t[r], 2), Math.Pow(bounded - t[r], 2));
            }
        }
    }

    [Theory]
    [InlineData(1f)]
    [InlineData(0.7f)]
    public void A_drawn_tokens_logprob_is_the_one_the_loss_computes(float temperature) => DeviceCase.SameBits(c =>
    {
        const int rows = 50, vocabulary = 61;
        var logits = c.Normal(rows, vocabulary, 3);
        var random = Core.CounterRandom.For(1, "tempered rows");
        var settings = new SamplingRow[rows];
        for (var r = 0; r < rows; r++)
        {
            settings[r] = new SamplingRow(temperature, 0, 1, 0, random.NextSingle()) { ReportsTempered = true };
        }

        var (tokens, logprobs, ones, told) = (new int[rows], new float[rows], c.Empty(rows, 1), c.Empty(rows, 6));
        c.Device.Sample(logits, settings, tokens, logprobs);
        var old = c.Empty(rows, 1);
        c.Device.Write(old, logprobs);
        c.Device.Fill(ones, 1);
        c.Device.PolicyLoss(logits, new(c.Ints(tokens), ones, ones, old, default), new(temperature, 0.2f, 0.2f), true, told);
        c.Show("logprobs", old);
        Assert.All(Read(c, told).Chunk(6), row => Assert.Equal(1f, row[(int)PolicyReading.Ratio]));
    });

    private static PolicyLossRows RowsOf(DeviceCase c, int rows, int vocabulary, bool hasReference)
    {
        var targets = c.RandomInts(rows, vocabulary);
        c.Device.Write(targets.Slice(3, 2), [-1, -1]);
        return new(targets, c.Normal(rows, 1), c.Normal(rows, 1), LikelyLogprobs(c, rows), hasReference ? LikelyLogprobs(c, rows) : default);
    }

    private static Tensor LikelyLogprobs(DeviceCase c, int rows)
    {
        var logprobs = c.Normal(rows, 1);
        c.Device.Write(logprobs, [.. Read(c, logprobs).Select(value => value - 3)]);
        return logprobs;
    }

    private static float[] Read(DeviceCase c, Tensor tensor)
    {
        var values = new float[tensor.Length];
        c.Device.Read(tensor, values);
        return values;
    }
}
