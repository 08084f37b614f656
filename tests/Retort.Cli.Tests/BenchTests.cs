using System.Text.Json;
using Retort.Recipes.Bench;

namespace Retort.Cli.Tests;

public sealed class BenchTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Every_measurement_is_one_JSON_object_a_line_with_the_promised_fields()
    {
        var model = TinyModel.Save(folder.File("model"));
        var outcome = Cli.Run([
            "bench", "engine", "--json", "--what", "decode,prefill,train", "--shape", "tiny", "--batch", "1,3", "--threads", "1,2",
            "--seconds", "0", "--model", model]);
        Assert.Equal((0, ""), (outcome.ExitCode, outcome.Error));
        var lines = outcome.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement).ToList();
        string[] expected = ["train tiny 32 128", "decode tiny 1 64", "decode tiny 3 64", "prefill tiny 1 127", "decode model 1 31"];
        Assert.Equal(
            expected.Select(line => line + " 1").Concat(expected.Select(line => line + " 2")),
            lines.Select(line => string.Join(' ', ((string[])["what", "shape", "batch", "context", "threads"]).Select(field => line.GetProperty(field)))));
        Assert.All(lines, line =>
        {
            var value = ((string[])[
                "tokens_per_second", "gflops", "fraction_of_peak", "fraction_of_roofline", "peak_gflops", "bandwidth_gbs", "microseconds_per_step",
                "flop_per_cycle"]).ToDictionary(field => field, field => line.GetProperty(field).GetDouble());
            Assert.All(value.Values, number => Assert.True(number > 0 && double.IsFinite(number)));
            Assert.Equal(value["gflops"] / value["peak_gflops"], value["fraction_of_peak"], 1e-9);
            Assert.Equal(line.TryGetProperty("flag", out _), value["flop_per_cycle"] < 28);
        });
    }

    [Fact]
    public void Without_JSON_the_columns_line_up()
    {
        var outcome = Cli.Run(["bench", "engine", "--what", "prefill", "--shape", "tiny", "--threads", "1", "--seconds", "0"]);
        var lines = outcome.Output.TrimEnd().Split('\n');
        Assert.Equal((0, ""), (outcome.ExitCode, outcome.Error));
        Assert.Equal(lines[0].Length, lines[1].Length);
    }

    [Fact]
    public void A_matrix_product_counts_two_operations_a_weight_and_row()
    {
        var result = Assert.Single(EngineBench.Run(new BenchSettings { What = ["matmul"], Shapes = [], Seconds = 0, MatMulSize = 64 }, TestContext.Current.CancellationToken));
        Assert.Equal(2.0 * 64 * 64 * 64, result.Gflops * 1e3 * result.MicrosecondsPerStep, 1);
        Assert.Equal(("64x64x64", 64), (result.Shape, result.Batch));
    }

    [Theory]
    [InlineData("--what trian", "bench: --what has 'trian'; expected matmul, train, decode, load, prefill, positions, rl; did you mean 'train'?")]
    [InlineData("--shape large", "bench: --shape has 'large'; expected tiny, small, medium")]
    [InlineData("--batch 0", "bench: --batch has '0'; expected whole numbers in 1..4096, separated by commas")]
    [InlineData("--threads 1,x", "bench: --threads has 'x'; expected whole numbers in 1..1024, separated by commas")]
    [InlineData("--seconds -1", "bench engine: --seconds is '-1'; expected a number from 0 to 3600")]
    public void A_wrong_request_is_told_with_what_is_allowed(string words, string message)
    {
        var outcome = Cli.Run(["bench", "engine", .. words.Split(' ')]);
        Assert.Equal((2, ""), (outcome.ExitCode, outcome.Output));
        Assert.StartsWith("retort: " + message, outcome.Error, StringComparison.Ordinal);
    }
}
