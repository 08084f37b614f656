using System.Globalization;

namespace Retort.Tasks.ScrambledArithmetic;

/// <summary>The tokens of the grammar: the numbers 0..99 and 26 symbols.</summary>
internal static class ArithmeticWords
{
    public const string Question = "Q", Colon = ":", Semicolon = ";", Equal = "=", Plus = "+", Minus = "-", Times = "x", Comma = ",";

    /// <summary>First tokens of the formats.</summary>
    public const string Program = "F", OpenCode = "<c>", Step = "step";

    public const string Return = "ret", Quote = "\"", CloseCode = "</c>", OpenOutput = "<o>", CloseOutput = "</o>", Answer = "ans";

    public const int NumVariables = 9;

    public static readonly string[] Operations = [Plus, Minus, Times];

    public static readonly string[] Numbers = [.. Enumerable.Range(0, Chain.MaxValue + 1).Select(value => value.ToString(CultureInfo.InvariantCulture))];

    public static readonly string[] Vocabulary =
    [
        .. Numbers, Question, Colon, Semicolon, Equal, .. Operations, Comma, Program, .. Enumerable.Range(1, NumVariables).Select(Variable), Return, Quote,
        OpenCode, CloseCode, OpenOutput, CloseOutput, Step, Answer,
    ];

    /// <summary>The variable of a step, counted from 1.</summary>
    public static string Variable(int step) => string.Create(CultureInfo.InvariantCulture, $"v{step}");

    public static string[] Split(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The number a token is, 0..99; -1 if it is none.</summary>
    public static int NumberOf(string token) =>
        token.Length is 1 or 2 && int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && Numbers[value] == token ? value : -1;
}
