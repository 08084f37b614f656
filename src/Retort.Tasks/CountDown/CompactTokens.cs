using System.Globalization;

namespace Retort.Tasks.CountDown;

/// <summary>
/// The compact form of section 6.1. One token a whole number, operator or mark:
/// <code>
/// prompt    target : n1 n2 n3 n4 |
/// step      a op b = r [ list ]      two or more numbers remain, and the search goes on from them
///           a op b = r G             one number remains, the target: the trace ends
///           a op b = r X             one number remains, a wrong one
///           a op b = r [ x y ] X     think: the pair is judged hopeless and not expanded
/// return    B [ list ]               back to an earlier state, whose next successor follows
/// beam      M [ list ]               a state is expanded, the root first: the steps that follow start there and the
///                                    lists they leave are kept for later;  N  nothing is left to expand
/// stacked   a op b = r E             the first half made its number;  [ list ]  the second half begins
/// restated  a op b = r target X      (G, E) the number wanted stands before the mark, if the settings say so
/// </code>
/// Lists of stacked problems print the waiting numbers after those in play.
/// </summary>
public static class CompactTokens
{
    /// <summary>The largest number that every vocabulary has a token for.</summary>
    public const int MaxNumber = 99;

    /// <summary>The largest number that a vocabulary can be given a token for.</summary>
    public const int MaxExtraNumber = 999;

    /// <summary>The marks after a single number: goal, wrong, halfway.</summary>
    public static IReadOnlyList<string> LeafMarks { get; } = [$"{Goal}", $"{Fail}", $"{Halfway}"];

    internal const char Colon = ':', Separator = '|', Back = 'B', Goal = 'G', Fail = 'X', Move = 'M', GiveUp = 'N', Halfway = 'E';

    /// <summary>All 115 tokens in their fixed order: 0..99, then operators, brackets and marks. No start, end or padding.</summary>
    public static IReadOnlyList<string> All { get; } =
        [.. Enumerable.Range(0, MaxNumber + 1).Select(Name), "+", "-", "*", "/", "=", "[", "]", ":", "|", "B", "G", "X", "M", "N", "E"];

    /// <summary><see cref="All"/>, then the numbers from 100 to <paramref name="largest"/>: a wider vocabulary begins with a narrower one.</summary>
    public static IReadOnlyList<string> UpTo(int largest) =>
        largest <= MaxNumber ? All : [.. All, .. Enumerable.Range(MaxNumber + 1, largest - MaxNumber).Select(Name)];

    /// <summary>Tokens in a text whose tokens single spaces separate.</summary>
    public static int Count(ReadOnlySpan<byte> text) =>
        text.Length == 0 ? 0 : System.MemoryExtensions.Count(text, (byte)' ') + (text[0] == ' ' ? 0 : 1);

    /// <inheritdoc cref="Count(ReadOnlySpan{byte})"/>
    public static int Count(ReadOnlySpan<char> text) =>
        text.Length == 0 ? 0 : System.MemoryExtensions.Count(text, ' ') + (text[0] == ' ' ? 0 : 1);

    private static string Name(int number) => number.ToString(CultureInfo.InvariantCulture);
}
