using Spectre.Console;

namespace Retort.Cli.Progress;

/// <summary>Progress on a terminal: one line drawn in place, which an ended phase leaves behind as its summary.</summary>
internal sealed class TerminalProgress(TextWriter error, int width, bool colors, TimeProvider time)
    : TextProgress(time, TimeSpan.FromMilliseconds(100))
{
    private const string ClearLine = "\r\u001b[2K";
    private const int BarColumns = 12;

    private readonly IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
    {
        Out = new AnsiConsoleOutput(error),
        Ansi = AnsiSupport.Yes,
        ColorSystem = colors ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
        Interactive = InteractionSupport.No,
    });

    /// <inheritdoc/>
    public override void Note(string text) => error.WriteLine(ClearLine + text);

    /// <inheritdoc/>
    protected override void Draw(string name, double fraction, string state)
    {
        error.Write(ClearLine);
        var room = width - 1;
        if (!double.IsNaN(fraction))
        {
            var done = Math.Clamp((int)(fraction * BarColumns), 0, BarColumns);
            Put(new string('━', done), "green", ref room);
            Put(new string('─', BarColumns - done) + " ", "grey", ref room);
        }

        Put(name + "  ", "bold", ref room);
        Put(state, "", ref room);
        error.Flush();
    }

    /// <inheritdoc/>
    protected override void DrawEnd(string name, string state, bool isOutermost)
    {
        error.Write(ClearLine);
        if (isOutermost)
        {
            error.WriteLine($"{name}: {state}");
        }

        error.Flush();
    }

    /// <summary>Writes what fits: a line that wraps could not be drawn over.</summary>
    private void Put(string text, string style, ref int room)
    {
        var part = text.Length <= room ? text : text[..room];
        room -= part.Length;
        if (part.Length == 0)
        {
            return;
        }

        if (colors && style.Length > 0)
        {
            console.Write(new Text(part, Style.Parse(style)) { Overflow = Overflow.Crop });
        }
        else
        {
            error.Write(part);
        }
    }
}
