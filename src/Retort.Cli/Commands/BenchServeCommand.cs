using System.CommandLine;
using System.Globalization;
using System.Text;
using Retort.Core;
using Retort.Recipes.Bench.Serve;

namespace Retort.Cli.Commands;

/// <summary><c>retort bench serve</c>: a server under an open load, ours or any that speaks OpenAI's API.</summary>
internal sealed class BenchServeCommand : Command
{
    private const string Where = "bench serve";
    private const int MostRequests = 1_000_000, MostTokens = 1_000_000, MostWords = 100_000, MostConnections = 100_000;
    private const string KeyVariable = "OPENAI_API_KEY", Poisson = "poisson", Burst = "burst", TracePrefix = "trace:";

    private readonly CliHost host;
    private readonly Argument<string> address = new("url")
    {
        HelpName = "URL",
        Description = "The server, such as http://127.0.0.1:8000; with or without /v1.",
    };

    private readonly Option<string?> rate = Word("--rate", "A,B", "Requests a second; several are run one after another.");
    private readonly Option<string?> arrivals = Word(
        "--arrivals", "KIND", "poisson, burst (all at once) or trace:FILE (JSON lines with \"arrival_seconds\" and, if known, "
        + "\"prompt\", \"prompt_tokens\", \"output_tokens\"). [default: poisson]");

    private readonly Option<float?> burstiness = NumberOption.Real(
        "--burstiness", value => value is >= 0.01f and <= 1000, "from 0.01 to 1000",
        "Shape of the gaps' gamma law: below 1 requests come in clumps, above 1 evenly. [default: 1, Poisson]");

    private readonly Option<int?> requests = NumberOption.Whole(
        "--requests", 1, MostRequests, $"Requests a run. [default: the prompts or the trace, once; else {BenchServeWorkload.DefaultRequests}]");

    private readonly Option<string?> prompts = Word(
        "--prompts", "FILE", "Prompts, one a line or JSON objects with a \"prompt\", used in turn. [default: random English words]");

    private readonly Option<string?> promptWords = Word(
        "--prompt-words", "N..M", $"Words of a random prompt, or one number. [default: {BenchServeWorkload.DefaultPromptWords}]");

    private readonly Option<string?> maxTokens = Word(
        "--max-tokens", "N..M", $"Longest answer in tokens, drawn for each request, or one number. [default: {BenchServeWorkload.DefaultMaxTokens}]");

    private readonly Option<bool> ignoreEos = new("--ignore-eos") { Description = "Ask for answers of exactly that length (vLLM's ignore_eos)." };
    private readonly Option<float?> temperature = NumberOption.Real(
        "--temperature", value => value is >= 0 and <= 100, "in 0..100", "Sampling temperature. [default: the server's]");

    private readonly Option<bool> chat = new("--chat") { Description = "Use /v1/chat/completions instead of /v1/completions." };
    private readonly Option<string?> model = Word("--model", "NAME", "The model's name at the server. [default: the first it lists]");
    private readonly Option<string?> apiKey = Word("--api-key", "KEY", $"Sent as a bearer token. [default: {KeyVariable}, if set]");
    private readonly Option<int?> maxConnections = NumberOption.Whole(
        "--max-connections", 1, MostConnections, "Connections open at once; requests beyond wait, which shows as send lag. [default: no limit]");

    private readonly Option<float?> timeout = NumberOption.Real(
        "--timeout", value => value is > 0 and <= 86400, "above 0, at most 86400", "Seconds after which an answer counts as failed. [default: 600]");

    private readonly Option<ulong?> seed = new ComputeOptions().Seed;
    private readonly Option<string?> output = Word("--out", "FILE", "Write one JSON object a request there.");
    private readonly Option<bool> json = new("--json") { Description = "Print one JSON object: inputs and results, times in seconds." };

