using System.Text;
using System.Text.Json;
using Retort.Tasks.CountDown;

namespace Retort.Tasks.Tests.CountDown;

public class CountDownStatisticsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("depth-first", 2000, 6, 25)]
    [InlineData("think", 3000, 4, 20)]
    [InlineData("beam", 2000, 8, 9)]
    [InlineData("stacked", 600, 7, 25)]
    [InlineData("direct", 500, 1, 2)]
    [InlineData("compact, 4 numbers 1..20, target 10..50", 3000, 7, 25)]
    [InlineData("compact, 3 numbers 1..20, target 10..50", 3000, 7, 25)]
    public void A_small_sample_lies_near_the_published_values(string name, int count, double points, double percent)
    {
        var published = PaperTable.All.Single(traces => traces.Name == name);
        var measured = CountDownStatistics.Measure(published.Settings, count, threads: 2, countGoalStates: published.CountsGoalStates,
            cancellation: Cancellation);
        var comparisons = PaperTable.Compare(published, measured);
        Assert.NotEmpty(comparisons);
        Assert.All(comparisons, c => Assert.True(
            Math.Abs(c.Difference) < (c.IsShare ? points : percent), $"{c.Row} {c.Quantity}: paper {c.Paper}, ours {c.Ours}"));
    }

    [Fact]
    public void Statistics_and_exports_are_the_same_for_every_number_of_threads()
    {
        CountDownSettings[] kinds =
        [
            CountDownCases.Compact, CountDownCases.Compact with { Variant = CountDownVariant.Mix },
            CountDownCases.Compact with { Variant = CountDownVariant.Stacked }, CountDownSettings.Paper with { Variant = CountDownVariant.Think },
        ];
        foreach (var settings in kinds)
        {
            var (one, three) = (Export(settings, 1), Export(settings, 3));
            Assert.Equal(one, three);
            var rows = CountDownStatistics.Measure(settings, 200, 1, cancellation: Cancellation).Rows;
            Assert.Equal(JsonSerializer.Serialize(rows), JsonSerializer.Serialize(CountDownStatistics.Measure(settings, 200, 4, cancellation: Cancellation).Rows));
        }
    }

    [Fact]
    public void An_export_holds_the_tasks_items_in_order()
    {
        foreach (var settings in CountDownCases.All)
        {
            var task = new CountDownTask(settings);
            var lines = Export(settings, 2).TrimEnd('\n').Split('\n');
            Assert.Equal(300, lines.Length);
            for (var index = 0; index < lines.Length; index += 7)
            {
                using var json = JsonDocument.Parse(lines[index]);
                var (item, line) = (task.Create(Split.Test, index), json.RootElement);
                Assert.Equal(
                    ["id", "split", "numbers", "target", "solution", "variant", "heuristic", "trace", "solved", "tokens"],
                    line.EnumerateObject().Select(property => property.Name));
                Assert.Equal(item.Id, line.GetProperty("id").GetString());
                Assert.Equal(item.Heuristic, line.GetProperty("heuristic").GetString());
                Assert.Equal(item.Solved, line.GetProperty("solved").GetBoolean());
                Assert.Equal(item.Tokens, line.GetProperty("tokens").GetInt32());
                var trace = line.GetProperty("trace").GetString()!;
                var tokens = settings.Format == CountDownFormat.Paper ? PaperTokens.Spaced(trace) : trace;
                Assert.Equal($"{item.Prompt} {item.Answer}".TrimEnd(), tokens);
            }
        }
    }

    [Fact]
    public void Progress_tells_every_chunk_and_ends_at_the_count()
    {
        var told = new List<long>();
        using var stream = new MemoryStream();
        CountDownExport.Write(stream, CountDownCases.Compact, Split.Train, 300, 2, told.Add, Cancellation);
        Assert.Equal([128, 256, 300], told);
    }

    [Fact]
    public void A_cancelled_export_leaves_the_old_file_as_it_was()
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("retort").FullName, "x.jsonl");
        File.WriteAllText(path, "old");
        using var cancel = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => CountDownExport.Write(
            path, CountDownCases.Compact, Split.Train, 5000, 2, _ => cancel.Cancel(), cancel.Token));
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(path)!));
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    [Fact]
    public void A_warm_search_allocates_only_its_problem()
    {
        var demonstrator = new Demonstrator(CountDownCases.Compact);
        var problems = Enumerable.Range(0, 100).Select(index => demonstrator.CreateProblem(Split.Train, index)).ToArray();
        for (var pass = 0; pass < 2; pass++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var index = 0; index < problems.Length; index++)
            {
                demonstrator.Demonstrate(problems[index], Split.Train, index);
            }

            var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(pass == 0 || bytes == 0, $"{bytes} bytes");
        }
    }

    private static string Export(CountDownSettings settings, int threads)
    {
        using var stream = new MemoryStream();
        CountDownExport.Write(stream, settings, Split.Test, 300, threads, cancellation: Cancellation);
        return Encoding.ASCII.GetString(stream.ToArray());
    }
}
