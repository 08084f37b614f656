using System.CommandLine;
using Retort.Core;
using Retort.Models.Checkpoints;
using Retort.Models.Tokenizers;

namespace Retort.Cli.Commands;

/// <summary><c>retort data convert</c>: any checkpoint we read as a Hugging Face folder that gives the same bits.</summary>
internal sealed class DataConvertCommand : Command
{
    private readonly CliHost host;
    private readonly Option<string?> model = new("--model") { HelpName = "PATH", Description = "A llama2.c model (.bin), a checkpoint folder, or a run." };
    private readonly Option<string?> output = new("--out") { HelpName = "FOLDER", Description = "The folder to write; a checkpoint there is replaced." };
    private readonly Option<bool> json = new("--json") { Description = "Print JSON." };

    public DataConvertCommand(CliHost host)
        : base("convert", "Write a model as a Hugging Face folder (float32) that gives the same tokens and log-probabilities, bit for bit.")
    {
        this.host = host;
        Options.Add(model);
        Options.Add(output);
        Options.Add(json);
        SetAction(Invoke);
    }

    private int Invoke(ParseResult parsed)
    {
        var path = ModelPath.Resolve(parsed.GetValue(model) ?? throw UserError.Request("data convert", "--model is missing", "--model FOLDER or FILE.bin"));
        var folder = parsed.GetValue(output) ?? throw UserError.Request("data convert", "--out is missing", "--out FOLDER");
        using var source = Checkpoint.Open(path);
        var tokenizer = Tokenizer.Open(path);
        var tensors = source.Names.Select(name => new TensorToWrite(name, source.Shape(name), destination => source.Read(name, destination)));
        CheckpointFolder.Write(folder, source.Config, tensors, tokenizer, addFiles: inner => CheckpointFolder.WriteEndTokens(inner, source.Config, source.EndTokenIds));
        var parameters = source.Config.ParameterCount.Total;
        host.Output.WriteLine(parsed.GetValue(json)
            ? JsonText.Of(new { Path = folder, Parameters = parameters })
            : FormattableString.Invariant($"{folder}: {parameters:N0} parameters"));
        return 0;
    }
}
