using System.CommandLine;
using Retort.Core;
using Retort.Inference;

namespace Retort.Cli.Commands;

/// <summary>What <c>sample</c> and <c>eval</c> have in common: a model and how tokens are drawn from it.</summary>
/// <param name="temperatureDefault">What help says the temperature is if it is not given.</param>
/// <param name="lengthDefault">Likewise the longest completion.</param>
internal sealed class SampleOptions(string temperatureDefault, string lengthDefault)
{
    private const int MostSequences = 4096, DefaultBatch = 32;

    public Option<string?> Model { get; } = new("--model")
    {
        HelpName = "PATH",
        Description = "A checkpoint folder, a llama2.c model (.bin), the folder of a run with one model, or RUN/checkpoints/NAME.",
    };

    public Option<int?> Batch { get; } = NumberOption.Whole("--batch", 1, MostSequences,
        $"Sequences decoded together; changes no bit of the result. [default: {DefaultBatch}]");

    public Option<int?> Samples { get; } = NumberOption.Whole("--samples", 1, 1_000_000, "Completions of each prompt. [default: 1]");

    public Option<float?> Temperature { get; } = NumberOption.Real("--temperature", value => value is >= 0 and <= 100, "in 0..100",
        $"Divides the logits; 0 takes the most probable token. [default: {temperatureDefault}]");

    public Option<int?> TopK { get; } = NumberOption.Whole("--top-k", 0, int.MaxValue, "Keep the N most probable tokens; 0 keeps all. [default: 0]");

    public Option<float?> TopP { get; } = NumberOption.Real("--top-p", value => value is > 0 and <= 1, "above 0, at most 1",
        "Keep the fewest tokens that have this probability together. [default: 1, all]");

    public Option<float?> MinP { get; } = NumberOption.Real("--min-p", value => value is >= 0 and <= 1, "in 0..1",
        "Drop tokens less probable than this share of the most probable. [default: 0, none]");

    public Option<int?> MaxNewTokens { get; } = NumberOption.Whole("--max-new-tokens", 1, int.MaxValue,
        $"Longest completion in tokens, its end token included. [default: {lengthDefault}]");

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[Model, Samples, Temperature, TopK, TopP, MinP, MaxNewTokens, Batch])
        {
            command.Options.Add(option);
        }
    }

    public string ReadModel(ParseResult parsed) => parsed.GetValue(Model)
        ?? throw UserError.Request(parsed.CommandResult.Command.Name, "--model is missing", "--model FOLDER or FILE.bin");

    public int ReadBatch(ParseResult parsed) => parsed.GetValue(Batch) ?? DefaultBatch;

    public int ReadSamples(ParseResult parsed) => parsed.GetValue(Samples) ?? 1;

    public SamplingSettings Read(ParseResult parsed, float temperature, int maxNewTokens) => new()
    {
        Temperature = parsed.GetValue(Temperature) ?? temperature,
        TopK = parsed.GetValue(TopK) ?? 0,
        TopP = parsed.GetValue(TopP) ?? 1,
        MinP = parsed.GetValue(MinP) ?? 0,
        MaxNewTokens = parsed.GetValue(MaxNewTokens) ?? maxNewTokens,
    };
}
