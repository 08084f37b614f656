using Retort.Core;

namespace Retort.Training;

/// <summary>How training changes a sequence's position ids, so that a model meets more of them than its sequences are long.</summary>
public enum PositionJitterKind
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>All shifted by one random number, as far as the ids reach.</summary>
    Offset,

    /// <summary>Two chunks, the second shifted by a random skip (PoSE; Zhu et al. 2023).</summary>
    Skip,

    /// <summary>A random subset of all ids, in order.</summary>
    Subset,

    /// <summary>
    /// A random subset, in order, of a random stretch of ids: anything from <see cref="Offset"/>, where the stretch is no longer than need be, to
    /// <see cref="Subset"/>, where it is all of them.
    /// </summary>
    Stretch,
}

/// <summary>
/// Draws the ids that a sequence has for one step. The ids 0 of a task's own numbering mean "no position" and stay; in a plain numbering
/// 0 is an id like others. Order and equality of ids are kept. Buffers are used again: drawing allocates nothing.
/// </summary>
/// <param name="kind">How.</param>
/// <param name="numIds">Ids there are, 0 to one less.</param>
internal sealed class PositionJitter(PositionJitterKind kind, int numIds)
{
    private readonly int[] places = kind == PositionJitterKind.None ? [] : new int[numIds];

    /// <summary>Replaces <paramref name="ids"/>, the largest of which is below the number of ids.</summary>
    /// <param name="ids">A sequence's ids.</param>
    /// <param name="isPlain">They are 0, 1, 2, ...</param>
    /// <param name="random">The sequence's own numbers.</param>
    public void Apply(Span<int> ids, bool isPlain, ref CounterRandom random)
    {
        var low = isPlain ? 0 : 1;
        var highest = -1;
        foreach (var id in ids)
        {
            highest = Math.Max(highest, id);
        }

        var (count, available) = (highest + 1 - low, numIds - low);
        if (kind == PositionJitterKind.None || count <= 0)
        {
            return;
        }

        Place(count, available, ref random);
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = ids[i] < low ? ids[i] : low + places[ids[i] - low];
        }
    }

    /// <summary>Puts <paramref name="count"/> ascending numbers below <paramref name="available"/> into the places.</summary>
    private void Place(int count, int available, ref CounterRandom random)
    {
        if (kind is PositionJitterKind.Subset or PositionJitterKind.Stretch)
        {
            var width = kind == PositionJitterKind.Subset ? available : random.NextInt32(count, available);
            var start = width == available ? 0 : random.NextInt32(available - width + 1);
            // Selection sampling: each number is taken with the chance that leaves as many as are wanted (Knuth, 3.4.2 S).
            for (var (number, taken) = (0, 0); taken < count; number++)
            {
                if (random.NextInt32(width - number) < count - taken)
                {
                    places[taken++] = start + number;
                }
            }

            return;
        }

        var cut = kind == PositionJitterKind.Skip ? 1 + random.NextInt32((count + 1) / 2) : 0;
        var skip = random.NextInt32(available - count + 1);
        for (var i = 0; i < count; i++)
        {
            places[i] = i < cut ? i : i + skip;
        }
    }
}
