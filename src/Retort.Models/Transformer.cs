using Retort.Core;
using Retort.Tensors;

namespace Retort.Models;

/// <summary>
/// A decoder-only transformer (Vaswani et al. 2017; pre-norm) of the Llama and Qwen2 families and their relatives. One
/// definition trains and generates: the tape decides whether operations are recorded, the input whether keys are cached.
/// </summary>
public sealed class Transformer : IDisposable
{
    /// <summary>FIRE's c where learning begins (Li et al. 2024, their code).</summary>
    private const float FireScale = 0.1f;

    private readonly Parameter embedding, head;
    private readonly Parameter? positionTable, tiedGradient, secondGradient, valueHead, positionHead;
    private readonly NormParameters finalNorm;
    private readonly TransformerLayer[] layers;
    private readonly Storage? tableStorage, partStorage;
    private readonly IntTensor firstParts, secondParts;
    private readonly Tensor sinusoids, alibi;
    private readonly LearnedBias? learnedBias;

    /// <summary>
    /// A model with weights of zero on <paramref name="device"/>; see <see cref="Initialize"/>. With bfloat16 weights, which only
    /// generate, matrices (a tied embedding among them) are rounded as they are written; other tables, norms and biases stay float32.
    /// </summary>
    /// <param name="config">Shape.</param>
    /// <param name="device">Where the weights are.</param>
    /// <param name="weights">How matrices are kept.</param>
    /// <param name="hasValueHead">
    /// Adds a value head of zeros [1, hidden], <see cref="Values"/>, which is no part of the model's checkpoint.
    /// </param>
    public Transformer(ModelConfig config, Device device, WeightFormat weights = WeightFormat.Float32, bool hasValueHead = false)
    {
        Config = config.Validated();
        Device = device;
        Parameters = new ParameterSet(weights);
        Heads = new HeadShape(config.NumHeads, config.NumKvHeads, config.HeadDim);
        embedding = config.TiedEmbeddings
            ? Parameters.Matrix("embedding", config.VocabularySize, config.HiddenSize)
            : Parameters.Table("embedding", config.VocabularySize, config.HiddenSize);
        positionTable = config.Position == PositionKind.Learned
            ? Parameters.Table("positions", Config.NumPositionIds, config.HiddenSize)
            : null;
        learnedBias = LearnedBias.Declare(Parameters, Config);
        layers = [.. Enumerable.Range(0, config.NumLayers).Select(layer => new TransformerLayer(Parameters, Config, layer))];
        finalNorm = new NormParameters(Parameters, Config, "norm");
        head = config.TiedEmbeddings ? embedding : Parameters.Matrix("head", config.VocabularySize, config.HiddenSize);
        positionHead = config.PredictsPositions ? Parameters.Matrix("position_head", Config.NumPositionIds, config.HiddenSize) : null;
        valueHead = hasValueHead ? Parameters.Matrix("value_head", 1, config.HiddenSize) : null;
        tiedGradient = config.TiedEmbeddings ? Parameters.Shadow(embedding) : null;
        secondGradient = config.PairTokens is null ? null : Parameters.Shadow(embedding);
        Parameters.Allocate(device);
        learnedBias?.Allocate(device, Parameters);
        if (config.PairTokens is { } pairs)
        {
            (firstParts, secondParts) = BuildParts(pairs, out partStorage);
        }

        switch (config.Position)
        {
            case PositionKind.Rope:
                Rope = BuildRopeTables(out tableStorage);
                break;
            case PositionKind.Sinusoidal:
                sinusoids = BuildSinusoids(out tableStorage);
                break;
            case PositionKind.Alibi:
                alibi = BuildAlibi(out tableStorage);
                break;
        }
    }

    /// <summary>The model's shape.</summary>
    public ModelConfig Config { get; }

    /// <summary>Where the weights are.</summary>
    public Device Device { get; }

    /// <summary>The weights: the one copy that trainer and engine share.</summary>
    public ParameterSet Parameters { get; }

    /// <summary>Heads of each layer.</summary>
    public HeadShape Heads { get; }

    internal RopeTables Rope { get; }

    /// <summary>What a layer's attention adds to its scores; absent where positions enter otherwise. Position ids are the input's.</summary>
    internal AttentionBias ScoreBias(int layer) => learnedBias?.Of(layer) ?? (alibi.IsAbsent ? default : new AttentionBias(alibi, default));

    /// <summary>Whether there is a value head.</summary>
    public bool HasValueHead => valueHead is not null;

    /// <summary>Logits [rows, vocabulary] for the rows the input asks for.</summary>
    public Variable Forward(Tape tape, ModelInput input) => Logits(tape, Hidden(tape, input));

