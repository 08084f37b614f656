using CsCheck;

namespace Retort.Inference.Tests;

public sealed class StopStringsTests
{
    [Fact]
    public void Text_ends_before_the_stop_sequence_that_is_complete_first_however_it_is_cut()
    {
        Gen.Select(Gen.Char["abc"].Array[0, 20], Gen.Char["abc"].Array[1, 4].Array[0, 3], Gen.Int[1, 4]).Sample((characters, stops, cut) =>
        {
            var (text, sequences) = (new string(characters), stops.Select(stop => new string(stop)).ToArray());
            var complete = Enumerable.Range(0, text.Length + 1).FirstOrDefault(length => sequences.Any(text[..length].EndsWith), -1);
            var end = complete < 0 ? text.Length : complete - sequences.Where(text[..complete].EndsWith).Max(stop => stop.Length);
            var stopStrings = new StopStrings(sequences);
            var said = "";
            foreach (var piece in text.Chunk(cut).Select(chunk => new string(chunk)))
            {
                said += stopStrings.Append(piece);
                Assert.True(text[..end].StartsWith(said, StringComparison.Ordinal), $"'{said}' was said too early");
            }

            Assert.Equal(complete >= 0, stopStrings.HasStopped);
            Assert.Equal(text[..end], said + stopStrings.Flush());
        });
    }

    [Fact]
    public void What_cannot_begin_a_stop_sequence_is_said_at_once()
    {
        var stopStrings = new StopStrings(["\nUser:"]);
        Assert.Equal("Hello", stopStrings.Append("Hello"));
        Assert.Equal("", stopStrings.Append("\nUs"));
        Assert.Equal("\nUseful", stopStrings.Append("eful"));
        Assert.Equal("!", stopStrings.Append("!\nUser: x"));
        Assert.Equal("", stopStrings.Append("more") + stopStrings.Flush());
    }
}
