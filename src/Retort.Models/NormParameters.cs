using Retort.Core;
using Retort.Tensors;

namespace Retort.Models;

/// <summary>The gain and bias of one norm, and the norm they belong to.</summary>
internal sealed class NormParameters
{
    private readonly ModelConfig config;
    private readonly Parameter? gain, bias;

    public NormParameters(ParameterSet parameters, ModelConfig config, string name)
    {
        if (config.Norm == NormKind.RmsNorm && (!config.NormScale || config.NormBias))
        {
            throw UserError.Request("model.norm", "rmsNorm without a scale or with a bias", "normScale true and normBias false");
        }

        this.config = config;
        gain = config.NormScale ? parameters.Vector(name + ".gain", config.HiddenSize) : null;
        bias = config.NormBias ? parameters.Vector(name + ".bias", config.HiddenSize) : null;
    }

    public Variable Apply(Tape tape, Variable x) => config.Norm == NormKind.RmsNorm
        ? tape.RmsNorm(x, gain!, config.NormEpsilon)
        : tape.LayerNorm(x, gain, bias, config.NormEpsilon);

    public IEnumerable<NamedTensor> NamedTensors(string prefix)
    {
        if (gain is not null)
        {
            yield return new(prefix + ".weight", gain, 0, gain.Columns);
        }

        if (bias is not null)
        {
            yield return new(prefix + ".bias", bias, 0, bias.Columns);
        }
    }
}
