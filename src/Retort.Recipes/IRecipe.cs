using Retort.Core;
using Retort.Recipes.Configuration;
using Retort.Recipes.Report;

namespace Retort.Recipes;

/// <summary>A published study as one command: builds the data, trains, samples, measures, judges every claim.</summary>
public interface IRecipe
{
    /// <summary>The name on the command line: "backtracking".</summary>
    string Name { get; }

    /// <summary>One line for <c>retort list</c>.</summary>
    string Summary { get; }

    /// <summary>From the smallest to the largest.</summary>
    IReadOnlyList<RecipePreset> Presets { get; }

    /// <summary>Every setting with the preset's value, for <c>retort list RECIPE</c> and the docs.</summary>
    IReadOnlyList<ConfigOption> Settings(string preset);

    /// <summary>
    /// Runs, or with <see cref="RecipeContext.DryRun"/> prices the run without starting it. Writes the run's folder.
    /// Throws <see cref="OperationCanceledException"/> after saving its state when cancelled.
    /// </summary>
    RecipeOutcome Run(RecipeContext context);
}

/// <param name="Name">smoke, quick, full or paper.</param>
/// <param name="Summary">What it does and how long it takes.</param>
public sealed record RecipePreset(string Name, string Summary);

/// <summary>What the command line asks of a recipe.</summary>
public sealed record RecipeContext
{
    /// <summary>Name of one of the recipe's presets.</summary>
    public required string Preset { get; init; }

    /// <summary>The run's folder.</summary>
    public required string OutputFolder { get; init; }

    /// <summary>A YAML file laid over the preset; null if none. See <see cref="Config.Resolve"/>.</summary>
    public string? ConfigPath { get; init; }

    /// <summary>"path.to.field=value" each, laid over the file, in order.</summary>
    public IReadOnlyList<string> Overrides { get; init; } = [];

    /// <summary>The seeds to run; null for the preset's own.</summary>
    public IReadOnlyList<ulong>? Seeds { get; init; }

    /// <summary>Ids of the claims to judge; null for all the preset judges.</summary>
    public IReadOnlyList<string>? Claims { get; init; }

    /// <summary>Threads to compute on, at least 1.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Continue what the folder holds; without it a folder with an unfinished run of another configuration is an error.</summary>
    public bool Resume { get; init; }

    /// <summary>Folders of finished parts (other seeds, other claims) to join and judge; nothing is trained.</summary>
    public IReadOnlyList<string> MergeFolders { get; init; } = [];

    /// <summary>Print the resolved configuration, parameters, FLOPs, memory and expected time; compute nothing.</summary>
    public bool DryRun { get; init; }

    /// <summary>The caller prints <see cref="RecipeOutcome.Json"/> rather than the text.</summary>
    public bool Json { get; init; }

    /// <summary>Where to say how far the work is.</summary>
    public IProgressReporter Progress { get; init; } = SilentProgress.Instance;

    /// <summary>For the durations shown to people and written to timing files only.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Ctrl-C and SIGTERM: save the state, then throw.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>
    /// Ids of the claims to judge, of those a recipe can judge and in its order: those asked for, or the preset's: none at smoke, the
    /// headline ones at quick, else all. An unknown one is a <see cref="UserError"/>.
    /// </summary>
    internal IReadOnlyList<string> ChooseClaims(IEnumerable<Claim> claims)
    {
        if (Claims is null)
        {
            return [.. claims.Where(claim => Preset != "smoke" && (Preset != "quick" || claim.Headline)).Select(claim => claim.Id)];
        }

        string[] possible = [.. claims.Select(claim => claim.Id)];
        foreach (var id in Claims)
        {
            if (!possible.Contains(id, StringComparer.OrdinalIgnoreCase))
            {
                throw UserError.Request("--claims", $"'{id}' is no claim this recipe can judge", string.Join(", ", possible), NearestName.Of(id, possible));
            }
        }

        return [.. possible.Where(id => Claims.Contains(id, StringComparer.OrdinalIgnoreCase))];
    }
}

/// <param name="AnyClaimFails">A claim's verdict is <c>fails</c>: the command's exit code is 3.</param>
/// <param name="Text">What a person reads on standard output: the verdict table, or the plan of a dry run.</param>
/// <param name="Json">The same as one JSON object: <c>report.json</c>, or the plan of a dry run.</param>
public sealed record RecipeOutcome(bool AnyClaimFails, string Text, string Json);
