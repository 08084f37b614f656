namespace Retort.Models.Tests;

/// <summary>
/// The model's definition, written out in double over plain arrays: slow, obvious, sharing nothing with the engine but the
/// names of the weights. Central differences of it are the judge of the engine's gradients.
/// </summary>
internal sealed class TransformerInDouble(ModelConfig config, IReadOnlyDictionary<string, double[]> weights)
{
    /// <summary>-log p(next token) + zLoss * (log of the softmax sum)^2 at each position of a sequence but the last.</summary>
    public double[] Losses(int[] sequence, double zLoss)
    {
        var hidden = config.HiddenSize;
        var x = new double[sequence.Length - 1][];
        for (var t = 0; t < x.Length; t++)
        {
            x[t] = Embedding(sequence[t]);
            if (config.Position == PositionKind.Learned)
            {
                x[t] = Sum(x[t], Row("model.embed_positions.weight", t, hidden));
            }
            else if (config.Position == PositionKind.Sinusoidal)
            {
                var angles = Enumerable.Range(0, hidden).Select(i => t / Math.Pow(10_000, (i / 2 * 2) / (double)hidden)).ToArray();
                x[t] = Sum(x[t], [.. angles.Select((angle, i) => i % 2 == 0 ? Math.Sin(angle) : Math.Cos(angle))]);
            }
        }

        for (var layer = 0; layer < config.NumLayers; layer++)
        {
            var prefix = $"model.layers.{layer}.";
            var attended = Attention(Array.ConvertAll(x, row => Norm(row, prefix + "input_layernorm")), prefix + "self_attn.");
            for (var t = 0; t < x.Length; t++)
            {
                x[t] = Sum(x[t], Linear(attended[t], prefix + "self_attn.o_proj", hidden));
                var inner = FeedForward(Norm(x[t], prefix + "post_attention_layernorm"), prefix + "mlp.");
                x[t] = Sum(x[t], Linear(inner, prefix + "mlp.down_proj", hidden));
            }
        }

        var losses = new double[x.Length];
        var head = config.TiedEmbeddings ? "model.embed_tokens" : "lm_head";
        for (var t = 0; t < x.Length; t++)
        {
            if (sequence[t + 1] >= config.VocabularySize)
            {
                continue;
            }

            var logits = Linear(Norm(x[t], "model.norm"), head, config.VocabularySize);
            var lse = Math.Log(logits.Sum(Math.Exp));
            losses[t] = lse - logits[sequence[t + 1]] + zLoss * lse * lse;
            if (config.PredictsPositions)
            {
                var positions = Linear(Norm(x[t], "model.norm"), "position_head", config.NumPositionIds);
                losses[t] += Math.Log(positions.Sum(Math.Exp)) - positions[t + 1];
            }
        }

        return losses;
    }

    private double[] Embedding(int token)
    {
        double[] Of(int row) => Row("model.embed_tokens.weight", row, config.HiddenSize);
        if (token < config.VocabularySize)
        {
            return Of(token);
        }

        var (first, parts) = (config.PairTokens!.Value.First, Enumerable.Range(0, config.PairTokens.Value.NumParts).ToArray());
        var (a, b) = parts.SelectMany(a => parts.Where(b => b > a).Select(b => (a, b))).ElementAt(token - config.VocabularySize);
        return Sum(Of(first + a), Of(first + b));
    }

    private double[][] Attention(double[][] h, string prefix)
    {
        var (dim, group) = (config.HeadDim, config.NumHeads / config.NumKvHeads);
        var q = Array.ConvertAll(h, row => Linear(row, prefix + "q_proj", config.QuerySize));
        var k = Array.ConvertAll(h, row => Linear(row, prefix + "k_proj", config.KeyValueSize));
        var v = Array.ConvertAll(h, row => Linear(row, prefix + "v_proj", config.KeyValueSize));
        for (var t = 0; t < h.Length; t++)
        {
            PrepareHeads(q[t], t, prefix + "q_norm.weight");
            PrepareHeads(k[t], t, prefix + "k_norm.weight");
        }

        return [.. h.Select((_, t) =>
        {
            var output = new double[config.QuerySize];
            for (var head = 0; head < config.NumHeads; head++)
            {
                var (from, shared) = (head * dim, head / group * dim);
                var e = Enumerable.Range(0, t + 1).Select(j => Math.Exp(
                    Enumerable.Range(0, dim).Sum(d => q[t][from + d] * k[j][shared + d]) / Math.Sqrt(dim) + Bias(head, t, t - j))).ToArray();
                for (var d = 0; d < dim; d++)
                {
                    output[from + d] = Enumerable.Range(0, t + 1).Sum(j => e[j] * v[j][shared + d]) / e.Sum();
                }
            }

            return output;
        })];
    }

