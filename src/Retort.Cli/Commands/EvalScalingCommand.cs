using System.CommandLine;
using System.Globalization;
using Retort.Analysis;
using Retort.Analysis.Scaling;
using Retort.Cli.Scaling;
using Retort.Cli.TaskKinds;
using Retort.Core;
using Retort.Inference;
using Retort.Recipes.Scaling;
using Retort.Tasks;
using Retort.Training;

namespace Retort.Cli.Commands;

/// <summary><c>retort eval scaling</c>: long chains against many samples, every cell of a sweep from one set of rollouts.</summary>
internal sealed class EvalScalingCommand : Command
{
    private const int DefaultProblems = 100;
    private const float DefaultTemperature = 1;
    private const string SamplesFile = "samples.jsonl";

    private readonly CliHost host;
    private readonly Option<string?> task = new("--task") { HelpName = "NAME", Description = $"{TaskKind.Names}. [default: the model's own]" };
    private readonly Option<string?> samples = new("--samples") { HelpName = "N,N", Description = $"Numbers of parallel samples. [default: {ScalingRequest.DefaultSamples}]" };
    private readonly Option<string?> chainTokens = new("--chain-tokens")
    {
        HelpName = "S,S",
        Description = "Most tokens of a chain; of tasks without chains, of a completion. [default: 1/8, 1/4, 3/8, 1/2, 3/4 and all of the room behind the longest prompt]",
    };

    private readonly Option<int?> problems = NumberOption.Whole("--problems", 1, 100_000_000, $"Ask the task's first N problems. [default: {DefaultProblems}]");
    private readonly Option<Split> split = new("--split") { Description = "The task's problems to ask.", DefaultValueFactory = _ => Split.Test };
    private readonly Option<string?> data = new("--data")
    {
        HelpName = "FILE",
        Description = $"Look at samples drawn before ({SamplesFile} of --out, or graded samples with counts of tokens); with --model that model's FLOPs are counted.",
    };

    private readonly SampleOptions sampling = new(DefaultTemperature.ToString(CultureInfo.InvariantCulture), "");
    private readonly ComputeOptions compute = new();

    public EvalScalingCommand(CliHost host)
        : base("scaling", "Sequential against parallel test-time scaling: accuracy by tokens of a chain (S) and number of samples (N), with majority vote, "
            + "best of N and stopping at the first sample that verifies. Each problem's samples are drawn once and serve every cell.")
    {
        this.host = host;
        compute.Set.Description = "One of the task's settings laid over the model's own, e.g. task.depth=1..3. May be repeated.";
        compute.Seed.Description = "Seed of every draw and of resampling; equal seeds give equal bits. [default: 1]";
        compute.Out.Description = $"Folder for report.html, report.json, figures and {SamplesFile}.";
        compute.DryRun.Description = "Print completions, tokens, FLOPs, memory and expected time; draw nothing.";
        foreach (Option option in (Option[])[
            sampling.Model, task, samples, chainTokens, problems, split, sampling.Temperature, sampling.TopK, sampling.TopP, sampling.MinP, sampling.Batch,
            data, compute.Set, compute.Seed, compute.Threads, compute.Out, compute.DryRun, compute.Json])
        {
            Options.Add(option);
        }

        SetAction(Invoke);
    }

    private int Invoke(ParseResult parsed)
    {
        var (json, folder) = (parsed.GetValue(compute.Json), parsed.GetValue(compute.Out));
        var request = new ScalingRequest(
            ScalingRequest.ReadList("--chain-tokens", parsed.GetValue(chainTokens), 1), ScalingRequest.ReadList("--samples", parsed.GetValue(samples), 1),
            new BootstrapSettings(Seed: parsed.GetValue(compute.Seed) ?? 1, Threads: compute.ReadThreads(parsed)));
        if (folder is not null)
        {
            ScalingReport.RequireWritable(folder);
        }

        var work = parsed.GetValue(data) is { } path ? Read(parsed, request, path) : Sample(parsed, request, folder, json);
        if (work is not null)
        {
            ScalingRequest.RequireCells(work.Budgets, work.Samples);
            var grid = ScalingGrid.Of(work.Pool, work.Budgets, work.Samples, request.Bootstrap, work.Cost);
            AnalysisOutput.Write(host, ScalingReport.Of(work.Subject, work.Pool, grid, request.Bootstrap), folder, json);
        }

        return 0;
    }

