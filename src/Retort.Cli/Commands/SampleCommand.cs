using System.CommandLine;
using System.Text;
using Retort.Core;
using Retort.Inference;
using Retort.Tensors;

namespace Retort.Cli.Commands;

/// <summary><c>retort sample</c>: completions of one prompt as text, or of many as JSON lines.</summary>
internal sealed class SampleCommand : Command
{
    private const int DefaultMaxNewTokens = 256;

    private readonly CliHost host;
    private readonly Option<string?> prompt = new("--prompt") { HelpName = "TEXT", Description = "Complete this text; \"\" begins from nothing." };
    private readonly Option<string?> prompts = new("--prompts")
    {
        HelpName = "FILE",
        Description = "Complete every prompt of a file: one a line, or JSON objects with a \"prompt\". Prints one JSON object a line.",
    };

    private readonly Option<string?> output = new("--out") { HelpName = "FILE", Description = "Write there instead of standard output." };
    private readonly SampleOptions sampling = new("1", "256");
    private readonly StorageOptions storage = new();
    private readonly ComputeOptions compute = new();

    public SampleCommand(CliHost host)
        : base("sample", "Generate from a model: the text of one prompt, or one JSON object a line for many:\n"
            + "{id, prompt, tokens, text, logprobs, logprob_bits, finish_reason}, in the order of the prompts.")
    {
        this.host = host;
        Options.Add(prompt);
        Options.Add(prompts);
        sampling.AddTo(this);
        storage.AddTo(this);
        compute.Seed.Description = "Seed of every draw; equal seeds give equal bits. [default: 1]";
        foreach (Option option in (Option[])[compute.Seed, compute.Threads, output, compute.Json])
        {
            Options.Add(option);
        }

        SetAction(Invoke);
    }

    private int Invoke(ParseResult parsed)
    {
        var list = (parsed.GetValue(prompt), parsed.GetValue(prompts)) switch
        {
            ({ } text, null) => [new SamplePrompt("0", text, "--prompt")],
            (null, { } file) => SamplePrompts.Read(file),
            (null, null) => throw UserError.Request(Name, "no prompt", "--prompt TEXT or --prompts FILE"),
            _ => throw UserError.Request(Name, "--prompt and --prompts together", "one of them"),
        };
        using var model = LoadedModel.Open(sampling.ReadModel(parsed), compute.ReadThreads(parsed), storage.Weights(parsed));
        var job = new Job(
            model, list, sampling.Read(parsed, temperature: 1, DefaultMaxNewTokens), sampling.ReadSamples(parsed),
            sampling.ReadBatch(parsed), storage.Kv(parsed), parsed.GetValue(compute.Seed) ?? 1);
        var json = parsed.GetValue(compute.Json);
        if (parsed.GetValue(output) is { } path)
        {
            AtomicFile.Write(path, stream =>
            {
                using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
                Write(writer, job, asText: parsed.GetValue(prompts) is null && !json, host.CreateProgress(json));
            });
            return 0;
        }

        Write(host.Output, job, asText: parsed.GetValue(prompts) is null && !json, host.CreateProgress(json));
        return 0;
    }

    private void Write(TextWriter writer, Job job, bool asText, IProgressReporter? progress)
    {
        using var engine = job.CreateEngine(out var requests);
        if (asText && job.Samples == 1)
        {
            var stream = new SampleStream(writer, job.Model.Tokenizer.CreateDecoder(job.Continues(requests[0])), host.Time);
            engine.Drawn = drawn =>
            {
                if (!job.Model.StopTokens.Contains(drawn.Token))
                {
                    stream.Add(drawn.Token);
                }
            };
            Run(engine, requests);
            stream.End();
            return;
        }

        using var phase = (progress ?? SilentProgress.Instance).Begin("sample", (long)job.Prompts.Count * job.Samples, "samples");
        var (ready, written, finished) = (new string?[job.Prompts.Count * job.Samples], 0, 0L);
        engine.Completed = completion =>
        {
            ready[completion.Request * job.Samples + completion.Sample] = job.Describe(completion, requests[completion.Request], asText);
            for (; written < ready.Length && ready[written] is { } line; written++)
            {
                ready[written] = null;
                writer.WriteLine(line);
            }

            phase.Report(++finished);
        };
        Run(engine, requests);
    }

    private void Run(GenerationEngine engine, GenerationRequest[] requests)
    {
        foreach (var request in requests)
        {
            engine.Submit(request);
        }

        engine.Run(host.Cancellation);
    }

    /// <summary>Everything that decides the samples.</summary>
    private sealed record Job(
        LoadedModel Model, IReadOnlyList<SamplePrompt> Prompts, SamplingSettings Sampling, int Samples, int Batch, KvFormat Kv, ulong Seed)
    {
        /// <summary>Prompt number p draws from the stream (seed, "sample", p).</summary>
        public GenerationEngine CreateEngine(out GenerationRequest[] requests)
        {
            requests = new GenerationRequest[Prompts.Count];
            for (var i = 0; i < requests.Length; i++)
            {
                var tokens = Prompts[i].Encode(Model);
                var random = CounterRandom.For(Seed, "sample", (ulong)i);
                requests[i] = new GenerationRequest(tokens, Sampling, random.NextUInt64(), Samples);
            }

            return new GenerationEngine(Model.Transformer, new EngineSettings
            {
                MaxSequences = (int)Math.Min(Batch, (long)Prompts.Count * Samples),
                MaxLength = EngineSettings.LengthFor(Model.Transformer.Config, requests.Select(request => request.Prompt), Sampling.MaxNewTokens),
                StopTokens = Model.StopTokens,
                KvFormat = Kv,
            });
        }

        /// <summary>Whether a completion follows text, so that its first space is kept: prompt + text is then the whole text.</summary>
        public bool Continues(GenerationRequest request) => request.Prompt.Any(token => !Model.Tokenizer.IsSpecial(token));

        public string Describe(Completion completion, GenerationRequest request, bool asText)
        {
            var text = Model.Tokenizer.Decode(completion.TextTokens, Continues(request));
            var (id, prompt, _) = Prompts[completion.Request];
            return asText ? text : SampleLine.Of(id, prompt, text, completion, Samples > 1 ? completion.Sample : null);
        }
    }
}
