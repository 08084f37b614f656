using System.Numerics;
using Retort.Core;

namespace Retort.Tasks.Sudoku;

/// <summary>
/// Exhaustive search over any board, on words of bits: for every digit and band the cells where the digit may still be.
/// Between guesses it applies hidden singles and locked candidates (by table, a band at a time) and lone singles (bit-parallel over
/// a band); a guess takes a cell with the fewest candidates. Not thread-safe; allocates nothing once its levels exist.
/// </summary>
internal sealed class BandSearch
{
    private readonly SudokuShape shape;
    private readonly BandTables tables;
    private readonly int size, numBands, bandCells;
    private readonly uint rowMask, bandMask;
    private readonly List<BandLevel> levels = [];
    private readonly byte[] found;
    private int numFound, limit;
    private CounterRandom random;
    private bool shuffles;

    public BandSearch(SudokuShape shape)
    {
        (this.shape, tables) = (shape, BandTables.Of(shape));
        (size, numBands, bandCells) = (shape.Size, shape.BoxWidth, shape.BoxHeight * shape.Size);
        (rowMask, bandMask) = ((1u << size) - 1, (1u << bandCells) - 1);
        found = new byte[shape.NumCells];
    }

    /// <summary>The first solution of the last search that found one.</summary>
    public ReadOnlySpan<byte> Found => found;

    /// <summary>Solutions there are, counted no further than <paramref name="limit"/>.</summary>
    public int Count(ReadOnlySpan<byte> cells, int limit)
    {
        (numFound, this.limit) = (0, limit);
        if (Load(cells))
            Search(0);
        return numFound;
    }

    /// <summary>Is there a solution in which the empty cell <paramref name="cell"/> is not <paramref name="digit"/>?</summary>
    public bool HasOther(ReadOnlySpan<byte> cells, int cell, int digit)
    {
        (numFound, limit) = (0, 1);
        if (!Load(cells))
            return false;
        levels[0].Places[(digit - 1) * numBands + cell / bandCells] &= ~(1u << (cell % bandCells));
        Search(0);
        return numFound > 0;
    }

    /// <summary>A random full grid: the same search on the empty board, one random candidate a guess.</summary>
    public void FillRandomly(ref CounterRandom random, Span<byte> cells)
    {
        cells.Clear();
        (numFound, limit) = (0, 1);
        Load(cells);
        (this.random, shuffles) = (random, true);
        Search(0);
        (random, shuffles) = (this.random, false);
        found.CopyTo(cells);
    }

    private bool Load(ReadOnlySpan<byte> cells)
    {
        var level = At(0);
        level.Places.AsSpan().Fill(bandMask);
        level.Settled.AsSpan().Fill(uint.MaxValue);
        level.Filled.AsSpan().Clear();
        for (var cell = 0; cell < cells.Length; cell++)
        {
            if (cells[cell] != 0 && !Place(level, cells[cell] - 1, cell / bandCells, cell % bandCells))
                return false;
        }

        return true;
    }

    private BandLevel At(int depth)
    {
        if (depth == levels.Count)
            levels.Add(new BandLevel(size, numBands));
        return levels[depth];
    }

    /// <summary>Takes the digit's other places in the row away; the tables do the rest. False if the place is gone.</summary>
    private bool Place(BandLevel level, int digit, int band, int bit)
    {
        ref var places = ref level.Places[digit * numBands + band];
        var row = rowMask << (bit / size * size);
        if ((places >> bit & 1) == 0)
            return false;
        places &= ~row | 1u << bit;
        return true;
    }

    private void Search(int depth)
    {
        var level = levels[depth];
        if (!Deduce(level))
            return;
        var (band, bit) = TightestCell(level);
        if (band < 0)
        {
            Report(level);
            return;
        }

        Span<int> digits = stackalloc int[size];
        for (var digit = 0; digit < size; digit++)
            digits[digit] = digit;
        if (shuffles)
            random.Shuffle(digits);
        var next = At(depth + 1);
        foreach (var digit in digits)
        {
            if (numFound >= limit || (level.Places[digit * numBands + band] >> bit & 1) == 0)
                continue;
            next.CopyFrom(level);
            Place(next, digit, band, bit);
            Search(depth + 1);
        }
    }

    /// <summary>Deduces to the end; false at a contradiction.</summary>
    private bool Deduce(BandLevel level)
    {
        while (true)
        {
            if (!SettleBands(level))
                return false;
            var progress = LoneSingles(level);
            if (progress == Progress.None)
                progress = ColumnSingles(level);
            if (progress != Progress.Some)
                return progress == Progress.None;
        }
    }

