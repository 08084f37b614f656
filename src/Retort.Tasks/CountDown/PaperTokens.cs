using System.Text;

namespace Retort.Tasks.CountDown;

/// <summary>
/// The paper's tokenizer (section 2.4): digits one by one, whole words, symbols; white space is no token. The lengths the
/// paper reports count prompt and trace without START and END: the commonest length of its 20,000 traces is 24, which is
/// a lone state line (every successor pruned) with four two-digit numbers and nothing else.
/// </summary>
public static class PaperTokens
{
    /// <summary>The 42 tokens texts are made of, in the order of the published tokenizer.</summary>
    public static IReadOnlyList<string> Grammar { get; } =
    [
        "0", "1", "2", "3", "4", "5", "6", "7", "8", "9",
        "Exploring", "found", "Solution", "solution", "equal", "unequal", "Resulting", "to", "Operations", "Reached", "No",
        "Current", "Operation", "Node", "Moving", "Generated", "from", "State", "Numbers", "Goal",
        "+", "-", "*", "/", "=", "[", "]", "#", ",", ":", ".", "'",
    ];

    /// <summary>All 46: <see cref="Grammar"/>, then UNK, PAD, START, END.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Grammar, "UNK", "PAD", "START", "END"];

    /// <summary>Tokens of a text in the paper's words: every letter run, every other visible character.</summary>
    public static int Count(ReadOnlySpan<byte> text)
    {
        // A token starts at every visible character that is not a letter after a letter.
        var (count, afterLetter) = (0, false);
        foreach (var c in text)
        {
            var letter = (uint)((c | 0x20) - 'a') < 26;
            count += c > ' ' && !(letter && afterLetter) ? 1 : 0;
            afterLetter = letter;
        }

        return count;
    }

    /// <inheritdoc cref="Count(ReadOnlySpan{byte})"/>
    public static int Count(ReadOnlySpan<char> text)
    {
        var (count, afterLetter) = (0, false);
        foreach (var c in text)
        {
            var letter = char.IsAsciiLetter(c);
            count += c > ' ' && !(letter && afterLetter) ? 1 : 0;
            afterLetter = letter;
        }

        return count;
    }

    /// <summary>The same text as tokens separated by single spaces: what a tokenizer without white space gives back.</summary>
    public static string Spaced(ReadOnlySpan<char> text)
    {
        var spaced = new StringBuilder(2 * text.Length);
        var afterLetter = false;
        foreach (var c in text)
        {
            var letter = char.IsAsciiLetter(c);
            if (c > ' ')
            {
                if (spaced.Length > 0 && !(letter && afterLetter))
                {
                    spaced.Append(' ');
                }

                spaced.Append(c);
            }

            afterLetter = letter;
        }

        return spaced.ToString();
    }
}
