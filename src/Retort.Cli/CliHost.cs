using Retort.Cli.Progress;
using Retort.Recipes;

namespace Retort.Cli;

/// <summary>
/// Everything a command has of the world around it, so that a test can be that world. Data goes to
/// <see cref="Output"/>, progress and notes to <see cref="Error"/>.
/// </summary>
internal sealed record CliHost
{
    public required TextWriter Output { get; init; }

    public required TextWriter Error { get; init; }

    /// <summary>Progress is drawn in place, on a line of <see cref="Width"/> columns.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>Colours are wanted: a terminal, and NO_COLOR (https://no-color.org) is not set.</summary>
    public bool Colors { get; init; }

    /// <summary>Columns of text.</summary>
    public int Width { get; init; } = 80;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public IReadOnlyList<IRecipe> Recipes { get; init; } = RecipeRegistry.All;

    /// <summary>Ctrl-C and SIGTERM.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>Where logs of unexpected faults go.</summary>
    public string LogFolder { get; init; } = Path.GetTempPath();

    public static CliHost OfProcess(CancellationToken cancellation)
    {
        var terminal = !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "dumb");
        return new CliHost
        {
            Output = Console.Out,
            Error = Console.Error,
            ErrorIsTerminal = terminal,
            Colors = terminal && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")),
            Width = Console.IsOutputRedirected ? 80 : Math.Max(40, Console.WindowWidth),
            Cancellation = cancellation,
        };
    }

    /// <summary>Live on a terminal, plain lines when piped, nothing where only JSON is wanted.</summary>
    public TextProgress? CreateProgress(bool json) =>
        json ? null : ErrorIsTerminal ? new TerminalProgress(Error, Width, Colors, Time) : new PlainProgress(Error, Time);
}