    /// <summary>Applies the tables to every digit's bands until none changes.</summary>
    private bool SettleBands(BandLevel level)
    {
        var (places, settled, filled) = (level.Places, level.Settled, level.Filled);
        bool changed;
        do
        {
            changed = false;
            for (var digit = 0; digit < size; digit++)
            {
                for (var band = 0; band < numBands; band++)
                {
                    var at = digit * numBands + band;
                    if (places[at] == settled[at])
                        continue;
                    changed = true;
                    if (!Settle(places, at, band, out var columns, out var singles))
                        return false;
                    settled[at] = places[at];

                    var elsewhere = ~tables.LoneColumns[columns];
                    for (var other = digit * numBands; other < (digit + 1) * numBands; other++)
                    {
                        if (other != at)
                            places[other] &= elsewhere;
                    }

                    singles &= ~filled[band];
                    if (singles == 0)
                        continue;
                    filled[band] |= singles;
                    for (var other = band; other < places.Length; other += numBands)
                    {
                        if (other != at)
                            places[other] &= ~singles;
                    }
                }
            }
        }
        while (changed);
        return true;
    }

    /// <summary>Leaves only reachable places of one digit in one band; the columns they lie in, and the rows' only places.</summary>
    private bool Settle(uint[] places, int at, int band, out uint columns, out uint singles)
    {
        var cells = places[at];
        var pattern = 0;
        for (int row = 0, shift = 0; row < shape.BoxHeight; row++, shift += size)
            pattern |= tables.Occupied[cells >> shift & rowMask] << (row * shape.BoxHeight);
        cells &= tables.Reachable[pattern];
        places[at] = cells;
        (columns, singles) = (0, 0);
        for (var shift = 0; shift < bandCells; shift += size)
        {
            var row = cells >> shift & rowMask;
            columns |= row;
            singles |= (uint)tables.Single[row] << shift;
        }

        return cells != 0;
    }

    /// <summary>Fills cells with one candidate.</summary>
    private Progress LoneSingles(BandLevel level)
    {
        var progress = Progress.None;
        for (var band = 0; band < numBands; band++)
        {
            var (once, twice) = (0u, 0u);
            for (var at = band; at < level.Places.Length; at += numBands)
            {
                twice |= once & level.Places[at];
                once |= level.Places[at];
            }

            if (once != bandMask)
                return Progress.Contradiction;
            for (var singles = once & ~twice & ~level.Filled[band]; singles != 0; singles &= singles - 1)
            {
                var bit = BitOperations.TrailingZeroCount(singles);
                var digit = 0;
                while (digit < size && (level.Places[digit * numBands + band] >> bit & 1) == 0)
                    digit++;
                // Gone: two lone singles of one row wanted the same digit.
                if (digit == size || !Place(level, digit, band, bit))
                    return Progress.Contradiction;
                progress = Progress.Some;
            }
        }

        return progress;
    }

    /// <summary>Fills the only place of a digit in a column; the tables see rows and boxes, but no column as a whole.</summary>
    private Progress ColumnSingles(BandLevel level)
    {
        var progress = Progress.None;
        for (var digit = 0; digit < size; digit++)
        {
            var (once, twice) = (0u, 0u);
            var bands = level.Places.AsSpan(digit * numBands, numBands);
            foreach (var cells in bands)
            {
                for (var shift = 0; shift < bandCells; shift += size)
                {
                    var row = cells >> shift & rowMask;
                    twice |= once & row;
                    once |= row;
                }
            }

            if (once != rowMask)
                return Progress.Contradiction;
            for (var band = 0; band < numBands; band++)
            {
                var singles = 0u;
                for (var shift = 0; shift < bandCells; shift += size)
                    singles |= bands[band] & ~level.Filled[band] & (once & ~twice) << shift;
                for (; singles != 0; singles &= singles - 1)
                {
                    if (!Place(level, digit, band, BitOperations.TrailingZeroCount(singles)))
                        return Progress.Contradiction;
                    progress = Progress.Some;
                }
            }
        }

        return progress;
    }

    /// <summary>A cell with two candidates, else with three, else any empty one; band -1 if there is none.</summary>
    private (int Band, int Bit) TightestCell(BandLevel level)
    {
        var (best, bestBit, bestRank) = (-1, 0, 3);
        for (var band = 0; band < numBands && bestRank > 0; band++)
        {
            var empty = bandMask & ~level.Filled[band];
            if (empty == 0)
                continue;
            var (once, twice, thrice, more) = (0u, 0u, 0u, 0u);
            for (var at = band; at < level.Places.Length; at += numBands)
            {
                var cells = level.Places[at];
                more |= thrice & cells;
                thrice |= twice & cells;
                twice |= once & cells;
                once |= cells;
            }

            var (pairs, triples) = (empty & ~thrice, empty & ~more);
            var (cell, rank) = pairs != 0 ? (pairs, 0) : triples != 0 ? (triples, 1) : (empty, 2);
            if (rank < bestRank)
                (best, bestBit, bestRank) = (band, BitOperations.TrailingZeroCount(cell), rank);
        }

        return (best, bestBit);
    }

    private void Report(BandLevel level)
    {
        if (numFound++ > 0)
            return;
        for (var at = 0; at < level.Places.Length; at++)
        {
            for (var cells = level.Places[at]; cells != 0; cells &= cells - 1)
                found[at % numBands * bandCells + BitOperations.TrailingZeroCount(cells)] = (byte)(at / numBands + 1);
        }
    }

    private enum Progress
    {
        None,
        Some,
        Contradiction,
    }
}
