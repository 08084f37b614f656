using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Retort.Core;
using Retort.Inference;
using Retort.Inference.Lengths;
using Retort.Inference.Scheduling;
using Retort.Inference.Serving;
using Retort.Inference.Simulation;
using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Server;
using Retort.Tensors;

namespace Retort.Cli.Commands;

/// <summary><c>retort serve</c>: a model behind OpenAI's HTTP interface until it is told to stop.</summary>
internal sealed class ServeCommand : Command
{
    private const string KeysVariable = "RETORT_API_KEYS";

    /// <summary>Tokens a second: a request with 300 tokens to come is passed by shorter ones for a minute at most; short waits change next to nothing.</summary>
    private const float DefaultAging = 5;

    private readonly CliHost host;
    private readonly SampleOptions sampling = new("1", "16");
    private readonly StorageOptions storage = new();
    private readonly ComputeOptions compute = new();
    private readonly Option<string?> address = new("--host")
    {
        HelpName = "IP",
        Description = "Address to listen at; 0.0.0.0 for every network. [default: 127.0.0.1]",
    };

    private readonly Option<int?> port = NumberOption.Whole("--port", 0, 65535,
        "TCP port; 0 for any that is free. [default: 8000]");
    private readonly Option<string?> servedName = new("--served-name")
    {
        HelpName = "NAME",
        Description = "The model's name in requests. [default: its folder's]",
    };

    private readonly Option<string?> scheduler = new("--scheduler")
    {
        HelpName = "NAME",
        Description = "Who runs when: " + string.Join(", ", Serving().Select(one => one.Name)) + ". [default: fcfs]",
    };

    private readonly Option<float?> c = NumberOption.Real("--c", value => value is >= 0 and <= 1, "in 0..1",
        "Limited preemption: a request may be displaced in this first share of its predicted length. [default: 0.8]");

    private readonly Option<string?> predictor = new("--predictor")
    {
        HelpName = "DIR",
        Description = "Trained lengths, for schedulers that look at them. [default: where 'retort train predictor' puts them]",
    };

    private readonly Option<int?> maxSequences = NumberOption.Whole("--max-sequences", 1, 4096,
        "Sequences in one step. [default: 8]");
    private readonly Option<int?> maxLive = NumberOption.Whole("--max-live", 1, 1 << 20,
        "Sequences live at a time, waiting ones too; one more is refused with 429, a request of more by itself with 400. [default: 64]");
    private readonly Option<int?> maxQueuedTokens = NumberOption.Whole("--max-queued-tokens", 1, int.MaxValue,
        "Prompt tokens that may wait. [default: 1048576]");
    private readonly Option<int?> maxLength = NumberOption.Whole("--max-length", 2, 1 << 24,
        "Longest prompt and answer together, in tokens. [default: the model's context]");
    private readonly Option<int?> prefillTokens = NumberOption.Whole("--prefill-tokens", 0, 1 << 20,
        "Prompt tokens fed in one step. [default: 512]");
    private readonly Option<int?> kvTokens = NumberOption.Whole("--kv-tokens", 1, int.MaxValue,
        "Tokens whose keys and values fit the cache. [default: enough for --max-sequences]");
    private readonly Option<string?> kvMode = new("--kv-mode")
    {
        HelpName = "MODE",
        Description = "What becomes of a preempted request's keys: resident (kept), discard (computed again), swap (--host-kv-tokens). "
            + "[default: resident]",
    };

    private readonly Option<int?> hostKvTokens = NumberOption.Whole("--host-kv-tokens", 0, int.MaxValue,
        "Tokens whose keys fit the pool that --kv-mode swap moves them to. [default: 8192]");
    private readonly Option<float?> margin = NumberOption.Real("--margin", value => value >= 0, "at least 0",
        "A newcomer displaces a request only if its rank is better by so many tokens. [default: a quarter of the predictor's bin]");

    private readonly Option<float?> aging = NumberOption.Real("--aging", value => value >= 0, "at least 0",
        "Tokens by which a request's rank improves with every second it has waited, so that none starves. [default: 5 where lengths decide, else 0]");

    private readonly Option<bool> noPrefixCache = new("--no-prefix-cache") { Description = "Forget a prompt's keys when its request ends." };
    private readonly Option<int?> maxBodyBytes = NumberOption.Whole("--max-body-bytes", 1024, int.MaxValue,
        "Largest request body. [default: 1048576]");
    private readonly Option<int?> maxConnections = NumberOption.Whole("--max-connections", 1, 1 << 20,
        "Connections open at a time. [default: 4096]");
    private readonly Option<int?> drainSeconds = NumberOption.Whole("--drain-seconds", 0, 86400,
        "After Ctrl-C or SIGTERM, time for running requests to end. A second signal stops at once. [default: 30]");

