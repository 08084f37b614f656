using System.CommandLine;
using Retort.Core;
using Retort.Tensors;

namespace Retort.Cli.Commands;

/// <summary>In which formats weights and cached keys and values are kept; arithmetic is float32 in either.</summary>
internal sealed class StorageOptions
{
    private const string Float32 = "f32", BFloat16 = "bf16";

    private readonly Option<string?> weights = new("--weights")
    {
        HelpName = "FORMAT",
        Description = "Keep the model's matrices as f32 or bf16: half the memory, other bits. [default: f32]",
    };

    private readonly Option<string?> kv = new("--kv")
    {
        HelpName = "FORMAT",
        Description = "Keep cached keys and values as f32 or bf16. [default: f32]",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(weights);
        command.Options.Add(kv);
    }

    public WeightFormat Weights(ParseResult parsed) => IsHalf(parsed, weights) ? WeightFormat.BFloat16 : WeightFormat.Float32;

    public KvFormat Kv(ParseResult parsed) => IsHalf(parsed, kv) ? KvFormat.BFloat16 : KvFormat.Float32;

    /// <summary>A format as users write it.</summary>
    public static string Name(WeightFormat format) => format == WeightFormat.BFloat16 ? BFloat16 : Float32;

    /// <inheritdoc cref="Name(WeightFormat)"/>
    public static string Name(KvFormat format) => format == KvFormat.BFloat16 ? BFloat16 : Float32;

    private static bool IsHalf(ParseResult parsed, Option<string?> option) => parsed.GetValue(option) switch
    {
        null or Float32 => false,
        BFloat16 => true,
        var other => throw UserError.Request(
            parsed.CommandResult.Command.Name, $"{option.Name} is '{other}'", $"{Float32} or {BFloat16}", NearestName.Of(other, [Float32, BFloat16])),
    };
}
