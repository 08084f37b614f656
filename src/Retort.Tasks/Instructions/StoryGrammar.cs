using Retort.Core;

namespace Retort.Tasks.Instructions;

/// <summary>
/// Stories: <c>story calm ann tom :</c> gives a mood and a cast. A story has chapters, counted down to 1, about the people of the cast in
/// turn; every sentence of a chapter begins with its person: <c>chapter 2 ann finds key . ann gives key to zoe . chapter 1 tom sings .</c> Nobody
/// meets or gives to themselves, finds what they hold or gives what they did not find, each chapter apart. The number of chapters is drawn
/// first, so the story's first words tell it and the prompt does not. After each sentence another one follows with the mood's
/// probability, as long as the output has room.
/// </summary>
internal static class StoryGrammar
{
    private const int MaxChapters = 9, MaxCast = 4, HeadWords = 2, LongestSentence = 6;

    public static List<string> DrawPrompt(ref CounterRandom random)
    {
        var people = InstructionWords.People.ToArray();
        random.Shuffle(people.AsSpan());
        return [InstructionWords.Moods[random.NextInt32(InstructionWords.Moods.Length)], .. people.Take(random.NextInt32(1, MaxCast))];
    }

    /// <summary>Mood and cast by their places; null if the arguments are of no story.</summary>
    public static (int Mood, List<int> Cast)? ReadPrompt(WordReader reader)
    {
        var (mood, cast) = (reader.PassOneOf(InstructionWords.Moods), reader.PassAllOf(InstructionWords.People));
        return mood >= 0 && cast.Count is >= 1 and <= MaxCast && cast.Distinct().Count() == cast.Count && reader.Ends() ? (mood, cast) : null;
    }

    public static List<string> Draw(InstructionSettings settings, int mood, List<int> cast, ref CounterRandom random)
    {
        var most = settings.MaxOutputTokens - 1;
        var chapters = 1;
        while (chapters < MaxChapters && (chapters + 1) * (HeadWords + LongestSentence) <= most && random.NextDouble() < settings.ChapterContinuation)
        {
            chapters++;
        }

        var words = new List<string>();
        var continuation = settings.Continuation(mood);
        for (var left = chapters; left > 0; left--)
        {
            words.Add(InstructionWords.Chapter);
            words.Add(InstructionWords.Digit(left));
            var (person, held) = (cast[(chapters - left) % cast.Count], new List<int>());
            do
            {
                DrawSentence(person, held, words, ref random);
            }
            while (words.Count + LongestSentence + (left - 1) * (HeadWords + LongestSentence) <= most && random.NextDouble() < continuation);
        }

        return words;
    }

    /// <summary>Whether the text is a story of this cast.</summary>
    public static bool Accepts(List<int> cast, WordReader reader)
    {
        if (!reader.Pass(InstructionWords.Chapter) || reader.PassOneOf(InstructionWords.Digits) is var chapters && chapters < 1)
        {
            return false;
        }

        for (var left = chapters; left > 0; left--)
        {
            if (left < chapters && !(reader.Pass(InstructionWords.Chapter) && reader.Pass(InstructionWords.Digit(left))))
            {
                return false;
            }

            var (person, held) = (cast[(chapters - left) % cast.Count], new List<int>());
            do
            {
                if (!PassSentence(person, held, reader))
                {
                    return false;
                }
            }
            while (reader.Sees(InstructionWords.People[person]));
        }

        return reader.AtEnd;
    }

    private static void DrawSentence(int person, List<int> held, List<string> words, ref CounterRandom random)
    {
        string verb;
        do
        {
            verb = InstructionWords.Verbs[random.NextInt32(InstructionWords.Verbs.Length)];
        }
        while ((verb == InstructionWords.Gives && held.Count == 0) || (verb == InstructionWords.Finds && held.Count == InstructionWords.Things.Length));

        words.Add(InstructionWords.People[person]);
        words.Add(verb);
        switch (verb)
        {
            case InstructionWords.Meets:
                words.Add(Other(person, ref random));
                break;
            case InstructionWords.Visits:
                words.Add(InstructionWords.Places[random.NextInt32(InstructionWords.Places.Length)]);
                break;
            case InstructionWords.Finds:
                var free = Enumerable.Range(0, InstructionWords.Things.Length).Except(held).ToArray();
                held.Add(free[random.NextInt32(free.Length)]);
                words.Add(InstructionWords.Things[held[^1]]);
                break;
            case InstructionWords.Gives:
                var given = held[random.NextInt32(held.Count)];
                held.Remove(given);
                words.AddRange([InstructionWords.Things[given], InstructionWords.To, Other(person, ref random)]);
                break;
        }

        words.Add(InstructionWords.Stop);
    }

    private static string Other(int person, ref CounterRandom random) =>
        InstructionWords.People[(person + random.NextInt32(1, InstructionWords.People.Length - 1)) % InstructionWords.People.Length];

    private static bool PassSentence(int person, List<int> held, WordReader reader)
    {
        if (!reader.Pass(InstructionWords.People[person]) || reader.PassOneOf(InstructionWords.Verbs) is var verb && verb < 0)
        {
            return false;
        }

        var right = InstructionWords.Verbs[verb] switch
        {
            InstructionWords.Meets => PassOther(person, reader),
            InstructionWords.Visits => reader.PassOneOf(InstructionWords.Places) >= 0,
            InstructionWords.Finds => Finds(held, reader.PassOneOf(InstructionWords.Things)),
            InstructionWords.Gives => held.Remove(reader.PassOneOf(InstructionWords.Things)) && reader.Pass(InstructionWords.To) && PassOther(person, reader),
            _ => true,
        };
        return right && reader.Pass(InstructionWords.Stop);
    }

    private static bool PassOther(int person, WordReader reader) => reader.PassOneOf(InstructionWords.People) is >= 0 and var other && other != person;

    private static bool Finds(List<int> held, int thing)
    {
        var isNew = thing >= 0 && !held.Contains(thing);
        held.Add(thing);
        return isNew;
    }
}
