using Retort.Core;
using Retort.Models;
using Retort.Tensors;

namespace Retort.TinyModels;

/// <summary>Tiny models that together use every option of <see cref="ModelConfig"/>. Shared by the rooms above.</summary>
internal static class TransformerCases
{
    public const int VocabularySize = 19;

    private static readonly ModelConfig Llama = new ModelConfig
    {
        VocabularySize = VocabularySize,
        HiddenSize = 24,
        NumLayers = 2,
        NumHeads = 4,
        NumKvHeads = 2,
        HeadDim = 8,
        IntermediateSize = 20,
        MaxPositions = 128,
    }.Validated();

    public static IReadOnlyDictionary<string, ModelConfig> All { get; } = new Dictionary<string, ModelConfig>
    {
        ["llama"] = Llama,
        ["qwen2"] = Llama with { Family = ModelFamily.Qwen2, QkvBias = true, TiedEmbeddings = false, RopeBase = 500 },
        ["query and key norms"] = Llama with { QueryKeyNorm = true, NumHeads = 3, NumKvHeads = 1, HeadDim = 12 },
        ["layer norm, gelu, learned positions, all biases"] = Llama with
        {
            Norm = NormKind.LayerNorm,
            NormBias = true,
            Activation = Activation.Gelu,
            Position = PositionKind.Learned,
            QkvBias = true,
            OutputBias = true,
            MlpBias = true,
            TiedEmbeddings = false,
        },
        ["bare layer norm, relu, no positions"] = Llama with
        {
            Norm = NormKind.LayerNorm,
            NormScale = false,
            Activation = Activation.Relu,
            Position = PositionKind.None,
        },
        ["layer norm with scale, learned positions, tied"] = Llama with
        {
            Norm = NormKind.LayerNorm,
            Position = PositionKind.Learned,
            MlpBias = true,
            NumLayers = 1,
        },
        ["scores that fall with the distance"] = Llama with { Position = PositionKind.Alibi },
        ["learned biases of buckets of the distance"] = Llama with { Position = PositionKind.T5, T5Buckets = 6, T5MaxDistance = 9, NumPositionIds = 128 },
        ["biases that a network gives"] = Llama with { Position = PositionKind.Fire, FireWidth = 5, FireThreshold = 4, NumPositionIds = 128 },
        ["sinusoidal positions"] = Llama with { Position = PositionKind.Sinusoidal, HiddenSize = 20, TiedEmbeddings = false },
        ["rotary positions stretched by YaRN"] = (Llama with
        {
            HeadDim = 12,
            RopeScaling = new RopeScaling { Kind = RopeScalingKind.Yarn, Factor = 4, BetaFast = 4 },
        }).Validated(),
        ["tokens that stand for pairs"] = Llama with { VocabularySize = 13, PairTokens = new PairTokens(9, 4), TiedEmbeddings = false },
        ["tokens that stand for pairs, tied"] = Llama with { VocabularySize = 9, PairTokens = new PairTokens(4, 5) },
        ["predicted positions"] = Llama with { Position = PositionKind.Learned, PredictsPositions = true },
    };

    /// <summary>Random weights; gains and biases too, so that no term of theirs is idle.</summary>
    public static Transformer Build(ModelConfig config, Device device, WeightFormat weights = WeightFormat.Float32)
    {
        var model = new Transformer(config, device, weights);
        model.Initialize(3);
        foreach (var tensor in model.NamedTensors.Where(tensor => tensor.Rows == 1))
        {
            var random = CounterRandom.For(4, "vectors/" + tensor.Name);
            var centre = tensor.Name.EndsWith(".bias", StringComparison.Ordinal) ? 0.0 : 1.0;
            tensor.Write(model, [.. Enumerable.Range(0, tensor.Columns).Select(_ => (float)(centre + 0.3 * random.NextGaussian()))]);
        }

        return model;
    }

    /// <summary>A random sequence of so many tokens.</summary>
    public static int[] Sequence(int length, ulong index)
    {
        var random = CounterRandom.For(8, "tiny sequences", index);
        return [.. Enumerable.Range(0, length).Select(_ => random.NextInt32(VocabularySize))];
    }

    public static int[] Bits(float[] values) => Array.ConvertAll(values, BitConverter.SingleToInt32Bits);
}

