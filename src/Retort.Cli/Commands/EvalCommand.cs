using Retort.Cli.TaskKinds;
using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Retort.Core;
using Retort.Inference;
using Retort.Models.Tokenizers;
using Retort.Recipes;
using Retort.Tasks;
using Retort.Tasks.Lengths;
using Retort.Training;

namespace Retort.Cli.Commands;

/// <summary><c>retort eval</c>: a model's graded samples on a task, or our own solver's results.</summary>
internal sealed class EvalCommand : Command
{
    private const int DefaultProblems = 100;
    private const float DefaultTemperature = 0.7f;

    private readonly CliHost host;
    private readonly Option<string?> task = new("--task") { HelpName = "NAME", Description = $"{TaskKind.Names}. [default: the model's own]" };
    private readonly Option<string?> data = new("--data")
    {
        HelpName = "FILE",
        Description = "Problems to ask: JSON lines with \"nums\" and \"target\", Sudoku lines, JSON lines with an instruction's \"prompt\", or those with \"prompt\" and \"answer\". [default: the task's own]",
    };

    private readonly Option<int?> problems = NumberOption.Whole("--problems", 1, 100_000_000,
        $"Ask the first N problems. [default: all of --data, else {DefaultProblems}]");

    private readonly Option<Split> split = new("--split") { Description = "The task's own problems to ask.", DefaultValueFactory = _ => Split.Test };
    private readonly Option<bool> oracle = new("--oracle") { Description = "Ask our own exhaustive solver instead of a model." };
    private readonly Option<bool> tellPositions = new("--tell-positions") { Description = "Tell a model that predicts position ids those of the answers." };
    private readonly Option<string?> output = new("--out") { HelpName = "FILE", Description = "Write the graded samples there, one JSON object a line." };
    private readonly SampleOptions sampling = new($"0 for one sample, else {DefaultTemperature.ToString(CultureInfo.InvariantCulture)}", "the model's context");
    private readonly ComputeOptions compute = new();

    public EvalCommand(CliHost host)
        : base("eval", "Ask a model a task's problems and grade the answers with the task's verifier. Ends with\n"
            + "{problems, samples, pass_at_1, best_of_n, majority, mean_tokens}: shares of the problems, tokens of a completion.")
    {
        this.host = host;
        foreach (Option option in (Option[])[task, data, problems, split])
        {
            Options.Add(option);
        }

        sampling.AddTo(this);
        compute.Set.Description = "One of the task's settings laid over the model's own, e.g. task.numbers=1..99, or task.length=24..24 for longer problems. May be repeated.";
        compute.Seed.Description = "Seed of every draw; equal seeds give equal bits. [default: 1]";
        foreach (Option option in (Option[])[compute.Set, compute.Seed, compute.Threads, tellPositions, oracle, output, compute.Json])
        {
            Options.Add(option);
        }

        Subcommands.Add(new EvalCurvesCommand(host));
        Subcommands.Add(new EvalScalingCommand(host));
        SetAction(Invoke);
    }

    private int Invoke(ParseResult parsed)
    {
        var (threads, overrides) = (compute.ReadThreads(parsed), compute.ReadOverrides(parsed));
        if (parsed.GetValue(oracle))
        {
            Solve(parsed, threads, overrides);
            return 0;
        }

        using var model = LoadedModel.Open(sampling.ReadModel(parsed), threads);
        var known = KnownTaskOf(model, parsed.GetValue(task), overrides, Name);
        var items = parsed.GetValue(data) is { } path
            ? known.ReadItems(path, parsed.GetValue(problems))
            : ParallelItems.Make(parsed.GetValue(problems) ?? DefaultProblems, threads, i => known.Task.Create(parsed.GetValue(split), i));
        var positions = new TaskPositions(known.Task, known.Positions) { TellsAnswerIds = parsed.GetValue(tellPositions) };
        RequireRoom(model, items);
        if (known.Task is ILengthTask)
        {
            LengthRoom.Require(model.Transformer.Config, model.Tokenizer, positions, items);
        }

        var samples = sampling.ReadSamples(parsed);
        var settings = sampling.Read(parsed, samples == 1 ? 0 : DefaultTemperature, model.Transformer.Config.MaxPositions);
        var json = parsed.GetValue(compute.Json);
        var graded = TaskEvaluation.Run(
            model.Transformer, model.Tokenizer, known.Task, items, samples, settings,
            new EngineSettings
            {
                MaxSequences = (int)Math.Min(sampling.ReadBatch(parsed), (long)items.Count * samples),
                StopTokens = model.StopTokens,
            },
            parsed.GetValue(compute.Seed) ?? 1, host.CreateProgress(json), $"ask {known.Task.Name}", positions, host.Cancellation);
        if (parsed.GetValue(output) is { } file)
        {
            GradedSamples.Write(file, ModelName(model.Path), items, graded, settings.Temperature);
        }

        new EvalSummary(items.Count, samples, graded).Write(host.Output, host.Width, json);
        return 0;
    }

