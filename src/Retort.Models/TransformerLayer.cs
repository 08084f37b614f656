using Retort.Tensors;

namespace Retort.Models;

/// <summary>One block: x + attention(norm(x)), then x + feedForward(norm(x)).</summary>
internal sealed class TransformerLayer
{
    private readonly int index;
    private readonly ModelConfig config;
    private readonly NormParameters attentionNorm, feedForwardNorm;
    private readonly Parameter qkv, output, upward, down;
    private readonly Parameter? qkvBias, outputBias, upwardBias, downBias, queryNorm, keyNorm;

    /// <summary>Declares the layer's parameters. q, k and v are one matrix, gate and up another.</summary>
    public TransformerLayer(ParameterSet parameters, ModelConfig config, int index)
    {
        (this.config, this.index) = (config, index);
        var (hidden, qkvSize) = (config.HiddenSize, config.QuerySize + 2 * config.KeyValueSize);
        var upwardSize = config.Activation == Activation.SwiGlu ? 2 * config.IntermediateSize : config.IntermediateSize;
        attentionNorm = new NormParameters(parameters, config, $"{index}.attentionNorm");
        qkv = parameters.Matrix($"{index}.qkv", qkvSize, hidden);
        qkvBias = config.QkvBias ? parameters.Vector($"{index}.qkvBias", qkvSize) : null;
        queryNorm = config.QueryKeyNorm ? parameters.Vector($"{index}.queryNorm", config.HeadDim) : null;
        keyNorm = config.QueryKeyNorm ? parameters.Vector($"{index}.keyNorm", config.HeadDim) : null;
        output = parameters.Matrix($"{index}.output", hidden, config.QuerySize);
        outputBias = config.OutputBias ? parameters.Vector($"{index}.outputBias", hidden) : null;
        feedForwardNorm = new NormParameters(parameters, config, $"{index}.feedForwardNorm");
        upward = parameters.Matrix($"{index}.upward", upwardSize, hidden);
        upwardBias = config.MlpBias ? parameters.Vector($"{index}.upwardBias", upwardSize) : null;
        down = parameters.Matrix($"{index}.down", hidden, config.IntermediateSize);
        downBias = config.MlpBias ? parameters.Vector($"{index}.downBias", hidden) : null;
    }

    /// <summary>[rows, hidden] -> [rows, hidden].</summary>
    public Variable Forward(Tape tape, Transformer model, ModelInput input, Variable x)
    {
        var h = tape.Linear(attentionNorm.Apply(tape, x), qkv, qkvBias);
        if (queryNorm is not null)
        {
            h = tape.HeadNorm(h, queryNorm, keyNorm!, model.Heads, config.NormEpsilon);
        }

        if (config.Position == PositionKind.Rope)
        {
            h = tape.Rope(h, input.Positions, model.Rope, model.Heads);
        }

        x = tape.Linear(input.Attend(tape, h, index, model.Heads, model.ScoreBias(index)), output, outputBias, residual: x);
        h = tape.Linear(feedForwardNorm.Apply(tape, x), upward, upwardBias);
        h = config.Activation switch
        {
            Activation.SwiGlu => tape.SwiGlu(h),
            Activation.Gelu => tape.Gelu(h),
            _ => tape.Relu(h),
        };
        return tape.Linear(h, down, downBias, residual: x);
    }

    /// <summary>The layer's tensors under their Hugging Face names.</summary>
    public IEnumerable<NamedTensor> NamedTensors(string prefix)
    {
        var (query, keyValue) = (config.QuerySize, config.KeyValueSize);
        var gate = config.Activation == Activation.SwiGlu ? config.IntermediateSize : 0;
        IEnumerable<NamedTensor> all =
        [
            .. attentionNorm.NamedTensors(prefix + "input_layernorm"),
            .. Part("self_attn.q_proj", qkv, qkvBias, 0, query),
            .. Part("self_attn.k_proj", qkv, qkvBias, query, keyValue),
            .. Part("self_attn.v_proj", qkv, qkvBias, query + keyValue, keyValue),
            .. queryNorm is null ? [] : Vector("self_attn.q_norm.weight", queryNorm),
            .. keyNorm is null ? [] : Vector("self_attn.k_norm.weight", keyNorm),
            .. Part("self_attn.o_proj", output, outputBias, 0, config.HiddenSize),
            .. feedForwardNorm.NamedTensors(prefix + "post_attention_layernorm"),
            .. gate == 0 ? [] : Part("mlp.gate_proj", upward, upwardBias, 0, gate),
            .. Part("mlp.up_proj", upward, upwardBias, gate, config.IntermediateSize),
            .. Part("mlp.down_proj", down, downBias, 0, config.HiddenSize),
        ];
        return all;

        IEnumerable<NamedTensor> Part(string name, Parameter weight, Parameter? bias, int firstRow, int rows)
        {
            yield return new(prefix + name + ".weight", weight, firstRow, rows);
            if (bias is not null)
            {
                yield return new(prefix + name + ".bias", bias, firstRow, rows);
            }
        }

        IEnumerable<NamedTensor> Vector(string name, Parameter vector) => [new(prefix + name, vector, 0, vector.Columns)];
    }
}
