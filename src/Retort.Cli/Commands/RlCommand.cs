using Retort.Cli.TaskKinds;
using System.CommandLine;
using Retort.Core;
using Retort.Models.Checkpoints;
using Retort.Models.Tokenizers;
using Retort.Recipes;

namespace Retort.Cli.Commands;

/// <summary><c>retort rl</c>: a model learns from rewards that its task's verifier gives.</summary>
internal sealed class RlCommand : Command
{
    private readonly CliHost host;
    private readonly Option<string?> model = new("--model") { HelpName = "PATH", Description = "The model to begin with: the folder of a run, or a checkpoint. [default: what --config says]" };
    private readonly Option<string?> task = new("--task") { HelpName = "NAME", Description = $"{TaskKind.Names}. [default: the model's own]" };
    private readonly ComputeOptions compute = new();

    public RlCommand(CliHost host)
        : base("rl", "Reinforcement learning: GRPO, PPO, REINFORCE or expert iteration on a task whose answers are\n"
            + "verified. --dry-run shows every setting with its meaning. The model is in OUT/checkpoints/model;\n"
            + "OUT/evaluations has graded samples of the test problems before and after.")
    {
        this.host = host;
        Options.Add(model);
        Options.Add(task);
        compute.AddTo(this);
        compute.Config.Description = "YAML settings laid over the defaults; a run's own config.yaml is one.";
        compute.Out.Description = "The run's folder. [default: runs/rl-TASK]";
        SetAction(Invoke);
    }

    private int Invoke(ParseResult parsed)
    {
        var config = parsed.GetValue(compute.Config);
        var folder = parsed.GetValue(compute.Out);
        var begun = folder is not null && parsed.GetValue(compute.Resume) ? Path.Combine(folder, "config.yaml") : null;
        string[] files = [.. new[] { begun, config }.OfType<string>().Where(path => path != begun || File.Exists(path))];
        var from = parsed.GetValue(model) ?? Last(files, "model") ?? throw UserError.Request(Name, "--model is missing", "the folder of a trained model");
        var checkpoint = ModelPath.Resolve(from);
        var taskFile = Path.Combine(checkpoint, TaskFile.FileName);
        var own = File.Exists(taskFile) ? TaskKind.NameIn(taskFile) : null;
        var name = parsed.GetValue(task) ?? Last(files, "name") ?? own
            ?? throw UserError.Request(Name, "--task is missing and the model does not say its task", $"--task {TaskKind.Names}");
        var resolved = TaskKind.Find(Name, name).ResolveRl(
            name == own ? taskFile : null, from, files, compute.ReadOverrides(parsed), parsed.GetValue(compute.Seed));
        var (threads, json) = (compute.ReadThreads(parsed), parsed.GetValue(compute.Json));
        var run = folder ?? Path.Combine("runs", $"rl-{name}");
        AtomicFolder.RequireWritable(run);
        int[] stopTokens;
        using (var source = Checkpoint.Open(checkpoint))
        {
            var tokenizer = Tokenizer.Open(checkpoint);
            stopTokens = source.StopTokens(tokenizer);
            RlInputs.RequireFitting(resolved, source.Config);
            if (parsed.GetValue(compute.DryRun))
            {
                RlPrice.Of(resolved, source.Config, tokenizer, threads).Write(host, resolved.Yaml, json);
                return 0;
            }
        }

        var progress = host.CreateProgress(json) ?? (IProgressReporter)SilentProgress.Instance;
        new RlRun(host, resolved, checkpoint, stopTokens, run, threads, progress).Execute().Write(host, json);
        return 0;
    }

    private static string? Last(string[] files, string key) =>
        files.Reverse().Select(file => TaskKind.ValueIn(file, key)).FirstOrDefault(value => !string.IsNullOrEmpty(value));
}
