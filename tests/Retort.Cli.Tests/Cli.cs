using Retort.Core;
using Retort.Recipes;
using Retort.Recipes.Configuration;

namespace Retort.Cli.Tests;

/// <summary>What one command line did.</summary>
internal sealed record Outcome(int ExitCode, string Output, string Error);

/// <summary>The program, in this process, with captured writers.</summary>
internal static class Cli
{
    /// <summary>The commands, as a message lists them.</summary>
    public static string CommandNames => string.Join(
        ", ", CliApp.CreateTree(new CliHost { Output = TextWriter.Null, Error = TextWriter.Null }).Subcommands.Select(command => command.Name));

    public static Outcome Run(string[] words, Func<CliHost, CliHost>? change = null)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var host = new CliHost { Output = output, Error = error, Recipes = [new FakeRecipe()] };
        var exitCode = CliApp.Run(words, change?.Invoke(host) ?? host);
        return new Outcome(exitCode, output.ToString(), error.ToString());
    }
}

internal sealed record FakeSettings
{
    [Doc("Optimizer steps.", Unit = "steps")]
    [Positive]
    public int Steps { get; init; } = 10;
}

/// <summary>A recipe that does what it is told and remembers what it was asked.</summary>
internal sealed class FakeRecipe(Func<RecipeContext, RecipeOutcome>? run = null) : IRecipe
{
    public RecipeContext? Asked { get; private set; }

    public string Name => "fake";

    public string Summary => "Says whatever the test wants.";

    public IReadOnlyList<RecipePreset> Presets { get; } = [new("smoke", "Seconds."), new("quick", "Minutes.")];

    public IReadOnlyList<ConfigOption> Settings(string preset) => Config.Options(new FakeSettings());

    public RecipeOutcome Run(RecipeContext context)
    {
        Asked = context;
        return run?.Invoke(context) ?? new RecipeOutcome(false, "all hold", "{}");
    }
}

/// <summary>A clock that moves when told.</summary>
internal sealed class ManualTime : TimeProvider
{
    private long ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => ticks;

    public void Advance(double seconds) => ticks += TimeSpan.FromSeconds(seconds).Ticks;
}
