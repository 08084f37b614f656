using System.CommandLine;
using System.Globalization;
using Retort.Core;
using Retort.Recipes.Bench;

namespace Retort.Cli.Commands;

/// <summary><c>retort bench engine</c>: training, decoding, prefill and a matrix product against peak and bandwidth.</summary>
internal sealed class BenchEngineCommand : Command
{
    private const int MostThreads = 1024, LargestBatch = 4096;

    private readonly CliHost host;
    private readonly Option<string?> what = List("--what", "What to time: matmul, train, decode, load (decoding and prompts of a busy server), prefill, positions (decoding with predicted position ids, after plain), rl (a step of 64 x 8 completions). [default: all]");
    private readonly Option<string?> shape = List("--shape", "Models: tiny, small, medium. [default: all]");
    private readonly Option<string?> batch = List("--batch", "Sequences decoded together. [default: 1,8,32,64]");
    private readonly Option<string?> threads = List("--threads", "Threads, one row each. [default: 1 and all cores]");
    private readonly Option<string?> model = new("--model")
    {
        HelpName = "PATH",
        Description = "A checkpoint to time at greedy decoding as well. Alone (no --what, no --shape), it is all that is timed.",
    };

    private readonly Option<float?> seconds = NumberOption.Real(
        "--seconds", value => value is >= 0 and <= 3600, "from 0 to 3600", "Seconds a row aims at. [default: 1]");

    private readonly StorageOptions storage = new();
    private readonly Option<bool> json = new("--json") { Description = "Print one JSON object a line, as each is measured." };

    public BenchEngineCommand(CliHost host)
        : base("engine", "Time matrix product, training, decoding and prefill beside the machine's peak and\n"
            + "bandwidth, measured in the same run. Close other programs first.")
    {
        this.host = host;
        foreach (Option option in (Option[])[what, shape, batch, threads, model, seconds, json])
        {
            Options.Add(option);
        }

        storage.AddTo(this);
        SetAction(Invoke);
    }

    private int Invoke(ParseResult parsed)
    {
        var settings = Read(parsed);
        if (parsed.GetValue(json))
        {
            foreach (var result in EngineBench.Run(settings, host.Cancellation))
            {
                host.Output.WriteLine(result.ToJson());
                host.Output.Flush();
            }

            return 0;
        }

        host.Output.WriteLine(BenchTable.Header);
        foreach (var result in EngineBench.Run(settings, host.Cancellation))
        {
            host.Output.WriteLine(BenchTable.Row(result));
            host.Output.Flush();
        }

        return 0;
    }

    private BenchSettings Read(ParseResult parsed)
    {
        var path = parsed.GetValue(model) is { } given ? ModelPath.Resolve(given) : null;
        var kinds = Words(parsed.GetValue(what));
        return new BenchSettings
        {
            What = kinds ?? (path is null || parsed.GetValue(shape) is not null ? BenchSettings.Kinds : []),
            Shapes = Words(parsed.GetValue(shape))?.Select(BenchShape.Named).ToList() ?? BenchShape.All,
            DecodeBatches = Numbers("--batch", parsed.GetValue(batch), LargestBatch) ?? new BenchSettings().DecodeBatches,
            Threads = Numbers("--threads", parsed.GetValue(threads), MostThreads)
                ?? (Environment.ProcessorCount == 1 ? [1] : [1, Environment.ProcessorCount]),
            Seconds = parsed.GetValue(seconds) ?? 1,
            Model = path,
            Weights = storage.Weights(parsed),
            Kv = storage.Kv(parsed),
        }.Validated();
    }

    private static Option<string?> List(string name, string description) => new(name) { HelpName = "A,B", Description = description };

    private static string[]? Words(string? list) => list?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static int[]? Numbers(string option, string? list, int most) => Words(list)?.Select(word =>
        int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= most
            ? number
            : throw UserError.Request("bench", $"{option} has '{word}'", $"whole numbers in 1..{most}, separated by commas")).ToArray();
}
