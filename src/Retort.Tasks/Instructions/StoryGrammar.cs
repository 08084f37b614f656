using Retort.Core;

namespace Retort.Tasks.Instructions;

/// <summary>What a story is asked to be about.</summary>
/// <param name="Mood">The mood,</param>
/// <param name="Cast">the people</param>
/// <param name="Things">and the things, by their places among the words.</param>
internal sealed record StoryPrompt(int Mood, List<int> Cast, List<int> Things);

/// <summary>
/// Stories: <c>story calm ann tom , map key lamp :</c> gives a mood, a cast and the things there are. A story has chapters, counted down to
/// 1, about the people of the cast in turn; every sentence of a chapter begins with its person: <c>chapter 2 ann finds key . ann gives
/// key to zoe . chapter 1 tom sings .</c> Nobody meets or gives to themselves, finds what they hold or gives what they did not find,
/// each chapter apart. The number of chapters is drawn first, so the story's first words tell it and the prompt does not. After each
/// sentence another one follows with the mood's probability, as long as the output has room.
/// </summary>
internal static class StoryGrammar
{
    private const int MaxChapters = 9, MaxCast = 4, NumThings = 3, HeadWords = 2, LongestSentence = 6;

    public static List<string> DrawPrompt(ref CounterRandom random)
    {
        var people = InstructionWords.People.ToArray();
        random.Shuffle(people.AsSpan());
        var things = InstructionWords.Things.ToArray();
        random.Shuffle(things.AsSpan());
        return
        [
            InstructionWords.Moods[random.NextInt32(InstructionWords.Moods.Length)], .. people.Take(random.NextInt32(1, MaxCast)),
            InstructionWords.Comma, .. things.Take(NumThings),
        ];
    }

    /// <summary>What the arguments say; null if they are of no story.</summary>
    public static StoryPrompt? ReadPrompt(WordReader reader)
    {
        var (mood, cast) = (reader.PassOneOf(InstructionWords.Moods), reader.PassAllOf(InstructionWords.People));
        var things = reader.Pass(InstructionWords.Comma) ? reader.PassAllOf(InstructionWords.Things) : [];
        return mood >= 0 && cast.Count is >= 1 and <= MaxCast && things.Count == NumThings && cast.Distinct().Count() == cast.Count
            && things.Distinct().Count() == NumThings && reader.Ends() ? new(mood, cast, things) : null;
    }

    public static List<string> Draw(InstructionSettings settings, StoryPrompt story, ref CounterRandom random)
    {
        var most = settings.MaxOutputTokens - 1;
        var chapters = 1;
        while (chapters < MaxChapters && (chapters + 1) * (HeadWords + LongestSentence) <= most && random.NextDouble() < settings.ChapterContinuation)
        {
            chapters++;
        }

        var words = new List<string>();
        var continuation = settings.Continuation(story.Mood);
        for (var left = chapters; left > 0; left--)
        {
            words.Add(InstructionWords.Chapter);
            words.Add(InstructionWords.Digit(left));
            var (person, held) = (story.Cast[(chapters - left) % story.Cast.Count], new List<int>());
            do
            {
                DrawSentence(story, person, held, words, ref random);
            }
            while (words.Count + LongestSentence + (left - 1) * (HeadWords + LongestSentence) <= most && random.NextDouble() < continuation);
        }

        return words;
    }

    /// <summary>Whether the text is such a story.</summary>
    public static bool Accepts(StoryPrompt story, WordReader reader)
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

            var (person, held) = (story.Cast[(chapters - left) % story.Cast.Count], new List<int>());
            do
            {
                if (!PassSentence(story, person, held, reader))
                {
                    return false;
                }
            }
            while (reader.Sees(InstructionWords.People[person]));
        }

        return reader.AtEnd;
    }

    private static void DrawSentence(StoryPrompt story, int person, List<int> held, List<string> words, ref CounterRandom random)
    {
        string verb;
        do
        {
            verb = InstructionWords.Verbs[random.NextInt32(InstructionWords.Verbs.Length)];
        }
        while ((verb == InstructionWords.Gives && held.Count == 0) || (verb == InstructionWords.Finds && held.Count == NumThings));

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
                var free = story.Things.Except(held).ToArray();
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

    private static bool PassSentence(StoryPrompt story, int person, List<int> held, WordReader reader)
    {
        if (!reader.Pass(InstructionWords.People[person]) || reader.PassOneOf(InstructionWords.Verbs) is var verb && verb < 0)
        {
            return false;
        }

        var right = InstructionWords.Verbs[verb] switch
        {
            InstructionWords.Meets => PassOther(person, reader),
            InstructionWords.Visits => reader.PassOneOf(InstructionWords.Places) >= 0,
            InstructionWords.Finds => Finds(story, held, reader.PassOneOf(InstructionWords.Things)),
            InstructionWords.Gives => held.Remove(reader.PassOneOf(InstructionWords.Things)) && reader.Pass(InstructionWords.To) && PassOther(person, reader),
            _ => true,
        };
        return right && reader.Pass(InstructionWords.Stop);
    }

    private static bool PassOther(int person, WordReader reader) => reader.PassOneOf(InstructionWords.People) is >= 0 and var other && other != person;

    private static bool Finds(StoryPrompt story, List<int> held, int thing)
    {
        var isNew = story.Things.Contains(thing) && !held.Contains(thing);
        held.Add(thing);
        return isNew;
    }
}
