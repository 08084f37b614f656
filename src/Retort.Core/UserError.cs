namespace Retort.Core;

/// <summary>
/// A mistake in a request (exit code 2) or a fault of the environment (exit code 1), told in one message: what is wrong,
/// where, what was expected and, where there is one, the nearest valid choice. Never shown with a stack trace.
/// </summary>
public sealed class UserError : Exception
{
    private UserError(string message, int exitCode, Exception? inner)
        : base(message, inner) => ExitCode = exitCode;

    /// <summary>2 for a wrong request, 1 for a fault of the environment.</summary>
    public int ExitCode { get; }

    /// <summary>The request was wrong: "<paramref name="where"/>: <paramref name="what"/>; expected ...; did you mean ...?"</summary>
    public static UserError Request(string where, string what, string? expected = null, string? nearest = null) =>
        new(Compose(where, what, expected, nearest), 2, null);

    /// <summary>The environment failed us: a full disk, a folder without permission.</summary>
    public static UserError Environment(string where, string what, string? expected = null, Exception? inner = null) =>
        new(Compose(where, what, expected, null), 1, inner);

    private static string Compose(string where, string what, string? expected, string? nearest) =>
        $"{where}: {what}" + (expected is null ? "" : $"; expected {expected}")
        + (nearest is null ? "" : $"; did you mean '{nearest}'?");
}