    private readonly Option<string[]> apiKey = new("--api-key")
    {
        HelpName = "KEY",
        Description = "A key that opens /v1; may be repeated. Other users see it among the processes: prefer the file, or "
            + $"{KeysVariable} (separated by commas).",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };

    private readonly Option<string?> apiKeysFile = new("--api-keys-file")
    {
        HelpName = "FILE",
        Description = "Keys, one a line.",
    };

    private readonly Option<string?> traces = new("--otlp")
    {
        HelpName = "URL",
        Description = "Send a trace of every request there (OTLP over gRPC); that an export failed is told once. [default: none]",
    };

    public ServeCommand(CliHost host)
        : base("serve", "Serve a model over HTTP as OpenAI's interface: /v1/models, /v1/completions, /v1/chat/completions; "
            + "and /health and /metrics, which ask for no key. Runs until Ctrl-C or SIGTERM, then lets running requests end.")
    {
        this.host = host;
        compute.Seed.Description = "Seed of requests that name none. [default: 1]";
        compute.DryRun.Description = "Print the configuration and the memory it takes; serve nothing.";
        compute.Json.Description = "Print the configuration and the address as one JSON object.";
        foreach (Option option in (Option[])
        [
            sampling.Model, servedName, address, port, scheduler, c, predictor, maxSequences, maxLive, maxQueuedTokens, maxLength,
            prefillTokens, kvTokens, kvMode, hostKvTokens, margin, aging, noPrefixCache, maxBodyBytes, maxConnections, drainSeconds, apiKey,
            apiKeysFile, traces, compute.Threads, compute.Seed, compute.DryRun, compute.Json,
        ])
        {
            Options.Add(option);
        }

        storage.AddTo(this);
        SetAction(Invoke);
    }

