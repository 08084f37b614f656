using System.Text;

namespace Retort.Inference;

/// <summary>
/// Looks for strings that end a text while the text comes in pieces. What could be the beginning of one is held back until it is
/// certain. The string that is complete first ends the text; of several that end at the same character, the longest. So the result does
/// not depend on how the text is cut into pieces.
/// </summary>
/// <param name="stops">None of them empty.</param>
public sealed class StopStrings(IReadOnlyList<string> stops)
{
    private readonly StringBuilder held = new();

    /// <summary>One of the strings was found.</summary>
    public bool HasStopped { get; private set; }

    /// <summary>Adds a piece; returns the text that is certain now.</summary>
    public string Append(string piece)
    {
        if (stops.Count == 0 || HasStopped)
        {
            return HasStopped ? "" : piece;
        }

        var text = held.Append(piece).ToString();
        held.Clear();
        var (start, end) = (-1, int.MaxValue);
        foreach (var stop in stops)
        {
            var at = text.IndexOf(stop, StringComparison.Ordinal);
            if (at >= 0 && (at + stop.Length < end || (at + stop.Length == end && at < start)))
            {
                (start, end) = (at, at + stop.Length);
            }
        }

        if (start >= 0)
        {
            HasStopped = true;
            return text[..start];
        }

        var keep = stops.Max(stop => LongestBeginning(text, stop));
        held.Append(text, text.Length - keep, keep);
        return text[..^keep];
    }

    /// <summary>The text has ended: what was held back is no stop string.</summary>
    public string Flush()
    {
        var text = held.ToString();
        held.Clear();
        return text;
    }

    /// <summary>Characters at the end of the text that begin the stop string.</summary>
    private static int LongestBeginning(string text, string stop)
    {
        for (var length = Math.Min(text.Length, stop.Length - 1); length > 0; length--)
        {
            if (text.AsSpan(text.Length - length).SequenceEqual(stop.AsSpan(0, length)))
            {
                return length;
            }
        }

        return 0;
    }
}
