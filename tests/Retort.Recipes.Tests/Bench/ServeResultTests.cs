using System.Text.Json;
using Retort.Analysis;
using Retort.Recipes.Bench.Serve;

namespace Retort.Recipes.Tests.Bench;

public class ServeResultTests
{
    private static readonly ServerUse Nothing = new(null, null, null, null, null, null, null, null);

    [Fact]
    public void Latencies_count_from_when_a_request_was_due()
    {
        // Request i: due at i, sent 0.25 late, first text after i + 1 seconds more, then two chunks 0.5 apart.
        var outcomes = Enumerable.Range(0, 11).Select(i => Done(i, due: i, lag: 0.25, chunks: [2.0 * i + 1, 2.0 * i + 1.5, 2.0 * i + 2])).ToList();
        var result = ServeResult.Of(1, outcomes, Nothing);
        Assert.Equal(new Spread(6, 6, 10, 10.9), Rounded(result.TimeToFirstTokenSeconds));
        Assert.Equal(new Spread(0.5, 0.5, 0.5, 0.5), result.InterTokenSeconds);
        Assert.Equal(new Spread(7, 7, 11, 11.9), Rounded(result.EndToEndSeconds));
        Assert.Equal(new Spread(0.25, 0.25, 0.25, 0.25), result.SendLagSeconds);
        Assert.Equal((22, 11 / 22.0), (result.DurationSeconds, result.RequestsPerSecond));
        Assert.Equal((33, 110), (result.OutputTokens, result.PromptTokens));
        Assert.Equal((33 / 22.0, 143 / 22.0), (result.OutputTokensPerSecond, result.TokensPerSecond));
        Assert.False(result.ChunksHoldSeveralTokens);
    }

    [Fact]
    public void Only_answered_requests_have_latencies_and_every_request_is_counted()
    {
        ServeOutcome[] outcomes =
        [
            Done(0, 0, 0, [1]),
            Done(1, 0, 0, [1]) with { Status = ServeStatus.Failed, Error = "broken", EndSeconds = 9 },
            Done(2, 0, 0, [1]) with { Status = ServeStatus.Failed, Error = "refused", SentSeconds = null },
            Done(3, 0, 0, []) with { Status = ServeStatus.Rejected, Error = "refused" },
            Done(4, 0, 0, []) with { Status = ServeStatus.Unfinished },
        ];
        var result = ServeResult.Of(null, outcomes, Nothing);
        Assert.Equal((5, 1, 2, 1, 1), (result.Requests, result.Done, result.Failed, result.Rejected, result.Unfinished));
        Assert.Equal([new ServeFault("refused", 2), new ServeFault("broken", 1)], result.Faults);
        Assert.Equal((9, 1), (result.DurationSeconds, result.EndToEndSeconds!.P99));
        Assert.Null(result.InterTokenSeconds);
    }

    [Fact]
    public void What_is_unknown_is_null_in_the_JSON()
    {
        var result = ServeResult.Of(null, [Done(0, 0, 0, [1, 2]) with { PromptTokens = null, OutputTokens = null }], Nothing);
        var json = JsonDocument.Parse(ServeResult.ToJson(new Dictionary<string, object?> { ["seed"] = 1 }, [result])).RootElement;
        var row = json.GetProperty("results")[0];
        Assert.Equal((1, 1), (json.GetProperty("inputs").GetProperty("seed").GetInt32(), row.GetProperty("without_usage").GetInt32()));
        Assert.All(
            [row.GetProperty("rate"), row.GetProperty("output_tokens"), row.GetProperty("tokens_per_second"), row.GetProperty("server").GetProperty("kv_use_mean")],
            field => Assert.Equal(JsonValueKind.Null, field.ValueKind));
    }

    [Theory]
    [InlineData(5, false)] // Every chunk but the end token's.
    [InlineData(8, true)]
    public void Chunks_of_several_tokens_are_noticed(int tokens, bool several) =>
        Assert.Equal(several, ServeResult.Of(1, [Done(0, 0, 0, [1, 2, 3, 4]) with { OutputTokens = tokens }], Nothing).ChunksHoldSeveralTokens);

    [Fact]
    public void Nothing_sent_is_a_result_too()
    {
        var result = ServeResult.Of(2, [], Nothing);
        Assert.Equal((0, null, null), (result.Requests, result.RequestsPerSecond, result.EndToEndSeconds));
    }

    private static ServeOutcome Done(int index, double due, double lag, double[] chunks) => new()
    {
        Index = index,
        Status = ServeStatus.Done,
        DueSeconds = due,
        SentSeconds = due + lag,
        ChunkSeconds = chunks,
        EndSeconds = chunks.LastOrDefault(),
        PromptTokens = 10,
        OutputTokens = chunks.Length,
    };

    private static Spread Rounded(Spread? spread) =>
        new(Math.Round(spread!.Mean, 9), Math.Round(spread.Median, 9), Math.Round(spread.P90, 9), Math.Round(spread.P99, 9));
}