    private double Bias(int head, int query, int distance)
    {
        switch (config.Position)
        {
            case PositionKind.Alibi:
                return -distance * Math.Pow(2, -8.0 * (head + 1) / config.NumHeads);
            case PositionKind.T5:
                var exact = config.T5Buckets / 2;
                var far = exact + (int)(Math.Log((double)distance / exact) / Math.Log((double)config.T5MaxDistance / exact) * (config.T5Buckets - exact));
                return Row("model.attention_bias.weight", distance < exact ? distance : Math.Min(far, config.T5Buckets - 1), config.NumHeads)[head];
            case PositionKind.Fire:
                var (c, m) = (Math.Abs(weights["model.fire.distances"][0]), Math.Abs(weights["model.fire.distances"][1]));
                var x = Math.Log(c * distance + 1) / (Math.Log(c * Math.Max(query, m * config.FireThreshold) + 1) + 1e-6);
                var inner = weights["model.fire.inner.weight"].Zip(weights["model.fire.inner.bias"], (w, b) => Math.Max(0, w * x + b)).ToArray();
                return Row("model.fire.outer.weight", head, config.FireWidth).Zip(inner, (w, value) => w * value).Sum();
            default:
                return 0;
        }
    }

    /// <summary>The norm of each head, then the rotation of element d with element d + dim / 2.</summary>
    private void PrepareHeads(double[] row, int position, string gain)
    {
        var dim = config.HeadDim;
        for (var head = 0; head < row.Length; head += dim)
        {
            if (config.QueryKeyNorm)
            {
                var scale = 1 / Math.Sqrt(row.Skip(head).Take(dim).Average(value => value * value) + config.NormEpsilon);
                for (var d = 0; d < dim; d++)
                {
                    row[head + d] *= scale * weights[gain][d];
                }
            }

            for (var d = 0; d < dim / 2 && config.Position == PositionKind.Rope; d++)
            {
                var frequency = Math.Pow(config.RopeBase, -2.0 * d / dim);
                var magnitude = 1.0;
                if (config.RopeScaling is { } yarn)
                {
                    // The pair's turns within the pretrained context decide; the ramp runs over the pairs' numbers.
                    double PairOf(double turns) => dim * Math.Log(yarn.OriginalMaxPositions / (turns * 2 * Math.PI)) / (2 * Math.Log(config.RopeBase));
                    var (low, high) = (Math.Max(0, Math.Floor(PairOf(yarn.BetaFast))), Math.Ceiling(PairOf(yarn.BetaSlow)));
                    var divided = Math.Clamp((d - low) / (high - low), 0, 1);
                    frequency = frequency * (1 - divided) + frequency / yarn.Factor * divided;
                    magnitude = 0.1 * Math.Log(yarn.Factor) + 1;
                }

                var (sin, cos) = Math.SinCos(position * frequency);
                (sin, cos) = (sin * magnitude, cos * magnitude);
                var (a, b) = (row[head + d], row[head + dim / 2 + d]);
                (row[head + d], row[head + dim / 2 + d]) = (a * cos - b * sin, b * cos + a * sin);
            }
        }
    }

    private double[] FeedForward(double[] h, string prefix)
    {
        var up = Linear(h, prefix + "up_proj", config.IntermediateSize);
        switch (config.Activation)
        {
            case Activation.SwiGlu:
                var gate = Linear(h, prefix + "gate_proj", config.IntermediateSize);
                return [.. up.Select((u, i) => gate[i] / (1 + Math.Exp(-gate[i])) * u)];
            case Activation.Gelu:
                return Array.ConvertAll(up, u => 0.5 * u * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (u + 0.044715 * u * u * u))));
            default:
                return Array.ConvertAll(up, u => Math.Max(0, u));
        }
    }

    private double[] Norm(double[] x, string name)
    {
        var mean = config.Norm == NormKind.LayerNorm ? x.Average() : 0;
        var scale = 1 / Math.Sqrt(x.Average(value => (value - mean) * (value - mean)) + config.NormEpsilon);
        var (gain, bias) = (weights.GetValueOrDefault(name + ".weight"), weights.GetValueOrDefault(name + ".bias"));
        return [.. x.Select((value, i) => (value - mean) * scale * (gain?[i] ?? 1) + (bias?[i] ?? 0))];
    }

    private double[] Linear(double[] x, string name, int numOut)
    {
        var (weight, bias) = (weights[name + ".weight"], weights.GetValueOrDefault(name + ".bias"));
        var y = new double[numOut];
        for (var o = 0; o < numOut; o++)
        {
            y[o] = bias?[o] ?? 0;
            for (var i = 0; i < x.Length; i++)
            {
                y[o] += weight[o * x.Length + i] * x[i];
            }
        }

        return y;
    }

    private double[] Row(string name, int row, int width) => weights[name][(row * width)..((row + 1) * width)];

    private static double[] Sum(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x + y)];
}