    /// <summary>The task asked for, or the model's own, with the settings of its task.yaml and overrides laid over it.</summary>
    internal static KnownTask KnownTaskOf(LoadedModel model, string? asked, IReadOnlyList<string> overrides, string where)
    {
        var taskFile = TaskFileOf(model.Path);
        var own = taskFile is null ? null : TaskKind.NameIn(taskFile);
        var name = asked ?? own
            ?? throw UserError.Request(where, "--task is missing and the model does not say its task", $"--task {TaskKind.Names}");
        return TaskKind.Find(where, name).Resolve(null, name == own ? taskFile : null, overrides);
    }

    /// <summary>task.yaml in the checkpoint's folder, if it has one.</summary>
    private static string? TaskFileOf(string modelPath)
    {
        var file = Path.Combine(modelPath, TaskFile.FileName);
        return File.Exists(file) ? file : null;
    }

    /// <summary>A prompt that leaves no room for an answer, or that the model cannot read, is an error.</summary>
    internal static void RequireRoom(LoadedModel model, IReadOnlyList<TaskItem> items)
    {
        var context = model.Transformer.Config.MaxPositions;
        foreach (var item in items)
        {
            var length = InputFile.At(item.Id, () => Encode(model.Tokenizer, item.Prompt).Length);
            if (length >= context)
            {
                throw UserError.Request(
                    item.Id, $"the prompt has {length} tokens", $"at most {context - 1}: the model's context is {context} tokens");
            }
        }
    }

    /// <summary>A prompt the model was taught to read: of a tokenizer with an unknown token none of that.</summary>
    private static int[] Encode(ITokenizer tokenizer, string prompt)
    {
        var tokens = tokenizer.Encode(prompt);
        return tokenizer.UnknownId is { } unknown && tokens.Contains(unknown)
            ? throw UserError.Request("the prompt", "has a word that the model's tokenizer does not know", "a model trained on this task and these ranges")
            : tokens;
    }

    /// <summary>The folder's name; of a training checkpoint ("step-...") that of the folder around it.</summary>
    internal static string ModelName(string path)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var name = Path.GetFileName(full);
        return name.StartsWith("step-", StringComparison.Ordinal) ? Path.GetFileName(Path.GetDirectoryName(full)) ?? name : name;
    }

    private void Solve(ParseResult parsed, int threads, IReadOnlyList<string> overrides)
    {
        var name = parsed.GetValue(task) ?? throw UserError.Request(Name, "--task is missing", $"--task {TaskKind.Names}");
        var kind = TaskKind.Find(Name, name);
        // The widest ranges: a solver needs no training.
        var result = kind.Resolve(kind.WidestPreset, null, overrides).Solve(parsed.GetValue(data), parsed.GetValue(problems), threads, host.Time);
        var rate = result.Seconds > 0 ? result.Problems / result.Seconds : 0;
        var fields = new List<(string Name, double Value)> { (result.Unique is null ? "problems" : "puzzles", result.Problems), ("solved", result.Solved) };
        if (result.Unique is { } unique)
        {
            fields.Add(("unique", unique));
        }

        fields.Add((result.Unique is null ? "problems_per_second" : "puzzles_per_second", Math.Round(rate, 1)));
        if (parsed.GetValue(compute.Json))
        {
            host.Output.WriteLine(JsonSerializer.Serialize(fields.ToDictionary(field => field.Name, field => field.Value)));
            return;
        }

        TextTable.Write(host.Output, host.Width,
            [.. fields.Select(field => (string[])[field.Name.Replace('_', ' '), field.Value.ToString("#,0.#", CultureInfo.InvariantCulture)])]);
    }
}
