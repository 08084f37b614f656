using System.Text;
using Retort.Models.Tokenizers;

namespace Retort.Cli.Commands;

/// <summary>Text shown while it is drawn: often enough to look live, seldom enough to cost nothing.</summary>
internal sealed class SampleStream(TextWriter output, StreamDecoder decoder, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(30);

    private readonly StringBuilder pending = new();
    private long lastShown = time.GetTimestamp();

    /// <summary>Adds a token.</summary>
    public void Add(int token)
    {
        pending.Append(decoder.Append(token));
        if (pending.Length > 0 && time.GetElapsedTime(lastShown) >= Interval)
        {
            Show();
            lastShown = time.GetTimestamp();
        }
    }

    /// <summary>Shows the rest and ends the line.</summary>
    public void End()
    {
        pending.Append(decoder.Flush());
        Show();
        output.WriteLine();
    }

    private void Show()
    {
        output.Write(pending);
        output.Flush();
        pending.Clear();
    }
}
