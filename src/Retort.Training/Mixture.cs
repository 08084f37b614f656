using Retort.Core;

namespace Retort.Training;

/// <summary>A set of a mixture.</summary>
/// <param name="Set">Sequences.</param>
/// <param name="Weight">Relative to the other parts drawn from at the time; above 0.</param>
/// <param name="From">First item of the stream that may come from it: a curriculum begins with fewer parts.</param>
public readonly record struct MixturePart(SequenceSet Set, double Weight, long From = 0);

/// <summary>
/// An endless stream over weighted sets of sequences. Item number n is a pure function of (seed, n): which set it comes
/// from is drawn by weight, and each set is passed through in a new random order every epoch. Its whole state is n, so a resumed
/// stream is the unbroken one.
/// </summary>
public sealed class Mixture
{
    private readonly MixturePart[] parts;
    private readonly int[][] orders;
    private readonly long[] epochs, counts;
    private readonly ulong seed, pickPurpose;

    /// <summary>A mixture of sets, each with a weight above 0.</summary>
    public Mixture(ulong seed, params (SequenceSet Set, double Weight)[] parts)
        : this(seed, [.. parts.Select(part => new MixturePart(part.Set, part.Weight))])
    {
    }

    /// <summary>A mixture of parts, of which one at least is there from the beginning.</summary>
    public Mixture(ulong seed, IReadOnlyList<MixturePart> parts)
    {
        if (parts.Any(part => part.Set.Count == 0 || !(part.Weight > 0)) || !parts.Any(part => part.From <= 0))
        {
            throw new ArgumentException("a mixture needs sets that are not empty, with weights above 0, and one from the beginning");
        }

        (this.seed, this.parts) = (seed, [.. parts]);
        pickPurpose = CounterRandom.Hash("mixture/pick");
        orders = [.. parts.Select(part => Enumerable.Range(0, part.Set.Count).ToArray())];
        epochs = new long[parts.Count];
        counts = new long[parts.Count];
        Rewind();
    }

    /// <summary>Seed of the order.</summary>
    public ulong Seed => seed;

    /// <summary>The largest position id of any token, those that are only predicted among them if <paramref name="withLast"/> says so.</summary>
    public int MaxPositionId(bool withLast) => parts.Max(part => withLast ? part.Set.MaxNextPositionId : part.Set.MaxPositionId);

    /// <summary>Items drawn so far.</summary>
    public long Position { get; private set; }

    /// <summary>Tokens of the longest sequence of any set.</summary>
    public int MaxLength => parts.Max(part => part.Set.MaxLength);

    /// <summary>The next item: a set and an index into it.</summary>
    public (SequenceSet Set, int Index) Next()
    {
        var part = PartOf(Position++);
        var set = parts[part].Set;
        var (epoch, place) = Math.DivRem(counts[part]++, set.Count);
        if (epoch != epochs[part])
        {
            Reorder(part, epoch);
        }

        return (set, orders[part][place]);
    }

    /// <summary>Moves to an absolute position.</summary>
    public void Seek(long position)
    {
        Rewind();
        if (parts.Length == 1)
        {
            Position = counts[0] = position;
            return;
        }

        while (Position < position)
        {
            counts[PartOf(Position++)]++;
        }
    }

    private void Rewind()
    {
        Position = 0;
        Array.Clear(counts);
        Array.Fill(epochs, -1);
    }

    private int PartOf(long position)
    {
        if (parts.Length == 1)
        {
            return 0;
        }

        var random = CounterRandom.For(seed, pickPurpose, (ulong)position);
        var left = random.NextDouble() * WeightAt(position);
        var (chosen, i) = (-1, 0);
        for (; i < parts.Length && (chosen < 0 || left >= 0); i++)
        {
            if (parts[i].From <= position)
            {
                chosen = i;
                left -= parts[i].Weight;
            }
        }

        return chosen;
    }

    private double WeightAt(long position)
    {
        var total = 0.0;
        foreach (var part in parts)
        {
            total += part.From <= position ? part.Weight : 0;
        }

        return total;
    }

    private void Reorder(int part, long epoch)
    {
        var order = orders[part];
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        var random = CounterRandom.For(seed ^ (ulong)part << 56, pickPurpose ^ 0x5348_5546UL, (ulong)epoch);
        random.Shuffle<int>(order);
        epochs[part] = epoch;
    }
}