    public BenchServeCommand(CliHost host)
        : base("serve", "Load an OpenAI-compatible server: requests are sent when they are due, whatever "
            + "became of earlier ones, and every latency counts from then.")
    {
        this.host = host;
        seed.Description = "Decides arrivals, lengths, random prompts and the requests' own seeds. [default: 1]";
        Arguments.Add(address);
        foreach (Option option in (Option[])[
            rate, arrivals, burstiness, requests, prompts, promptWords, maxTokens, ignoreEos, temperature, chat, model, apiKey,
            maxConnections, timeout, seed, output, json])
        {
            Options.Add(option);
        }

        SetAction(parsed => Task.Run(() => Invoke(parsed)).GetAwaiter().GetResult());
    }

    private async Task<int> Invoke(ParseResult parsed)
    {
        var settings = ReadSettings(parsed);
        var rates = ReadRates(parsed);
        var workload = ReadWorkload(parsed);
        using var bench = await ServeBench.Open(settings, workload.Build(rates[0])[0], host.Time, host.Cancellation);
        var runs = new List<ServeRun>();
        foreach (var perSecond in rates.TakeWhile(_ => !host.Cancellation.IsCancellationRequested))
        {
            runs.Add(await Run(bench, workload.Build(perSecond), perSecond, parsed.GetValue(json)));
        }

        var results = runs.ConvertAll(run => run.Result);
        if (parsed.GetValue(json))
        {
            host.Output.WriteLine(ServeResult.ToJson(Inputs(parsed, settings, bench.Model, rates, workload), results));
        }
        else
        {
            foreach (var line in BenchServeTable.Lines(results))
            {
                host.Output.WriteLine(line);
            }
        }

        if (parsed.GetValue(output) is { } path)
        {
            var lines = runs.SelectMany(run => run.Outcomes.Select(outcome => outcome.ToJson(run.Result.Rate)));
            AtomicFile.Write(path, stream =>
            {
                using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
                foreach (var line in lines)
                {
                    writer.WriteLine(line);
                }
            });
        }

        host.Cancellation.ThrowIfCancellationRequested();
        return 0;
    }

    private async Task<ServeRun> Run(ServeBench bench, IReadOnlyList<ServeRequest> list, double? perSecond, bool json)
    {
        var progress = (IProgressReporter?)host.CreateProgress(json) ?? SilentProgress.Instance;
        using var phase = progress.Begin(
            perSecond is null ? "serve" : FormattableString.Invariant($"serve at {perSecond} requests/s"), list.Count, "requests");
        var (ended, unanswered) = (0, 0);
        return await bench.Run(
            list, perSecond,
            outcome =>
            {
                unanswered += outcome.Status == ServeStatus.Done ? 0 : 1;
                phase.Report(++ended, () => unanswered == 0 ? "" : $"{unanswered} failed or rejected");
            },
            host.Cancellation);
    }

    private ServeSettings ReadSettings(ParseResult parsed)
    {
        var key = parsed.GetValue(apiKey) ?? Environment.GetEnvironmentVariable(KeyVariable);
        if (key?.All(c => c is > ' ' and <= '~') is false)
        {
            throw UserError.Request(Where, "the API key has characters that no header can hold", "printable ASCII without spaces");
        }

        return new ServeSettings
        {
            Address = ReadAddress(parsed.GetValue(address)!),
            Model = parsed.GetValue(model),
            Chat = parsed.GetValue(chat),
            IgnoreEos = parsed.GetValue(ignoreEos),
            Temperature = parsed.GetValue(temperature),
            Seed = parsed.GetValue(seed) ?? 1,
            ApiKey = string.IsNullOrEmpty(key) ? null : key,
            MaxConnections = parsed.GetValue(maxConnections) ?? int.MaxValue,
            TimeoutSeconds = parsed.GetValue(timeout) ?? 600,
        };
    }

    private static string ReadAddress(string word)
    {
        var text = word.Contains("://", StringComparison.Ordinal) ? word : "http://" + word;
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.Host.Length > 0 && uri.Query.Length == 0
            ? (text.TrimEnd('/') is var trimmed && trimmed.EndsWith("/v1", StringComparison.Ordinal) ? trimmed[..^3] : trimmed).TrimEnd('/')
            : throw UserError.Request(Where, $"'{word}' is no address", "http://HOST:PORT or https://HOST:PORT");
    }

