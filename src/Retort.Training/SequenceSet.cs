using System.Runtime.CompilerServices;

namespace Retort.Training;

/// <summary>
/// Token sequences in a few large blocks: what a model is trained on. Each has a first token that is to be learned; earlier ones are
/// only read. Appending allocates; reading does not.
/// </summary>
public sealed class SequenceSet
{
    /// <summary>Blocks grow up to this, so that a large set is never copied and has little room to spare.</summary>
    private const int MaxBlockTokens = 1 << 20;
    private const int MinBlockTokens = 1 << 10;

    private readonly List<Place> places = [];
    private int[] block = [], idBlock = [];
    private int used;
    private long numIds;

    /// <summary>Number of sequences.</summary>
    public int Count => places.Count;

    /// <summary>Tokens of all sequences.</summary>
    public long NumTokens { get; private set; }

    /// <summary>Memory it takes: the tokens, and where each sequence lies.</summary>
    public long Bytes => sizeof(int) * (NumTokens + numIds) + (long)Unsafe.SizeOf<Place>() * Count;

    /// <summary>Tokens of the longest sequence.</summary>
    public int MaxLength { get; private set; }

    /// <summary>The largest position id of any token that is read: all but each sequence's last.</summary>
    public int MaxPositionId { get; private set; }

    /// <summary>The largest position id of any token.</summary>
    public int MaxNextPositionId { get; private set; }

    /// <summary>Sequence <paramref name="index"/>.</summary>
    public ReadOnlySpan<int> this[int index] => places[index].Tokens;

    /// <summary>Its position ids, one a token; empty where they are 0, 1, 2, ...</summary>
    public ReadOnlySpan<int> PositionIds(int index) => places[index].Ids is { } ids ? ids.AsSpan(places[index].Start, places[index].Length) : [];

    /// <summary>Place of the first token of the sequence that is a target; at least 1, since position 0 has no predecessor.</summary>
    public int LossStart(int index) => places[index].LossStart;

    /// <summary>
    /// The sequences of at most <paramref name="maxTokens"/> tokens, in their order and in the same memory: this very set if it has no
    /// longer ones.
    /// </summary>
    public SequenceSet UpTo(int maxTokens)
    {
        if (MaxLength <= maxTokens)
        {
            return this;
        }

        var shorter = new SequenceSet();
        foreach (var place in places)
        {
            if (place.Length <= maxTokens)
            {
                shorter.Add(place);
            }
        }

        return shorter;
    }

    /// <summary>
    /// Adds a sequence of at least two tokens, of which those from <paramref name="lossStart"/> on are learned; with a position id of 0 or
    /// above for each token, or none where ids are places.
    /// </summary>
    public void Add(ReadOnlySpan<int> sequence, int lossStart = 1, ReadOnlySpan<int> positionIds = default)
    {
        if (sequence.Length < 2)
        {
            throw new ArgumentException("a sequence needs at least two tokens: one to read, one to predict");
        }

        if (!positionIds.IsEmpty && positionIds.Length != sequence.Length)
        {
            throw new ArgumentException($"{positionIds.Length} position ids for {sequence.Length} tokens");
        }

        if (used + sequence.Length > block.Length)
        {
            (block, used) = (new int[Math.Max(sequence.Length, (int)Math.Clamp(NumTokens, MinBlockTokens, MaxBlockTokens))], 0);
        }

        if (!positionIds.IsEmpty && idBlock.Length != block.Length)
        {
            idBlock = new int[block.Length];
        }

        sequence.CopyTo(block.AsSpan(used));
        positionIds.CopyTo(positionIds.IsEmpty ? [] : idBlock.AsSpan(used));
        Add(new Place(block, positionIds.IsEmpty ? null : idBlock, used, sequence.Length, Math.Max(1, lossStart)));
        used += sequence.Length;
    }

    private void Add(Place place)
    {
        places.Add(place);
        NumTokens += place.Length;
        numIds += place.Ids is null ? 0 : place.Length;
        MaxLength = Math.Max(MaxLength, place.Length);
        MaxPositionId = Math.Max(MaxPositionId, place.HighestId(place.Length - 1));
        MaxNextPositionId = Math.Max(MaxNextPositionId, place.HighestId(place.Length));
    }

    /// <summary>Where a sequence lies.</summary>
    private readonly record struct Place(int[] Block, int[]? Ids, int Start, int Length, int LossStart)
    {
        public ReadOnlySpan<int> Tokens => Block.AsSpan(Start, Length);

        /// <summary>The largest position id of the first tokens.</summary>
        public int HighestId(int count)
        {
            var highest = Ids is null ? count - 1 : 0;
            foreach (var id in Ids is null ? [] : Ids.AsSpan(Start, count))
            {
                highest = Math.Max(highest, id);
            }

            return highest;
        }
    }
}
