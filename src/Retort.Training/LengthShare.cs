using Retort.Core;

namespace Retort.Training;

/// <summary>
/// A part of a training mixture: sequences of at most <paramref name="MaxTokens"/> tokens, drawn with weight
/// <paramref name="Weight"/> once <paramref name="From"/> of the training is over. Short searches end within sight of their problem, so
/// the rare token that ends a search is seen many times as often as in traces drawn evenly.
/// </summary>
/// <param name="MaxTokens">Longest sequence of the part, in tokens.</param>
/// <param name="Weight">Relative to the other parts drawn from at the time.</param>
/// <param name="From">Share of the training before which the part is left out.</param>
public sealed record LengthShare(
    [property: Positive] int MaxTokens, [property: Positive] double Weight, [property: Range(0, 1, MaxExclusive = true)] double From = 0)
{
    /// <summary>The mixture of a set's parts, for a training that draws so many sequences; of the whole set where there are no parts.</summary>
    /// <exception cref="UserError">A part has no sequence, or none is there from the beginning.</exception>
    public static Mixture Mix(ulong seed, SequenceSet set, IReadOnlyList<LengthShare> parts, long sequences)
    {
        if (parts.Count == 0)
        {
            return new Mixture(seed, (set, 1));
        }

        if (parts.All(part => part.From > 0))
        {
            throw UserError.Request("lengths", "every part begins later", "one part with from: 0");
        }

        return new Mixture(seed, [.. parts.Select(part => new MixturePart(part.Of(set), part.Weight, (long)(part.From * sequences)))]);
    }

    private SequenceSet Of(SequenceSet set)
    {
        var part = set.UpTo(MaxTokens);
        return part.Count > 0
            ? part
            : throw UserError.Request("lengths", $"no training sequence has at most {MaxTokens} tokens", "a larger maxTokens");
    }
}
