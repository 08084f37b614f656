namespace Retort.Tasks;

/// <summary>
/// A task whose vocabulary ends in words that stand for pairs of its other words, all unordered pairs of some of them in lexicographic
/// order. A model may read such a word as the sum of its two.
/// </summary>
public interface IPairVocabulary : ITask
{
    /// <summary>The first word of the vocabulary that is a part, and how many from it on are; null: these settings have no pairs.</summary>
    (int First, int Count)? PairParts { get; }
}
