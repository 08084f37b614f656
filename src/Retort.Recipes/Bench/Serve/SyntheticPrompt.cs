using Retort.Core;

namespace Retort.Recipes.Bench.Serve;

/// <summary>Prompts for those who bring none: common English words in random order, about a token each for most models.</summary>
public static class SyntheticPrompt
{
    private static readonly string[] Words =
        ("time year people way day man thing woman life child world school state family student group country problem hand part place "
        + "case week company system program question work number night point home water room mother area money story fact month lot "
        + "right study book eye job word business issue side kind head house service friend father power hour game line end member law "
        + "car city community name president team minute idea kid body information back parent face others level office door health "
        + "person art war history party result change morning reason research girl guy moment air teacher force education").Split(' ');

    /// <summary>The prompt of one request: equal for equal seed, index and length.</summary>
    public static string Of(ulong seed, int index, int words)
    {
        var random = CounterRandom.For(seed, "bench serve/prompt", (ulong)index);
        var chosen = new string[words];
        for (var i = 0; i < words; i++)
        {
            chosen[i] = Words[random.NextInt32(Words.Length)];
        }

        return string.Join(' ', chosen);
    }
}
