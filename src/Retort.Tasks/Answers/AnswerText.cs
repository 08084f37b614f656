namespace Retort.Tasks.Answers;

/// <summary>Finds the final answer in what a model wrote.</summary>
public static class AnswerText
{
    private static readonly string[] Markers = ["a:", "answer:", "answer is"];

    /// <summary>
    /// The final answer's text: after the last <c>####</c>, else inside the last <c>\boxed{}</c>, else after the last "A:", "Answer:" or
    /// "answer is"; to the end of its line, without spaces and a closing full stop. Null where no marker is found or nothing follows it.
    /// </summary>
    public static string? Find(string text)
    {
        if (text.LastIndexOf("####", StringComparison.Ordinal) is >= 0 and var hashes)
        {
            return Line(text.AsSpan(hashes + 4));
        }

        if (Boxed(text) is { } boxed)
        {
            return Line(boxed);
        }

        var (end, found) = (-1, -1);
        foreach (var marker in Markers)
        {
            if (LastMarker(text, marker) is >= 0 and var at && at > found)
            {
                (found, end) = (at, at + marker.Length);
            }
        }

        return found < 0 ? null : Line(text.AsSpan(end).TrimStart([' ', ':']));
    }

    /// <summary>Where a marker stands last as words of its own, in any case of letters; -1 if nowhere.</summary>
    private static int LastMarker(string text, string marker)
    {
        for (var at = text.Length; at > 0;)
        {
            at = text.LastIndexOf(marker, at - 1, StringComparison.OrdinalIgnoreCase);
            if (at <= 0 || !char.IsLetterOrDigit(text[at - 1]))
            {
                return at;
            }
        }

        return -1;
    }

    /// <summary>What the braces of the last \boxed hold, braces inside them paired.</summary>
    private static string? Boxed(string text)
    {
        const string command = "\\boxed{";
        var start = text.LastIndexOf(command, StringComparison.Ordinal) + command.Length;
        if (start < command.Length)
        {
            return null;
        }

        var depth = 1;
        for (var at = start; at < text.Length; at++)
        {
            depth += text[at] switch { '{' => 1, '}' => -1, _ => 0 };
            if (depth == 0)
            {
                return text[start..at];
            }
        }

        return null;
    }

    private static string? Line(ReadOnlySpan<char> text)
    {
        var end = text.IndexOfAny('\r', '\n');
        var line = (end < 0 ? text : text[..end]).Trim().TrimEnd('.').TrimEnd();
        return line.Length > 0 ? line.ToString() : null;
    }
}