    /// <summary>Logits [rows, vocabulary] of hidden states.</summary>
    public Variable Logits(Tape tape, Variable hidden) => tape.Linear(hidden, head);

    /// <summary>Logits [rows, numPositionIds] of hidden states: of the position id that the next token will have.</summary>
    public Variable PositionLogits(Tape tape, Variable hidden) =>
        tape.Linear(hidden, positionHead ?? throw new InvalidOperationException("the model does not predict positions"));

    /// <summary>Value estimates [rows, 1] of hidden states: what reward is to be expected from each row on.</summary>
    public Variable Values(Tape tape, Variable hidden) =>
        tape.Linear(hidden, valueHead ?? throw new InvalidOperationException("the model was made without a value head"));

    /// <summary>Normalised hidden states [rows, hidden] for the rows the input asks for: what the heads read.</summary>
    public Variable Hidden(Tape tape, ModelInput input)
    {
        Parameters.RefreshDerived();
        var x = EmbedTokens(tape, input.Tokens);
        if (positionTable is not null)
        {
            x = tape.Embed(input.Positions, positionTable, addTo: x);
        }
        else if (!sinusoids.IsAbsent)
        {
            tape.AddConstantRows(x, input.Positions, sinusoids);
        }

        for (var layer = 0; layer < layers.Length; layer++)
        {
            var scope = tape.BeginScope();
            x = layers[layer].Forward(tape, this, input, x);
            tape.EndScope(scope);
            input.Tap?.AfterBlock(layer, x.Value);
        }

        if (!input.LogitRows.IsAbsent)
        {
            x = tape.GatherRows(x, input.LogitRows);
        }

        return finalNorm.Apply(tape, x);
    }

    /// <summary>
    /// Random weights, the same on every machine: embeddings N(0, 1) (tied: 1/sqrt(width)), projections N(0, 1/in), the
    /// output head N(0, 0.02), projections back into the residual stream scaled by 1/sqrt(2 layers) (Radford et al. 2019);
    /// gains 1, biases 0.
    /// </summary>
    public void Initialize(ulong seed)
    {
        foreach (var tensor in NamedTensors)
        {
            var standardDeviation = InitialDeviation(tensor.Name);
            var row = new float[tensor.Columns];
            var purpose = CounterRandom.Hash("init/" + tensor.Name);
            for (var r = 0; r < tensor.Rows; r++)
            {
                if (standardDeviation is null)
                {
                    Array.Fill(row, tensor.Name.EndsWith(".bias", StringComparison.Ordinal) ? 0f : 1f);
                    if (tensor.Name == Checkpoints.TensorLayout.FireDistances)
                    {
                        row[0] = FireScale;
                    }
                }
                else
                {
                    var random = CounterRandom.For(seed, purpose, (ulong)r);
                    for (var c = 0; c < row.Length; c++)
                    {
                        row[c] = (float)(standardDeviation.Value * random.NextGaussian());
                    }
                }

                tensor.Write(this, row, r);
            }
        }
    }

    /// <summary>The value head, for training states; null if there is none.</summary>
    public NamedTensor? ValueHead => valueHead is null ? null : new("value_head", valueHead, 0, valueHead.Rows);

