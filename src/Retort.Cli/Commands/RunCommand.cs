using System.CommandLine;
using System.Globalization;
using Retort.Core;
using Retort.Recipes;

namespace Retort.Cli.Commands;

/// <summary><c>retort run RECIPE</c>: a study from data to verdicts. Exit code 3 if a claim fails.</summary>
internal sealed class RunCommand : Command
{
    private const int ClaimFails = 3;
    private const string JoinedPreset = "full";

    private readonly CliHost host;
    private readonly Argument<string> recipe = new("recipe") { HelpName = "RECIPE", Description = "One of those 'retort list' shows." };
    private readonly Option<string?> preset = new("--preset") { HelpName = "NAME", Description = "smoke, quick, full or paper. [default: quick]" };
    private readonly Option<string?> claims = new("--claims") { HelpName = "C1,C2", Description = "Judge these claims only. [default: all of the preset]" };
    private readonly Option<string?> seeds = new("--seeds")
    {
        HelpName = "LIST",
        Description = "Run these seeds, e.g. 2 or 1,3 or 1..3. [default: the preset's]",
    };

    private readonly Option<string[]> merge = new("--merge")
    {
        HelpName = "DIR",
        AllowMultipleArgumentsPerToken = true,
        Description = "Join the folders of finished parts (other seeds, other claims) and judge all claims; trains nothing.\n"
            + "[default --out: runs/RECIPE-joined]",
    };

    private readonly ComputeOptions compute = new();

    public RunCommand(CliHost host)
        : base("run", "Run a recipe: build the data, train, sample, judge every claim, write the report.\n"
            + "'retort list RECIPE' shows its presets and settings. The exit code is 3 if a claim fails.")
    {
        this.host = host;
        Arguments.Add(recipe);
        Options.Add(preset);
        Options.Add(claims);
        Options.Add(seeds);
        Options.Add(merge);
        compute.AddTo(this);
        SetAction(Invoke);
    }

    private int Invoke(ParseResult parsed)
    {
        var chosen = RecipeChoice.Recipe(host, Name, parsed.GetRequiredValue(recipe));
        var parts = parsed.GetValue(merge) ?? [];
        // Parts of a study are joined to judge whatever they can: every claim.
        var presetName = RecipeChoice.Preset(chosen, Name, parsed.GetValue(preset) ?? (parts.Length > 0 ? JoinedPreset : null));
        var json = parsed.GetValue(compute.Json);
        var context = new RecipeContext
        {
            Preset = presetName,
            OutputFolder = Path.GetFullPath(parsed.GetValue(compute.Out) ?? Path.Combine("runs", $"{chosen.Name}-{(parts.Length > 0 ? "joined" : presetName)}")),
            ConfigPath = parsed.GetValue(compute.Config),
            Overrides = compute.ReadOverrides(parsed),
            Seeds = ReadSeeds(parsed.GetValue(seeds), parsed.GetValue(compute.Seed)),
            Claims = parsed.GetValue(claims)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
            MergeFolders = parts,
            Threads = compute.ReadThreads(parsed),
            Resume = parsed.GetValue(compute.Resume),
            DryRun = parsed.GetValue(compute.DryRun),
            Json = json,
            Progress = host.CreateProgress(json) ?? (IProgressReporter)SilentProgress.Instance,
            Time = host.Time,
            Cancellation = host.Cancellation,
        };
        AtomicFolder.RequireWritable(context.OutputFolder);
        var outcome = chosen.Run(context);
        host.Output.WriteLine((json ? outcome.Json : outcome.Text).TrimEnd());
        return outcome.AnyClaimFails ? ClaimFails : 0;
    }

    /// <summary>"2", "1,3" or "1..3"; a single <c>--seed</c> is a list of one.</summary>
    internal static IReadOnlyList<ulong>? ReadSeeds(string? list, ulong? single)
    {
        const int most = 1000;
        if (list is null || single is not null)
        {
            return list is not null ? throw UserError.Request("run", "--seed and --seeds together", "one of them")
                : single is { } seed ? [seed] : null;
        }

        var found = new List<ulong>();
        foreach (var part in list.Split(','))
        {
            var ends = part.Split("..");
            var valid = ends.Length <= 2 & TryRead(ends[0], out var low) & TryRead(ends[^1], out var high);
            if (!valid || high < low || high - low >= most)
            {
                throw UserError.Request("run", $"--seeds is '{list}'", "whole numbers and ranges, e.g. 2 or 1,3 or 1..3");
            }

            for (var seed = low; ; seed++)
            {
                found.Add(seed);
                if (seed == high)
                {
                    break;
                }
            }
        }

        return found.Distinct().Count() == found.Count ? found : throw UserError.Request("run", $"--seeds is '{list}'", "each seed once");
    }

    private static bool TryRead(string text, out ulong seed) => ulong.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out seed);
}
