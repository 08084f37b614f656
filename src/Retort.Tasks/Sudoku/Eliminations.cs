using System.Numerics;

namespace Retort.Tasks.Sudoku;

/// <summary>
/// Deductions that strike candidates without filling a cell, simplest first. Each returns true as soon as it struck
/// something, so that singles are looked for again. All are sound on a puzzle with one solution.
/// </summary>
internal static class Eliminations
{
    public static bool TryAny(PencilMarks marks, bool[] isGiven) =>
        NakedPair(marks) || NakedTriplet(marks) || LockedCandidate(marks) || XYWing(marks) || UniqueRectangle(marks, isGiven);

    /// <summary>Two cells of a unit with the same two candidates: no other cell of the unit has them.</summary>
    private static bool NakedPair(PencilMarks marks)
    {
        foreach (var unit in marks.Shape.Units)
        {
            for (var i = 0; i < unit.Length; i++)
            {
                var pair = marks.Candidates[unit[i]];
                if (Count(pair) != 2)
                    continue;
                for (var j = i + 1; j < unit.Length; j++)
                {
                    if (marks.Candidates[unit[j]] == pair && StrikeOthers(marks, unit, pair, pair))
                        return true;
                }
            }
        }

        return false;
    }

    /// <summary>Three cells of a unit with three candidates between them: no other cell of the unit has them.</summary>
    private static bool NakedTriplet(PencilMarks marks)
    {
        foreach (var unit in marks.Shape.Units)
        {
            for (var i = 0; i < unit.Length; i++)
            {
                for (var j = i + 1; j < unit.Length; j++)
                {
                    for (var k = j + 1; k < unit.Length; k++)
                    {
                        var (a, b, c) = (marks.Candidates[unit[i]], marks.Candidates[unit[j]], marks.Candidates[unit[k]]);
                        if (a != 0 && b != 0 && c != 0 && Count(a | b | c) == 3 && StrikeOthers(marks, unit, a | b | c, a | b | c))
                            return true;
                    }
                }
            }
        }

        return false;
    }

    /// <summary>
    /// A digit whose places in one unit all lie in a second unit: no other cell of the second has it (pointing from a box
    /// to a line, claiming from a line to a box).
    /// </summary>
    private static bool LockedCandidate(PencilMarks marks)
    {
        var shape = marks.Shape;
        for (var u = 0; u < shape.Units.Length; u++)
        {
            for (var digit = 0; digit < shape.Size; digit++)
            {
                var places = Array.FindAll(shape.Units[u], cell => (marks.Candidates[cell] >> digit & 1) != 0);
                if (places.Length < 2)
                    continue;
                foreach (var other in shape.Units)
                {
                    if (other == shape.Units[u] || !Array.TrueForAll(places, cell => Array.IndexOf(other, cell) >= 0))
                        continue;
                    var struck = false;
                    foreach (var cell in other)
                        struck |= Array.IndexOf(places, cell) < 0 && marks.Strike(cell, 1 << digit);
                    if (struck)
                        return true;
                }
            }
        }

        return false;
    }

    /// <summary>A pivot {x,y} that sees pincers {x,z} and {y,z}: one pincer is z, so no cell that sees both is.</summary>
    private static bool XYWing(PencilMarks marks)
    {
        var (shape, candidates) = (marks.Shape, marks.Candidates);
        for (var pivot = 0; pivot < shape.NumCells; pivot++)
        {
            if (Count(candidates[pivot]) != 2)
                continue;
            foreach (var first in shape.Peers[pivot])
            {
                var z = candidates[first] & ~candidates[pivot];
                if (Count(candidates[first]) != 2 || Count(z) != 1)
                    continue;
                var wanted = (candidates[pivot] & ~candidates[first]) | z;
                foreach (var second in shape.Peers[pivot])
                {
                    if (second <= first || candidates[second] != wanted)
                        continue;
                    var struck = false;
                    foreach (var cell in shape.Peers[first])
                        struck |= cell != pivot && shape.Sees(cell, second) && marks.Strike(cell, z);
                    if (struck)
                        return true;
                }
            }
        }

        return false;
    }

    /// <summary>
    /// Four empty cells in two rows, two columns and two boxes, three of them with the same two candidates: were the
    /// fourth one of these two, swapping them would give a second solution (type 1). Rests on the puzzle's uniqueness.
    /// </summary>
    private static bool UniqueRectangle(PencilMarks marks, bool[] isGiven)
    {
        var (shape, candidates) = (marks.Shape, marks.Candidates);
        for (var corner = 0; corner < shape.NumCells; corner++)
        {
            // The corner is the one opposite to the fourth cell; a and b are its neighbours along row and column.
            var pair = candidates[corner];
            if (Count(pair) != 2)
                continue;
            foreach (var a in shape.Units[shape.Row[corner]])
            {
                if (a == corner || candidates[a] != pair)
                    continue;
                foreach (var b in shape.Units[shape.Size + shape.Column[corner]])
                {
                    if (b == corner || candidates[b] != pair)
                        continue;
                    var fourth = shape.Row[b] * shape.Size + shape.Column[a];
                    var sameBoxes = shape.Box[a] == shape.Box[corner] ^ shape.Box[b] == shape.Box[corner];
                    if (sameBoxes && !isGiven[fourth] && marks.Strike(fourth, pair))
                        return true;
                }
            }
        }

        return false;
    }

    private static bool StrikeOthers(PencilMarks marks, int[] unit, int members, int digits)
    {
        var struck = false;
        foreach (var cell in unit)
        {
            if ((marks.Candidates[cell] & ~members) != 0)
                struck |= marks.Strike(cell, digits);
        }

        return struck;
    }

    private static int Count(int digits) => BitOperations.PopCount((uint)digits);
}
