using System.Text;

namespace Retort.Inference.Chat;

/// <summary>
/// Ends a text that comes in pieces before the stop sequence that is complete first, however it is cut, and holds back what may yet
/// be the beginning of one.
/// </summary>
/// <param name="sequences">None of them empty.</param>
internal sealed class StopText(IReadOnlyList<string> sequences)
{
    private readonly StringBuilder held = new();

    /// <summary>A stop sequence was found: nothing more comes.</summary>
    public bool HasStopped { get; private set; }

    /// <summary>The text that is certain now this piece is known.</summary>
    public string Append(string piece)
    {
        if (sequences.Count == 0 || HasStopped)
        {
            return HasStopped ? "" : piece;
        }

        var text = held.Append(piece).ToString();
        var found = sequences.Select(sequence => (At: text.IndexOf(sequence, StringComparison.Ordinal), sequence.Length)).Where(stop => stop.At >= 0)
            .OrderBy(stop => stop.At + stop.Length).ThenBy(stop => stop.At).Select(stop => stop.At).FirstOrDefault(-1);
        HasStopped = found >= 0;
        var certain = HasStopped ? found : text.Length - sequences.Max(sequence => Beginning(text, sequence));
        held.Clear().Append(text.AsSpan(certain));
        return text[..certain];
    }

    /// <summary>What was held back and turned out to be text.</summary>
    public string Flush() => HasStopped ? "" : held.ToString();

    /// <summary>How many characters at the text's end begin the sequence.</summary>
    private static int Beginning(string text, string sequence)
    {
        var length = Math.Min(text.Length, sequence.Length - 1);
        while (length > 0 && !text.AsSpan(text.Length - length).SequenceEqual(sequence.AsSpan(0, length)))
        {
            length--;
        }

        return length;
    }
}
