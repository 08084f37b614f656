using Retort.Cli.TaskKinds;
using System.CommandLine;
using Retort.Core;

namespace Retort.Cli.Commands;

/// <summary><c>retort train</c>: a model on one task, from generated data to a checkpoint that other programs load.</summary>
internal sealed class TrainCommand : Command
{
    private readonly CliHost host;
    private readonly Option<string?> task = new("--task") { HelpName = "NAME", Description = $"{TaskKind.Names}. [default: what --config or the run says]" };
    private readonly Option<string?> preset = new("--preset")
    {
        HelpName = "NAME",
        Description = string.Join("; ", TaskKind.All.Select(kind => $"{kind.Name}: {string.Join(", ", kind.Presets)}"))
            + ". [default: 3 numbers; 4x4; mixed: small enough for a few minutes]",
    };

    private readonly ComputeOptions compute = new();

    public TrainCommand(CliHost host)
        : base("train", "Train a model on a task. --dry-run shows every setting with its meaning. The model is in\n"
            + "OUT/checkpoints/model, in the Hugging Face layout; 'eval' and 'sample' take OUT itself.")
    {
        this.host = host;
        Options.Add(task);
        Options.Add(preset);
        compute.AddTo(this);
        compute.Config.Description = "YAML settings laid over the defaults; a run's own config.yaml is one.";
        compute.Out.Description = "The run's folder. [default: runs/train-TASK]";
        Subcommands.Add(new TrainPredictorCommand(host));
        SetAction(Invoke);
    }

    private int Invoke(ParseResult parsed)
    {
        var config = parsed.GetValue(compute.Config);
        var name = parsed.GetValue(task) ?? (config is null ? null : TaskKind.NameIn(config));
        var folder = parsed.GetValue(compute.Out) ?? (name is null ? null : Path.Combine("runs", $"train-{name}"));
        var begun = folder is not null && parsed.GetValue(compute.Resume) ? Path.Combine(folder, "config.yaml") : null;
        if (begun is not null && File.Exists(begun))
        {
            name ??= TaskKind.NameIn(begun);
        }

        if (name is null || folder is null)
        {
            throw UserError.Request(Name, "--task is missing", "--task " + string.Join(" or --task ", TaskKind.All.Select(kind => kind.Name)));
        }

        var files = new[] { begun, config }.OfType<string>().Where(path => path != begun || File.Exists(path)).ToList();
        var resolved = TaskKind.Find(Name, name)
            .ResolveTraining(parsed.GetValue(preset), files, compute.ReadOverrides(parsed), parsed.GetValue(compute.Seed));
        AtomicFolder.RequireWritable(folder);
        var json = parsed.GetValue(compute.Json);
        if (parsed.GetValue(compute.DryRun))
        {
            TrainPrice.Of(resolved, compute.ReadThreads(parsed)).Write(host, resolved.Yaml, json);
            return 0;
        }

        var run = new TrainRun(host, resolved, folder, compute.ReadThreads(parsed), host.CreateProgress(json) ?? (IProgressReporter)SilentProgress.Instance);
        run.Execute().Write(host, json);
        return 0;
    }
}
