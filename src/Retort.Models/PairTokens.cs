namespace Retort.Models;

/// <summary>
/// Tokens that stand for unordered pairs of other tokens, all a &lt; b of them in lexicographic order. They have no weights of their own: such
/// a token's embedding is the sum of its parts', which says an edge of a graph in one place. They are read and never written.
/// </summary>
/// <param name="First">The first token that is a part.</param>
/// <param name="NumParts">How many tokens from it on are parts.</param>
public readonly record struct PairTokens(int First, int NumParts)
{
    /// <summary>How many pairs there are.</summary>
    public int Count => NumParts * (NumParts - 1) / 2;

    /// <summary>
    /// What every token is made of, pairs after a vocabulary of <paramref name="vocabularySize"/>: itself and nothing (-1), or its parts.
    /// </summary>
    internal (int[] First, int[] Second) Parts(int vocabularySize)
    {
        var (first, second) = (new int[vocabularySize + Count], new int[vocabularySize + Count]);
        for (var token = 0; token < vocabularySize; token++)
        {
            (first[token], second[token]) = (token, -1);
        }

        var pair = vocabularySize;
        for (var a = 0; a < NumParts; a++)
        {
            for (var b = a + 1; b < NumParts; b++, pair++)
            {
                (first[pair], second[pair]) = (First + a, First + b);
            }
        }

        return (first, second);
    }
}
