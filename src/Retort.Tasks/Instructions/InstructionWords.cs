using System.Globalization;

namespace Retort.Tasks.Instructions;

/// <summary>The words of the grammar: 95, one token each.</summary>
internal static class InstructionWords
{
    /// <summary>Ends every prompt.</summary>
    public const string Close = ":";

    public const string To = "to", Comma = ",", Open = "(", Shut = ")", Stop = ".", Halt = "halt", Chapter = "chapter";

    public const string Meets = "meets", Finds = "finds", Visits = "visits", Gives = "gives";

    public static readonly string[] Kinds = [.. Enum.GetNames<InstructionKind>().Select(name => name.ToLowerInvariant())];

    public static readonly string[] Digits = [.. Enumerable.Range(0, 10).Select(digit => digit.ToString(CultureInfo.InvariantCulture))];

    public static readonly string[] DigitNames = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

    /// <summary>In the order that sorting means.</summary>
    public static readonly string[] Letters = [.. Enumerable.Range('a', 26).Select(letter => ((char)letter).ToString())];

    /// <summary>From the shortest stories to the longest.</summary>
    public static readonly string[] Moods = ["brief", "calm", "lively", "epic"];

    public static readonly string[] People = ["ann", "ben", "eve", "ivy", "leo", "max", "tom", "zoe"];

    public static readonly string[] Things = ["apple", "book", "coin", "drum", "key", "lamp", "map", "rope"];

    public static readonly string[] Places = ["cave", "farm", "lake", "mill", "port", "town"];

    /// <summary>Verbs; those after the first four stand alone.</summary>
    public static readonly string[] Verbs = [Meets, Finds, Visits, Gives, "sings", "sleeps", "waits"];

    public static readonly string[] Vocabulary =
    [
        .. Kinds, Close, To, Comma, Open, Shut, Stop, Halt, Chapter, .. Digits, .. DigitNames, .. Letters, .. Moods, .. People, .. Things,
        .. Places, .. Verbs,
    ];

    public static string Digit(int value) => Digits[value];
}
