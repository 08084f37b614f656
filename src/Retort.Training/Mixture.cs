using Retort.Core;

namespace Retort.Training;

/// <summary>
/// An endless stream over weighted sets of sequences. Item number n is a pure function of (seed, n): which set it comes
/// from is drawn by weight, and each set is passed through in a new random order every epoch. Its whole state is n, so a resumed
/// stream is the unbroken one.
/// </summary>
public sealed class Mixture
{
    private readonly SequenceSet[] sets;
    private readonly double[] cumulativeWeights;
    private readonly int[][] orders;
    private readonly long[] epochs, counts;
    private readonly ulong seed, pickPurpose;

    /// <summary>A mixture of sets, each with a weight above 0.</summary>
    public Mixture(ulong seed, params (SequenceSet Set, double Weight)[] parts)
    {
        if (parts.Length == 0 || parts.Any(part => part.Set.Count == 0 || !(part.Weight > 0)))
        {
            throw new ArgumentException("a mixture needs sets that are not empty, with weights above 0");
        }

        this.seed = seed;
        pickPurpose = CounterRandom.Hash("mixture/pick");
        sets = [.. parts.Select(part => part.Set)];
        var total = parts.Sum(part => part.Weight);
        cumulativeWeights = new double[parts.Length];
        var sum = 0.0;
        for (var i = 0; i < parts.Length; i++)
        {
            cumulativeWeights[i] = (sum += parts[i].Weight) / total;
        }

        orders = [.. sets.Select(set => Enumerable.Range(0, set.Count).ToArray())];
        epochs = new long[sets.Length];
        counts = new long[sets.Length];
        Rewind();
    }

    /// <summary>Items drawn so far.</summary>
    public long Position { get; private set; }

    /// <summary>Tokens of the longest sequence of any set.</summary>
    public int MaxLength => sets.Max(set => set.MaxLength);

    /// <summary>The next item: a set and an index into it.</summary>
    public (SequenceSet Set, int Index) Next()
    {
        var part = PartOf(Position++);
        var set = sets[part];
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
        if (sets.Length == 1)
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
        if (sets.Length == 1)
        {
            return 0;
        }

        var random = CounterRandom.For(seed, pickPurpose, (ulong)position);
        var u = random.NextDouble();
        var part = 0;
        while (part < sets.Length - 1 && u >= cumulativeWeights[part])
        {
            part++;
        }

        return part;
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