    private int Invoke(ParseResult parsed)
    {
        var name = Named(parsed);
        var limits = Limits(parsed);
        using var model = LoadedModel.Open(sampling.ReadModel(parsed), compute.ReadThreads(parsed), storage.Weights(parsed));
        using var trained = name.Lengths == LengthSource.None ? null
            : TrainedPredictor.Load(parsed.GetValue(predictor) ?? TrainedPredictor.DefaultFolder(model.Path), model.Transformer);
        var policy = Policy(parsed, name, trained?.Probe.Bins.Margin ?? 0);
        var settings = EngineSettingsOf(parsed, policy, model);
        var served = new ServedModel(
            parsed.GetValue(servedName) switch
            {
                null => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(model.Path))),
                "" => throw UserError.Request("serve", "--served-name is empty", "a name for requests to give"),
                var given => given,
            },
            model.Tokenizer, model.StopTokens, Fingerprint(model.Path, settings, storage.Weights(parsed)))
        {
            ChatTemplate = ChatTemplate.Open(model.Path),
        };
        var summary = new Summary(
            served.Name, name.Name, Aging(parsed, name), settings.MaxSequences, HostSettings(parsed).MaxLiveSequences, settings.MaxLength,
            model.Transformer.Device.Threads, limits.ApiKeys.Count, Bytes(model.Transformer.Config, settings, name, trained),
            StorageOptions.Name(storage.Weights(parsed)), StorageOptions.Name(settings.KvFormat), null, null);
        if (parsed.GetValue(compute.DryRun))
        {
            Show(summary, parsed.GetValue(compute.Json));
            return 0;
        }

        var lengths = name.Lengths switch
        {
            LengthSource.Prompt => trained!.PromptOnly(),
            LengthSource.HiddenStates => trained!.Trail(),
            _ => null,
        };
        summary = summary with { Kappa = StepCostMeter.Measure(model.Transformer, settings, host.Time).Kappa(settings.MaxSequences) };
        ServerWarmUp.RunAsync(Engine(settings with { MaxSequences = 1, KvTokens = 0 }), served, host.Time).GetAwaiter().GetResult();
        return ServeAsync(
            Engine(settings), HostSettings(parsed), served, limits,
            TimeSpan.FromSeconds(parsed.GetValue(drainSeconds) ?? 30), url => Show(summary with { Url = url }, parsed.GetValue(compute.Json)))
            .GetAwaiter().GetResult();

        GenerationEngine Engine(EngineSettings sizes) => new(model.Transformer, sizes, lengths, host.Time);
    }

    private async Task<int> ServeAsync(
        GenerationEngine engine, EngineHostSettings hostSettings, ServedModel served, ServerOptions limits, TimeSpan drain, Action<string> started)
    {
        await using var engineHost = new EngineHost(engine, hostSettings, host.Time);
        await using var server = await RetortServer.StartAsync(engineHost, served, limits).ConfigureAwait(false);
        started(server.Address.ToString().TrimEnd('/'));
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = host.Cancellation.Register(asked.SetResult);
        await Task.WhenAny(asked.Task, engineHost.Stopped).ConfigureAwait(false);
        if (engineHost.Statistics is var at && at.Running + at.Waiting + at.Paused is > 0 and var open)
        {
            host.Error.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"retort: serve: {open} sequences have not ended; a second signal stops at once"));
        }

        using var deadline = new CancellationTokenSource(drain, host.Time);
        await server.StopAsync(deadline.Token).ConfigureAwait(false);
        return engineHost.Fault is { } fault ? throw UserError.Environment("serve", fault.Message, "an engine that works", fault) : 0;
    }

    /// <summary>The schedulers a server can have: those that know lengths beforehand are for replays.</summary>
    private static IEnumerable<NamedScheduler> Serving() => NamedScheduler.All().Where(CanServe);

    private static bool CanServe(NamedScheduler one) => one.Lengths != LengthSource.Oracle;

    private NamedScheduler Named(ParseResult parsed)
    {
        var named = NamedScheduler.Get(
            parsed.GetValue(scheduler) ?? "fcfs", parsed.GetValue(c) ?? NamedScheduler.DefaultC, where: "serve: --scheduler", offers: CanServe);
        if (!CanServe(named))
        {
            throw UserError.Request(
                "serve: --scheduler", $"'{named.Name}' knows lengths beforehand, which a server does not",
                "one of " + string.Join(", ", Serving().Select(one => one.Name)));
        }

        var (looksAtLengths, displaces) = (named.Lengths != LengthSource.None, named.Policy.Preemption != PreemptionRule.Never);
        RequireHeard(predictor, looksAtLengths);
        RequireHeard(margin, looksAtLengths && displaces);
        RequireHeard(c, NamedScheduler.Get(named.Name, c: 0) != NamedScheduler.Get(named.Name, c: 1));
        RequireHeard(hostKvTokens, Mode(parsed) == KvMode.Swap);
        return named;

        void RequireHeard(Option option, bool isHeard)
        {
            if (!isHeard && parsed.GetResult(option) is not null)
            {
                throw UserError.Request("serve", $"{option.Name} does nothing here", option == hostKvTokens
                    ? "--kv-mode swap" : $"a --scheduler that looks at it; '{named.Name}' does not");
            }
        }
    }

    private KvMode Mode(ParseResult parsed) => parsed.GetValue(kvMode)?.ToLowerInvariant() switch
    {
        null or "resident" => KvMode.Resident,
        "discard" => KvMode.Discard,
        "swap" => KvMode.Swap,
        var word => throw UserError.Request("serve", $"--kv-mode is '{word}'", "resident, discard or swap",
            NearestName.Of(word, ["resident", "discard", "swap"])),
    };

    /// <summary>Memory beside the model's weights: the engine's and the predictor's, whose prompts' network is on the host too.</summary>
    private static long Bytes(ModelConfig config, EngineSettings settings, NamedScheduler named, TrainedPredictor? trained) =>
        GenerationEngine.Bytes(config, settings, named.Lengths == LengthSource.HiddenStates ? trained!.Probe.Network.InnerSize : 0)
        + (trained is null ? 0
            : sizeof(float) * (trained.Probe.Network.Parameters.FlatLength + 2 * trained.Prompts.Network.Parameters.FlatLength));

    private SchedulerPolicy Policy(ParseResult parsed, NamedScheduler named, double defaultMargin) => named.Policy with
    {
        Margin = named.Lengths == LengthSource.None ? 0 : parsed.GetValue(margin) ?? defaultMargin,
        KvMode = Mode(parsed),
        Guard = Aging(parsed, named) is var tokens and > 0 ? StarvationGuard.Aging(tokens) : StarvationGuard.None,
    };

    private float Aging(ParseResult parsed, NamedScheduler named) =>
        parsed.GetValue(aging) ?? (named.Lengths == LengthSource.None ? 0 : DefaultAging);

    private EngineSettings EngineSettingsOf(ParseResult parsed, SchedulerPolicy policy, LoadedModel model) => new EngineSettings
    {
        MaxSequences = parsed.GetValue(maxSequences) ?? 8,
        MaxLength = parsed.GetValue(maxLength) ?? 0,
        PrefillTokens = parsed.GetValue(prefillTokens) ?? 512,
        KvTokens = parsed.GetValue(kvTokens) ?? 0,
        KvFormat = storage.Kv(parsed),
        CachesPrefixes = !parsed.GetValue(noPrefixCache),
        StopTokens = model.StopTokens,
        HostKvTokens = policy.KvMode == KvMode.Swap ? parsed.GetValue(hostKvTokens) ?? 8192 : 0,
        Policy = policy,
    }.Validated(model.Transformer.Config, "serve");

    private EngineHostSettings HostSettings(ParseResult parsed) => new()
    {
        MaxLiveSequences = parsed.GetValue(maxLive) ?? 64,
        MaxQueuedPromptTokens = parsed.GetValue(maxQueuedTokens) ?? 1 << 20,
    };

    private ServerOptions Limits(ParseResult parsed)
    {
        var defaults = new ServerOptions();
        return defaults with
        {
            Host = parsed.GetValue(address) is not { } word ? defaults.Host : IPAddress.TryParse(word, out var given) ? given
                : throw UserError.Request("serve", $"--host is '{word}'", "an IP address of this machine, e.g. 127.0.0.1 or 0.0.0.0"),
            Port = parsed.GetValue(port) ?? defaults.Port,
            ApiKeys = ReadKeys(parsed),
            MaxBodyBytes = parsed.GetValue(maxBodyBytes) ?? defaults.MaxBodyBytes,
            MaxConnections = parsed.GetValue(maxConnections) ?? defaults.MaxConnections,
            Seed = parsed.GetValue(compute.Seed) ?? defaults.Seed,
            TraceEndpoint = parsed.GetValue(traces) is not { } url ? null
                : Uri.TryCreate(url, UriKind.Absolute, out var endpoint) && endpoint.Scheme is "http" or "https" ? endpoint
                : throw UserError.Request("serve", $"--otlp is '{url}'", "an address such as http://localhost:4317"),
            Complain = fault => host.Error.WriteLine($"retort: serve: {fault}"),
            Warn = line => host.Error.WriteLine($"retort: serve: {line}"),
        };
    }

    private List<string> ReadKeys(ParseResult parsed)
    {
        var keys = new List<string>(parsed.GetValue(apiKey) ?? []);
        if (parsed.GetValue(apiKeysFile) is { } file)
        {
            var before = keys.Count;
            keys.AddRange(InputFile.ReadLines(file, "a file of keys, one a line").Select(line => line.Trim()).Where(line => line.Length > 0));
            if (keys.Count == before)
            {
                throw UserError.Request(file, "holds no key", "keys, one a line");
            }
        }

        keys.AddRange((Environment.GetEnvironmentVariable(KeysVariable) ?? "").Split(
            ',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
        return keys.TrueForAll(key => key.Length > 0) ? keys
            : throw UserError.Request("serve", "an --api-key is empty", "keys of at least one character");
    }

    /// <summary>Weights, program and what else decides the tokens of a request with a seed.</summary>
    private static string Fingerprint(string path, EngineSettings settings, WeightFormat weights)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var version = typeof(GenerationEngine).Assembly.GetName().Version;
        hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{version} {weights} {settings.KvFormat}")));
        var buffer = new byte[1 << 20];
        string[] files = !Directory.Exists(path) ? [path]
            : [.. Directory.GetFiles(path).Where(file => Path.GetExtension(file) is ".json" or ".safetensors").Order(StringComparer.Ordinal)];
        foreach (var file in files)
        {
            using var stream = File.OpenRead(file);
            for (int count; (count = stream.Read(buffer)) > 0;)
            {
                hash.AppendData(buffer.AsSpan(0, count));
            }
        }

        return "fp_" + Convert.ToHexStringLower(hash.GetHashAndReset())[..12];
    }

    private void Show(Summary summary, bool json)
    {
        if (json)
        {
            host.Output.WriteLine(JsonText.Of(summary));
        }
        else
        {
            host.Output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{summary.Model}: scheduler {summary.Scheduler}, {summary.MaxSequences} sequences a step, {summary.MaxLive} live, "
                + $"context {summary.MaxLength} tokens\n"
                + $"{summary.EngineBytes / 1048576.0:0.0} MiB beside the weights ({summary.Weights}, cache {summary.Kv}), {summary.Threads} {(summary.Threads == 1 ? "thread" : "threads")}, "
                + $"{(summary.Aging > 0 ? $"aging {summary.Aging}/s, " : "")}{(summary.ApiKeys == 0 ? "no keys" : $"{summary.ApiKeys} keys")}"));
            if (summary.Url is { } url)
            {
                host.Output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"kappa {summary.Kappa:0.00}: a prompt token's cost in decoded ones; near 1, discarding is dear"));
                host.Output.WriteLine($"serving at {url}");
            }
        }

        host.Output.Flush();
    }

    /// <summary>What is served and how; the address is null on a dry run.</summary>
    private sealed record Summary(
        string Model, string Scheduler, float Aging, int MaxSequences, int MaxLive, int MaxLength, int Threads, int ApiKeys, long EngineBytes,
        string Weights, string Kv, double? Kappa, string? Url);
}