    /// <summary>One entry a run; null: at times that do not depend on a rate.</summary>
    private double?[] ReadRates(ParseResult parsed)
    {
        var (kind, list) = (parsed.GetValue(arrivals) ?? Poisson, parsed.GetValue(rate));
        if (kind == Poisson)
        {
            return list is null
                ? throw UserError.Request(Where, "no --rate", "--rate 4 or several as --rate 2,4,8; or --arrivals burst")
                : [.. list.Split(',', StringSplitOptions.TrimEntries).Select(word => (double?)ReadRate(word))];
        }

        if (kind != Burst && !kind.StartsWith(TracePrefix, StringComparison.Ordinal))
        {
            throw UserError.Request(
                Where, $"--arrivals is '{kind}'", $"{Poisson}, {Burst} or {TracePrefix}FILE", NearestName.Of(kind, [Poisson, Burst]));
        }

        return list is null && parsed.GetValue(burstiness) is null
            ? [null]
            : throw UserError.Request(Where, $"{(list is null ? "--burstiness" : "--rate")} with --arrivals {kind}", "one of them");
    }

    private static double ReadRate(string word) =>
        double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value is >= 1e-3 and <= 1e6
            ? value
            : throw UserError.Request(Where, $"--rate has '{word}'", "numbers from 0.001 to 1000000, separated by commas");

    private BenchServeWorkload ReadWorkload(ParseResult parsed)
    {
        if (parsed.GetValue(prompts) is not null && parsed.GetValue(promptWords) is not null)
        {
            throw UserError.Request(Where, "--prompts and --prompt-words together", "one of them");
        }

        var kind = parsed.GetValue(arrivals) ?? Poisson;
        return new BenchServeWorkload
        {
            Burstiness = parsed.GetValue(burstiness) ?? 1,
            Seed = parsed.GetValue(seed) ?? 1,
            Requests = parsed.GetValue(requests),
            PromptWords = ReadRange(promptWords, parsed, MostWords) ?? BenchServeWorkload.DefaultPromptWords,
            MaxTokens = ReadRange(maxTokens, parsed, MostTokens) ?? BenchServeWorkload.DefaultMaxTokens,
            Prompts = parsed.GetValue(prompts) is { } file ? [.. SamplePrompts.Read(file).Select(prompt => prompt.Text)] : null,
            Trace = kind.StartsWith(TracePrefix, StringComparison.Ordinal) ? BenchServeTrace.Read(kind[TracePrefix.Length..]) : null,
        };
    }

    private static WholeRange? ReadRange(Option<string?> option, ParseResult parsed, int most)
    {
        if (parsed.GetValue(option) is not { } word)
        {
            return null;
        }

        var ends = word.Split("..");
        return ends.Length <= 2 && TryRead(ends[0], out var low) && TryRead(ends[^1], out var high) && low <= high
            ? new WholeRange(low, high)
            : throw UserError.Request(Where, $"{option.Name} is '{word}'", $"N or N..M, whole numbers in 1..{most}");

        bool TryRead(string text, out int value) =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= 1 && value <= most;
    }

    private Dictionary<string, object?> Inputs(
        ParseResult parsed, ServeSettings settings, string modelName, double?[] rates, BenchServeWorkload workload) => new()
        {
            ["url"] = settings.Address,
            ["endpoint"] = settings.Chat ? "chat" : "completions",
            ["model"] = modelName,
            ["arrivals"] = parsed.GetValue(arrivals) ?? Poisson,
            ["rates"] = rates.OfType<double>(),
            ["burstiness"] = workload.Burstiness,
            ["requests"] = workload.Build(rates[0]).Count,
            ["prompts"] = parsed.GetValue(prompts),
            ["prompt_words"] = workload.Prompts is null ? workload.PromptWords.ToString() : null,
            ["max_tokens"] = workload.MaxTokens.ToString(),
            ["ignore_eos"] = settings.IgnoreEos,
            ["temperature"] = settings.Temperature,
            ["seed"] = settings.Seed,
            ["max_connections"] = parsed.GetValue(maxConnections),
            ["timeout_seconds"] = settings.TimeoutSeconds,
        };

    private static Option<string?> Word(string name, string value, string description) => new(name) { HelpName = value, Description = description };
}
