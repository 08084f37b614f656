using System.CommandLine.Parsing;

namespace Retort.Cli.Tests;

public class ReadmeTests
{
    /// <summary>Every line of the README that calls the launcher, without its comment.</summary>
    public static TheoryData<string> Lines()
    {
        var data = new TheoryData<string>();
        foreach (var line in File.ReadLines(Path.Combine(Repository.Root, "README.md")).Select(line => line.Trim()))
        {
            if (line.StartsWith("./retort", StringComparison.Ordinal))
            {
                data.Add(line.Split(" #")[0].TrimEnd());
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Lines))]
    public void Every_command_in_the_README_parses(string line)
    {
        var words = CommandLineParser.SplitCommandLine(line).Skip(1).ToList();
        if (words[0] == "test")
        {
            // The launcher's own command: bare words, then options of the test runner.
            Assert.DoesNotContain(words.Skip(1), word => word.StartsWith('-'));
            return;
        }

        var host = new CliHost { Output = TextWriter.Null, Error = TextWriter.Null };
        var parsed = CliApp.Parse(CliApp.CreateTree(host), words);
        Assert.True(words.Contains("--help") || ParseComplaint.Of(parsed) is null, ParseComplaint.Of(parsed));
    }

    [Fact]
    public void The_README_begins_with_the_two_commands()
    {
        var lines = File.ReadLines(Path.Combine(Repository.Root, "README.md")).Where(line => line.StartsWith("./retort", StringComparison.Ordinal)).Take(2);
        Assert.Equal(["./retort run backtracking", "./retort test"], lines.Select(line => line.Split(" #")[0].TrimEnd()));
    }
}
