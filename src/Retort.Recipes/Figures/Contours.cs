namespace Retort.Recipes.Figures;

/// <summary>Lines of equal height through a grid of values (marching squares with linear interpolation).</summary>
internal static class Contours
{
    /// <summary>
    /// The lines of one level, each a run of points from end to end. Value [x, y] stands at (x, y); a square's middle decides where two
    /// lines could run two ways.
    /// </summary>
    public static IReadOnlyList<IReadOnlyList<Point>> Of(double[,] values, double level)
    {
        var segments = new List<(Point From, Point To)>();
        for (var x = 0; x + 1 < values.GetLength(0); x++)
        {
            for (var y = 0; y + 1 < values.GetLength(1); y++)
            {
                AddSquare(values, x, y, level, segments);
            }
        }

        return Joined(segments);
    }

    private static void AddSquare(double[,] values, int x, int y, double level, List<(Point, Point)> segments)
    {
        (int X, int Y)[] corners = [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)];
        double At(int corner) => values[corners[corner % 4].X, corners[corner % 4].Y];
        var crossings = new List<(int Edge, Point Point)>();
        for (var edge = 0; edge < 4; edge++)
        {
            var (a, b) = (At(edge), At(edge + 1));
            if (a >= level != b >= level)
            {
                // From the lower corner, whichever it is, so that neighbouring squares find the same point.
                var (from, to) = (corners[edge], corners[(edge + 1) % 4]);
                if (from.X + from.Y > to.X + to.Y)
                {
                    (from, to, a, b) = (to, from, b, a);
                }

                var share = (level - a) / (b - a);
                crossings.Add((edge, new Point(from.X + share * (to.X - from.X), from.Y + share * (to.Y - from.Y))));
            }
        }

        if (crossings.Count == 2)
        {
            segments.Add((crossings[0].Point, crossings[1].Point));
        }
        else if (crossings.Count == 4)
        {
            // Corners 0 and 2 are on one side. With the middle on their side, lines cut off corners 1 and 3, else 0 and 2.
            var middle = (At(0) + At(1) + At(2) + At(3)) / 4;
            var first = middle >= level == At(0) >= level ? 0 : 3;
            segments.Add((crossings[first].Point, crossings[(first + 1) % 4].Point));
            segments.Add((crossings[(first + 2) % 4].Point, crossings[(first + 3) % 4].Point));
        }
    }

    private static List<IReadOnlyList<Point>> Joined(List<(Point From, Point To)> segments)
    {
        var lines = new List<IReadOnlyList<Point>>();
        while (segments.Count > 0)
        {
            var line = new LinkedList<Point>([segments[^1].From, segments[^1].To]);
            segments.RemoveAt(segments.Count - 1);
            while (Extend(line, segments))
            {
            }

            lines.Add([.. line]);
        }

        return lines;
    }

    private static bool Extend(LinkedList<Point> line, List<(Point From, Point To)> segments)
    {
        for (var i = 0; i < segments.Count; i++)
        {
            var (from, to) = segments[i];
            if (from == line.Last!.Value || to == line.Last.Value)
            {
                line.AddLast(from == line.Last.Value ? to : from);
            }
            else if (from == line.First!.Value || to == line.First.Value)
            {
                line.AddFirst(from == line.First.Value ? to : from);
            }
            else
            {
                continue;
            }

            segments.RemoveAt(i);
            return true;
        }

        return false;
    }
}