    /// <summary>Every tensor under its Hugging Face name, with the rows of the parameter it occupies.</summary>
    public IEnumerable<NamedTensor> NamedTensors
    {
        get
        {
            yield return new(Checkpoints.TensorLayout.TokenEmbedding, embedding, 0, embedding.Rows);
            if (positionTable is not null)
            {
                yield return new(Checkpoints.TensorLayout.PositionEmbedding, positionTable, 0, positionTable.Rows);
            }

            foreach (var tensor in learnedBias?.NamedTensors() ?? [])
            {
                yield return tensor;
            }

            for (var layer = 0; layer < layers.Length; layer++)
            {
                foreach (var tensor in layers[layer].NamedTensors(Checkpoints.TensorLayout.Layer(layer)))
                {
                    yield return tensor;
                }
            }

            foreach (var tensor in finalNorm.NamedTensors(Checkpoints.TensorLayout.FinalNorm))
            {
                yield return tensor;
            }

            if (!Config.TiedEmbeddings)
            {
                yield return new(Checkpoints.TensorLayout.OutputHead, head, 0, head.Rows);
            }

            if (positionHead is not null)
            {
                yield return new(Checkpoints.TensorLayout.PositionHead, positionHead, 0, positionHead.Rows);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Parameters.Dispose();
        tableStorage?.Dispose();
        partStorage?.Dispose();
        learnedBias?.Dispose();
    }

    /// <summary>A token's embedding, or the sum of its two parts'.</summary>
    private Variable EmbedTokens(Tape tape, IntTensor tokens)
    {
        if (secondGradient is null)
        {
            return tape.Embed(tokens, embedding, gradient: tiedGradient);
        }

        var first = tape.Embed(tape.Map(tokens, firstParts), embedding, gradient: tiedGradient);
        return tape.Embed(tape.Map(tokens, secondParts), embedding, addTo: first, gradient: secondGradient);
    }

    private (IntTensor First, IntTensor Second) BuildParts(PairTokens pairs, out Storage owner)
    {
        var (first, second) = pairs.Parts(Config.VocabularySize);
        var both = Device.AllocateInts(2 * first.Length, out owner);
        var (firstTensor, secondTensor) = (both.Slice(0, first.Length), both.Slice(first.Length, second.Length));
        Device.Write(firstTensor, first);
        Device.Write(secondTensor, second);
        return (firstTensor, secondTensor);
    }

    private double? InitialDeviation(string name)
    {
        if (name is Checkpoints.TensorLayout.OutputHead or Checkpoints.TensorLayout.PositionHead)
        {
            return 0.02;
        }

        if (name is Checkpoints.TensorLayout.TokenEmbedding or Checkpoints.TensorLayout.PositionEmbedding)
        {
            return Config.TiedEmbeddings ? 1 / Math.Sqrt(Config.HiddenSize) : 1;
        }

        if (name is Checkpoints.TensorLayout.BucketBias)
        {
            return 1 / Math.Sqrt(Config.HiddenSize);
        }

        // The variance of the uniform numbers that FIRE's layers begin with.
        if (name.StartsWith(Checkpoints.TensorLayout.FireInner, StringComparison.Ordinal))
        {
            return 1 / Math.Sqrt(3);
        }

        if (name is Checkpoints.TensorLayout.FireOuter)
        {
            return 1 / Math.Sqrt(3.0 * Config.FireWidth);
        }

        if (!name.EndsWith("_proj.weight", StringComparison.Ordinal))
        {
            return null;
        }

        return name.Contains("o_proj", StringComparison.Ordinal) ? 1 / Math.Sqrt(2.0 * Config.NumLayers * Config.QuerySize)
            : name.Contains("down_proj", StringComparison.Ordinal)
                ? 1 / Math.Sqrt(2.0 * Config.NumLayers * Config.IntermediateSize)
            : 1 / Math.Sqrt(Config.HiddenSize);
    }

    private RopeTables BuildRopeTables(out Storage owner)
    {
        var (positions, half) = (Config.NumPositionIds, Config.HeadDim / 2);
        owner = Device.Allocate(2L * positions * half * sizeof(float));
        var tables = new RopeTables(
            Device.View(owner, 0, positions, half), Device.View(owner, (long)positions * half * sizeof(float), positions, half));
        tables.Fill(Device, RopeFrequencies.Of(Config), RopeFrequencies.Magnitude(Config));
        return tables;
    }

    /// <summary>Row p: sin(p f_i) and cos(p f_i) side by side for frequencies f_i = 10000^(-2i / width) (Vaswani et al. 2017, section 3.5).</summary>
    private Tensor BuildSinusoids(out Storage owner)
    {
        var width = Config.HiddenSize;
        var table = Device.Allocate(Config.NumPositionIds, width, out owner);
        var values = new float[Config.NumPositionIds * width];
        for (var column = 0; column < width; column++)
        {
            var frequency = ExactMath.Pow(10_000, -(column - column % 2) / (double)width);
            for (var position = 0; position < Config.NumPositionIds; position++)
            {
                var angle = position * frequency;
                values[position * width + column] = (float)(column % 2 == 0 ? ExactMath.Sin(angle) : ExactMath.Cos(angle));
            }
        }

        Device.Write(table, values);
        return table;
    }

    /// <summary>
    /// [position ids, heads]: head h = 1 .. H falls by 2^(-8h / H) a position (Press et al. 2022, section 3), also where H is no power of two.
    /// </summary>
    private Tensor BuildAlibi(out Storage owner)
    {
        var table = Device.Allocate(Config.NumPositionIds, Config.NumHeads, out owner);
        var values = new float[Config.NumHeads * Config.NumPositionIds];
        for (var i = 0; i < values.Length; i++)
        {
            var (distance, head) = Math.DivRem(i, Config.NumHeads);
            values[i] = (float)(-distance * ExactMath.Pow(2, -8.0 * (head + 1) / Config.NumHeads));
        }

        Device.Write(table, values);
        return table;
    }
}
