using Retort.Core;

namespace Retort.Tasks.Instructions;

/// <summary>
/// A program of letters and loops: <c>a 2 ( b 3 ( c ) )</c>. Run, it writes its letters, and before each round of a loop how many rounds
/// are left, this one counted. No letter comes twice, so that what was written last says where the program is.
/// </summary>
internal static class LoopProgram
{
    private const int MaxParts = 3, MaxRun = 3, MaxDepth = 16;

    /// <summary>Probability that a part is a loop rather than a run of letters.</summary>
    private const double LoopShare = 0.5;

    /// <summary>A program with at least one loop; it may be too long, or have lost its letters: then it is empty.</summary>
    public static List<string> Draw(InstructionSettings settings, ref CounterRandom random)
    {
        var letters = InstructionWords.Letters.ToArray();
        random.Shuffle(letters.AsSpan());
        var (words, unused) = (new List<string>(), new Stack<string>(letters));
        DrawBody(settings, 0, words, unused, ref random);
        return unused.Count > 0 && words.Contains(InstructionWords.Open) ? words : [];
    }

    /// <summary>What the program writes; null if it is none or writes more than <paramref name="mostWords"/>.</summary>
    public static List<string>? Answer(WordReader reader, int mostWords)
    {
        var words = new List<string>();
        return Run(reader, words, mostWords, 0) && words.Count > 0 && reader.Ends() ? words : null;
    }

    private static void DrawBody(InstructionSettings settings, int depth, List<string> words, Stack<string> unused, ref CounterRandom random)
    {
        for (var parts = random.NextInt32(1, MaxParts); parts > 0; parts--)
        {
            if (depth < settings.Nesting && random.NextDouble() < LoopShare)
            {
                words.Add(InstructionWords.Digit(StringInstructions.Draw(settings.LoopRounds, ref random)));
                words.Add(InstructionWords.Open);
                DrawBody(settings, depth + 1, words, unused, ref random);
                words.Add(InstructionWords.Shut);
                continue;
            }

            for (var run = random.NextInt32(1, MaxRun); run > 0 && unused.Count > 0; run--)
            {
                words.Add(unused.Pop());
            }
        }
    }

    private static bool Run(WordReader reader, List<string> words, int mostWords, int depth)
    {
        while (words.Count <= mostWords && depth <= MaxDepth)
        {
            if (reader.PassOneOf(InstructionWords.Letters) is >= 0 and var letter)
            {
                words.Add(InstructionWords.Letters[letter]);
                continue;
            }

            var rounds = reader.PassOneOf(InstructionWords.Digits);
            if (rounds < 0)
            {
                return true;
            }

            var body = new List<string>();
            if (rounds == 0 || !reader.Pass(InstructionWords.Open) || !Run(reader, body, mostWords, depth + 1) || body.Count == 0
                || !reader.Pass(InstructionWords.Shut))
            {
                return false;
            }

            for (var left = rounds; left > 0 && words.Count <= mostWords; left--)
            {
                words.Add(InstructionWords.Digit(left));
                words.AddRange(body);
            }
        }

        return false;
    }
}