/// <summary>Forward and backward over whole sequences, as the trainer does them.</summary>
/// <param name="Logits">[rows, vocabulary].</param>
/// <param name="Losses">[rows].</param>
/// <param name="Logprobs">[rows].</param>
/// <param name="Gradients">By tensor name, row-major.</param>
internal sealed record TrainingPass(
    float[] Logits, float[] Losses, float[] Logprobs, IReadOnlyDictionary<string, float[]> Gradients)
{
    /// <summary>
    /// Each sequence's tokens but the last are read, each but the first is predicted, with weight 1 or those given. Position ids of tokens
    /// are their places unless given.
    /// </summary>
    public static TrainingPass Of(Transformer model, int[][] sequences, float[]? weights = null, float zLoss = 0, int[][]? positionIds = null)
    {
        positionIds ??= [.. sequences.Select(s => Enumerable.Range(0, s.Length).ToArray())];
        var starts = new int[sequences.Length + 1];
        for (var s = 0; s < sequences.Length; s++)
        {
            starts[s + 1] = starts[s] + sequences[s].Length - 1;
        }

        var rows = starts[^1];
        using var tape = new Tape(model.Device, model.Parameters, 32 << 20, isRecording: true);
        var input = ModelInput.Sequences(
            Put(tape, [.. sequences.SelectMany(s => s[..^1])]),
            Put(tape, [.. positionIds.SelectMany(ids => ids[..^1])]),
            Put(tape, starts), sequences.Sum(s => (s.Length - 1L) * s.Length / 2));
        // What stands for two is read and never written.
        var targets = Put(tape, [.. sequences.SelectMany(s => s[1..]).Select(token => token < model.Config.VocabularySize ? token : -1)]);
        var hidden = model.Hidden(tape, input);
        var logits = model.Logits(tape, hidden);
        var logitValues = Read(model.Device, logits.Value);
        var (losses, logprobs, weightTensor) = (tape.Take(rows, 1), tape.Take(rows, 1), weights is null ? default : tape.Take(rows, 1));
        if (weights is not null)
        {
            model.Device.Write(weightTensor, weights);
        }

        tape.CrossEntropy(logits, targets, weightTensor, zLoss, 1, losses, logprobs);
        var lossValues = Read(model.Device, losses);
        if (model.Config.PredictsPositions)
        {
            // The loss of the next position, weighted as the next token's.
            var next = Put(tape, [.. positionIds.SelectMany(ids => ids[1..])]);
            tape.CrossEntropy(model.PositionLogits(tape, hidden), next, weightTensor, 0, 1, losses, default);
            lossValues = [.. lossValues.Zip(Read(model.Device, losses), (token, position) => token + position)];
        }

        using var tree = new GradientTree(model.Device, model.Parameters, 1);
        tape.Backward(tree.Next, new GradientShards(Put(tape, [0, rows]), false));
        tree.Push();
        var flat = tree.Finish();
        var gradients = new Dictionary<string, float[]>();
        foreach (var tensor in model.NamedTensors)
        {
            gradients[tensor.Name] = new float[tensor.Rows * tensor.Columns];
            tensor.Read(model.Device, flat, gradients[tensor.Name]);
        }

        return new TrainingPass(logitValues, lossValues, Read(model.Device, logprobs), gradients);
    }

    public static IntTensor Put(Tape tape, ReadOnlySpan<int> values)
    {
        var tensor = tape.TakeInts(values.Length);
        tape.Device.Write(tensor, values);
        return tensor;
    }

    public static float[] Read(Device device, Tensor tensor)
    {
        var values = new float[tensor.Length];
        device.Read(tensor, values);
        return values;
    }
}

/// <summary>Logits [rows, vocabulary] as generation computes them, over pages.</summary>
internal static class GenerationPass
{
    /// <summary>Every row of the sequence, fed in chunks beside another that grows by one token a step.</summary>
    public static float[] Logits(Transformer model, int[] sequence, int chunk, KvFormat format = KvFormat.Float32)
    {
        using var tape = new Tape(model.Device, model.Parameters, 8 << 20, isRecording: false);
        using var pages = new KvPages(model.Device, model.Config.NumLayers, 16, model.Heads, format);
        var layout = new StepLayout(2, 8);
        var logits = new List<float>();
        for (var (done, step) = (0, 0); done < sequence.Length; step++)
        {
            var count = Math.Min(chunk, sequence.Length - done);
            tape.Reset();
            layout.Clear();
            layout.Add(step, 1, [8, 9, 10, 11, 12, 13, 14, 15]);
            layout.Add(done, count, [7, 1, 6, 2, 5, 3, 4, 0]);
            var output = model.Forward(tape, ModelInput.Step(
                TrainingPass.Put(tape, [step % 19, .. sequence.AsSpan(done, count)]),
                TrainingPass.Put(tape, [step, .. Enumerable.Range(done, count)]), default, layout, pages));
            logits.AddRange(TrainingPass.Read(model.Device, output.Value).AsSpan(model.Config.VocabularySize));
            done += count;
        }

        return [.. logits];
    }
}
