using System.CommandLine.Parsing;
using System.Text.RegularExpressions;

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

    [Fact]
    public void Files_tests_and_links_that_the_pages_name_exist()
    {
        var sources = new[] { "src", "tests" }
            .SelectMany(room => Directory.EnumerateFiles(Path.Combine(Repository.Root, room), "*.cs", SearchOption.AllDirectories))
            .Select(path => Path.GetFileName(path)).ToHashSet();
        var pages = Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md")
            .Append(Path.Combine(Repository.Root, "README.md"));
        var missing = new List<string>();
        foreach (var page in pages)
        {
            var text = File.ReadAllText(page);
            var named = Regex.Matches(text, "`([^`\n]+)`").Select(match => match.Groups[1].Value).ToArray();
            missing.AddRange(named.Where(name => Regex.IsMatch(name, @"^(src|tests|docs)/[\w./]+$") && !Exists(Repository.Root, name)));
            missing.AddRange(named.Where(name => Regex.IsMatch(name, @"^\w+Tests$") && !sources.Contains(name + ".cs")));
            missing.AddRange(named.Where(name => Regex.IsMatch(name, @"^\w+\.cs$") && !sources.Contains(name)));
            missing.AddRange(Regex.Matches(text, @"\]\((?!http)([^)#]+)").Select(match => match.Groups[1].Value)
                .Where(link => !Exists(Path.GetDirectoryName(page)!, link)));
        }

        Assert.Empty(missing);
    }

    private static bool Exists(string folder, string name) =>
        File.Exists(Path.Combine(folder, name)) || Directory.Exists(Path.Combine(folder, name));
}
