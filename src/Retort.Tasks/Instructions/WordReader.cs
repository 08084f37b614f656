namespace Retort.Tasks.Instructions;

/// <summary>Reads a text word by word; white space is free. Nothing throws: what does not come is not passed.</summary>
internal sealed class WordReader(string text)
{
    private readonly string[] words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
    private int position;

    public bool AtEnd => position == words.Length;

    /// <summary>The words with single spaces between; null if there are none or one is not of the grammar.</summary>
    public string? Canonical => words.Length > 0 && Array.TrueForAll(words, word => InstructionWords.Vocabulary.Contains(word))
        ? string.Join(' ', words) : null;

    /// <summary>Whether the given word comes next.</summary>
    public bool Sees(string word) => !AtEnd && words[position] == word;

    /// <summary>Passes the given word if it comes next.</summary>
    public bool Pass(string word)
    {
        var sees = Sees(word);
        position += sees ? 1 : 0;
        return sees;
    }

    /// <summary>Passes one word of a set and gives its place there; -1 if none comes.</summary>
    public int PassOneOf(string[] set)
    {
        var place = AtEnd ? -1 : Array.IndexOf(set, words[position]);
        position += place >= 0 ? 1 : 0;
        return place;
    }

    /// <summary>Passes words of a set as long as they come, and gives their places there.</summary>
    public List<int> PassAllOf(string[] set)
    {
        var places = new List<int>();
        while (PassOneOf(set) is >= 0 and var place)
        {
            places.Add(place);
        }

        return places;
    }

    /// <summary>Passes what ends a prompt; true if nothing follows.</summary>
    public bool Ends() => Pass(InstructionWords.Close) && AtEnd;
}