    /// <summary>Samples of a file: nothing is drawn.</summary>
    private ScalingWork Read(ParseResult parsed, ScalingRequest request, string path)
    {
        if (parsed.GetValue(compute.DryRun))
        {
            throw UserError.Request(ScalingRequest.Where, "--dry-run with --data", "one of them: samples that are there cost nothing");
        }

        var known = ScalingSampleReader.Read(path);
        var longest = known.Samples.Max(row => row.Max(sample => sample.ChainTokens));
        var budgets = request.ChainTokensWithin(known.CutAt ?? int.MaxValue, "samples of the file are cut there");
        if (request.ChainTokens is null)
        {
            budgets = request.ChainTokensWithin(known.CutAt ?? longest, "");
        }

        var counted = known.Samples[0][0].PromptTokens > 0;
        using var model = parsed.GetValue(sampling.Model) is { } name ? LoadedModel.Open(name, 1) : null;
        return ScalingWork.Of(
            known, path, budgets, request.SamplesUpTo(known.NumSamples), counted ? model?.Transformer.Config : null,
            model is not null && !counted ? ["FLOPs are not counted: the file has no \"prompt_tokens\"."] : []);
    }

    /// <summary>Draws the samples; null: only the price was asked for.</summary>
    private ScalingWork? Sample(ParseResult parsed, ScalingRequest request, string? folder, bool json)
    {
        var threads = compute.ReadThreads(parsed);
        using var model = LoadedModel.Open(sampling.ReadModel(parsed), threads);
        var known = EvalCommand.KnownTaskOf(model, parsed.GetValue(task), compute.ReadOverrides(parsed), ScalingRequest.Where);
        var (config, count, frame) = (model.Transformer.Config, parsed.GetValue(problems) ?? DefaultProblems, ScalingRollouts.FrameTokens(known.Task));
        var longest = TaskDataset.LongestPrompt(known.Task, model.Tokenizer);
        var room = config.MaxPositions - longest - frame;
        if (room < 1)
        {
            throw UserError.Request(ScalingRequest.Where, $"a prompt of {longest} tokens{Frame(frame)} fills the model's context of {config.MaxPositions}", "a model with room for a chain");
        }

        var budgets = request.ChainTokensWithin(
            room, $"the model's context of {config.MaxPositions} tokens holds a prompt of {longest}{Frame(frame)} beside a chain");
        var numbers = request.SamplesUpTo(request.Samples?[^1] ?? int.MaxValue);
        ScalingRequest.RequireCells(budgets, numbers);
        var settings = sampling.Read(parsed, DefaultTemperature, budgets[^1] + frame);
        if (settings.Temperature == 0 && numbers[^1] > 1)
        {
            throw UserError.Request(ScalingRequest.Where, "--temperature 0 with several samples, which would all be the same", "a temperature above 0, or --samples 1");
        }

        var price = ScalingPrice.Of(config, count, numbers[^1], longest, settings.MaxNewTokens, sampling.ReadBatch(parsed), threads);
        price.RequireMemory(ScalingRequest.Where);
        if (parsed.GetValue(compute.DryRun))
        {
            price.Write(host,
            [
                ("model", model.Path), ("task", known.Task.Name), ("problems", count), ("split", parsed.GetValue(split).ToString().ToLowerInvariant()),
                ("samples", numbers), ("chain_tokens", budgets), ("frame_tokens", frame), ("temperature", settings.Temperature), ("parameters", config.ParameterCount.Total),
            ], json);
            return null;
        }

        var items = ParallelItems.Make(count, threads, i => known.Task.Create(parsed.GetValue(split), i));
        EvalCommand.RequireRoom(model, items);
        var graded = TaskEvaluation.Run(
            model.Transformer, model.Tokenizer, known.Task, items, numbers[^1], settings,
            new EngineSettings { MaxSequences = (int)Math.Min(sampling.ReadBatch(parsed), (long)count * numbers[^1]), StopTokens = model.StopTokens },
            request.Bootstrap.Seed, host.CreateProgress(json), $"ask {known.Task.Name}", new TaskPositions(known.Task, known.Positions), host.Cancellation);
        var name = EvalCommand.ModelName(model.Path);
        if (folder is not null)
        {
            ScalingRollouts.Write(Path.Combine(folder, SamplesFile), known.Task, name, items, graded, settings.Temperature);
        }

        return ScalingWork.Of(
            ScalingRollouts.Of(known.Task, name, settings.Temperature, items, graded), $"{known.Task.Name}, {count} {parsed.GetValue(split).ToString().ToLowerInvariant()} problems",
            budgets, numbers, config, []);
    }

    private static string Frame(int frame) => frame == 0 ? "" : $" and a frame of {frame}";
}
