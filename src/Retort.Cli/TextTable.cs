namespace Retort.Cli;

/// <summary>Rows with lined-up columns; the last one wraps at the width and hangs under itself.</summary>
internal static class TextTable
{
    private const int Gap = 2, NarrowestLast = 20;

    public static void Write(TextWriter output, int width, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        if (rows.Count == 0)
        {
            return;
        }

        var last = rows.Max(row => row.Count) - 1;
        var widths = Enumerable.Range(0, last).Select(column => rows.Max(row => column < row.Count ? row[column].Length : 0) + Gap).ToArray();
        var room = Math.Max(NarrowestLast, width - widths.Sum());
        foreach (var row in rows)
        {
            var lead = string.Concat(widths.Select((size, column) => (column < row.Count ? row[column] : "").PadRight(size)));
            foreach (var line in Wrap(row.Count > last ? row[last] : "", room))
            {
                output.WriteLine((lead + line).TrimEnd());
                lead = new string(' ', lead.Length);
            }
        }
    }

    /// <summary>Breaks a text at spaces; a longer word keeps its line to itself.</summary>
    public static IEnumerable<string> Wrap(string text, int width)
    {
        var line = "";
        foreach (var word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line;
                line = word;
            }
            else
            {
                line = line.Length == 0 ? word : $"{line} {word}";
            }
        }

        yield return line;
    }
}
