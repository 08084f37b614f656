using Retort.Tasks.Sudoku;

namespace Retort.Tasks.Tests.Sudoku;

/// <summary>The slow, obvious reference: try every digit that fits in the empty cell with the fewest.</summary>
internal static class PlainSearch
{
    public static int Count(SudokuShape shape, byte[] cells, int limit)
    {
        var (best, bestDigits) = (-1, Array.Empty<byte>());
        for (var cell = 0; cell < cells.Length; cell++)
        {
            if (cells[cell] != 0)
                continue;
            var seen = shape.Peers[cell].Select(peer => cells[peer]);
            byte[] digits = [.. Enumerable.Range(1, shape.Size).Select(d => (byte)d).Except(seen)];
            if (best < 0 || digits.Length < bestDigits.Length)
                (best, bestDigits) = (cell, digits);
        }

        if (best < 0)
            return 1;
        var count = 0;
        foreach (var digit in bestDigits)
        {
            cells[best] = digit;
            count += count < limit ? Count(shape, cells, limit - count) : 0;
        }

        cells[best] = 0;
        return count;
    }
}
