using System.Globalization;
using Retort.Core;

namespace Retort.Tasks.Instructions;

/// <summary>The kinds whose length the prompt shows. Arguments are what stands between the instruction and the colon.</summary>
internal static class StringInstructions
{
    private const int MaxNumber = 99;

    public static List<string> Draw(InstructionKind kind, InstructionSettings settings, ref CounterRandom random)
    {
        switch (kind)
        {
            case InstructionKind.Repeat:
                return [InstructionWords.Digit(Draw(settings.RepeatRounds, ref random)), .. DrawString(settings, ref random)];
            case InstructionKind.Count:
                // The lower of two draws: short counts are frequent.
                var counted = random.NextInt32(1, random.NextInt32(1, settings.MaxCounted));
                var first = random.NextInt32(0, MaxNumber + 1 - counted);
                return [.. Number(first), InstructionWords.To, .. Number(first + counted - 1)];
            case InstructionKind.Spell:
                var digits = new List<string>();
                for (var left = Draw(settings.Digits, ref random); left > 0; left--)
                {
                    digits.Add(InstructionWords.Digit(random.NextInt32(10)));
                }

                return digits;
            default:
                return DrawString(settings, ref random);
        }
    }

    /// <summary>The answer; null if the arguments are not of the kind.</summary>
    public static List<string>? Answer(InstructionKind kind, WordReader reader)
    {
        if (kind == InstructionKind.Count)
        {
            return Count(reader);
        }

        var rounds = kind == InstructionKind.Repeat ? reader.PassOneOf(InstructionWords.Digits) : 1;
        var places = reader.PassAllOf(kind == InstructionKind.Spell ? InstructionWords.Digits : InstructionWords.Letters);
        if (rounds < 1 || places.Count == 0 || !reader.Ends())
        {
            return null;
        }

        switch (kind)
        {
            case InstructionKind.Spell:
                return places.ConvertAll(place => InstructionWords.DigitNames[place]);
            case InstructionKind.Reverse:
                places.Reverse();
                break;
            case InstructionKind.Sort:
                places.Sort();
                break;
        }

        var words = places.ConvertAll(place => InstructionWords.Letters[place]);
        return kind == InstructionKind.Repeat
            ? [.. Enumerable.Range(0, rounds).SelectMany(round => words.Prepend(InstructionWords.Digit(rounds - round)))]
            : words;
    }

    public static int Draw(IntRange range, ref CounterRandom random) => random.NextInt32(range.Low, range.High);

    private static List<string> DrawString(InstructionSettings settings, ref CounterRandom random)
    {
        var letters = InstructionWords.Letters.ToArray();
        random.Shuffle(letters.AsSpan());
        return [.. letters.Take(Draw(settings.StringLength, ref random))];
    }

    private static List<string>? Count(WordReader reader)
    {
        var first = ReadNumber(reader);
        if (first < 0 || !reader.Pass(InstructionWords.To) || ReadNumber(reader) is var last && last < first || !reader.Ends())
        {
            return null;
        }

        var words = new List<string>(Number(first));
        for (var number = first + 1; number <= last; number++)
        {
            words.Add(InstructionWords.Comma);
            words.AddRange(Number(number));
        }

        return words;
    }

    private static IEnumerable<string> Number(int value) => value.ToString(CultureInfo.InvariantCulture).Select(digit => InstructionWords.Digit(digit - '0'));

    /// <summary>One or two digits, no zero before another; -1 if none comes.</summary>
    private static int ReadNumber(WordReader reader)
    {
        var digits = reader.PassAllOf(InstructionWords.Digits);
        return digits.Count switch { 1 => digits[0], 2 when digits[0] > 0 => 10 * digits[0] + digits[1], _ => -1 };
    }
}
