using System.Globalization;
using System.Text;

namespace Retort.Models.Tokenizers;

/// <summary>
/// Unicode's Normalization Form C (UAX 15), from tables of Unicode 14.0. Our own because .NET without ICU, which a fresh
/// machine lacks, returns every text unchanged.
/// </summary>
internal static class UnicodeComposition
{
    // Hangul is arithmetic (The Unicode Standard, section 3.12): leading, vowel and trailing jamo, and their products.
    private const int LeadBase = 0x1100, VowelBase = 0x1161, TrailBase = 0x11A7, SyllableBase = 0xAC00;
    private const int NumLeads = 19, NumVowels = 21, NumTrails = 28, NumSyllables = NumLeads * NumVowels * NumTrails;

    private static readonly Tables Data = Load();

    /// <summary>The composed form of a text.</summary>
    public static string Compose(string text)
    {
        // Nothing below U+0300 decomposes without recomposing, or combines with what is before it.
        if (!text.AsSpan().ContainsAnyExceptInRange('\0', '\u02FF'))
        {
            return text;
        }

        var characters = new List<int>(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            Decompose(rune.Value, characters);
        }

        Reorder(characters);
        Recompose(characters);
        var composed = new StringBuilder(text.Length);
        foreach (var character in characters)
        {
            composed.Append(char.ConvertFromUtf32(character));
        }

        return composed.ToString();
    }

    private static void Decompose(int character, List<int> into)
    {
        if (character is >= SyllableBase and < SyllableBase + NumSyllables)
        {
            var index = character - SyllableBase;
            into.Add(LeadBase + index / (NumVowels * NumTrails));
            into.Add(VowelBase + index % (NumVowels * NumTrails) / NumTrails);
            if (index % NumTrails is > 0 and var trail)
            {
                into.Add(TrailBase + trail);
            }
        }
        else if (Data.Parts.TryGetValue(character, out var parts))
        {
            foreach (var part in parts)
            {
                Decompose(part, into);
            }
        }
        else
        {
            into.Add(character);
        }
    }

    /// <summary>Sorts each run of combining marks by class, stably.</summary>
    private static void Reorder(List<int> characters)
    {
        for (var i = 1; i < characters.Count; i++)
        {
            var (character, mark) = (characters[i], Class(characters[i]));
            var j = i;
            for (; mark > 0 && j > 0 && Class(characters[j - 1]) > mark; j--)
            {
                characters[j] = characters[j - 1];
            }

            characters[j] = character;
        }
    }

    private static void Recompose(List<int> characters)
    {
        // starter: where the last starter was written; lastClass: of the last mark kept after it, -1 if none.
        var (starter, lastClass, count) = (-1, -1, 0);
        foreach (var character in characters.ToArray())
        {
            var mark = Class(character);
            // A mark is blocked by one of its own class or higher, a starter by any mark.
            if (starter >= 0 && (lastClass < mark || lastClass == -1) && Composite(characters[starter], character) is { } composite)
            {
                characters[starter] = composite;
                continue;
            }

            if (mark == 0)
            {
                (starter, lastClass) = (count, -1);
            }
            else
            {
                lastClass = mark;
            }

            characters[count++] = character;
        }

        characters.RemoveRange(count, characters.Count - count);
    }

    private static int? Composite(int first, int second)
    {
        if (first is >= LeadBase and < LeadBase + NumLeads && second is >= VowelBase and < VowelBase + NumVowels)
        {
            return SyllableBase + ((first - LeadBase) * NumVowels + second - VowelBase) * NumTrails;
        }

        if (first is >= SyllableBase and < SyllableBase + NumSyllables && (first - SyllableBase) % NumTrails == 0
            && second is > TrailBase and < TrailBase + NumTrails)
        {
            return first + second - TrailBase;
        }

        return Data.Composites.TryGetValue((first, second), out var composite) ? composite : null;
    }

    private static int Class(int character) => Data.Classes.GetValueOrDefault(character);

    private static Tables Load()
    {
        var tables = new Tables([], [], []);
        using var stream = typeof(UnicodeComposition).Assembly.GetManifestResourceStream("UnicodeComposition.txt")!;
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            if (line[0] == '#')
            {
                continue;
            }

            var numbers = line.Split('=', '-', '+', ':').Select(text => int.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)).ToArray();
            if (line.Contains(':', StringComparison.Ordinal))
            {
                for (var i = 0; i < numbers[1]; i++)
                {
                    tables.Classes.Add(numbers[0] + i, numbers[2]);
                }

                continue;
            }

            tables.Parts.Add(numbers[0], numbers[1..]);
            if (line.Contains('=', StringComparison.Ordinal))
            {
                tables.Composites.Add((numbers[1], numbers[2]), numbers[0]);
            }
        }

        return tables;
    }

    private sealed record Tables(
        Dictionary<int, int[]> Parts, Dictionary<(int, int), int> Composites, Dictionary<int, int> Classes);
}
