using System.Text.Json;

namespace Retort.Cli.Tests;

public sealed class TrainPredictorTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string Model => Directory.Exists(folder.File("model")) ? folder.File("model") : TinyModel.Save(folder.File("model"));

    private string Prompts => folder.Write("prompts.txt", string.Concat(
        from a in "abcdefgh" from b in "abcdefgh" select $"{a} {b} a\n"));

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_predictor_is_trained_measured_and_written_into_its_model_s_folder()
    {
        string[] words = ["train", "predictor", "--model", Model, "--data", Prompts, "--max-length", "20", "--epochs", "2", "--inner", "8", "--requests", "90"];
        var outcome = Cli.Run([.. words, "--json", "--threads", "1"]);
        Assert.Equal((0, ""), (outcome.ExitCode, outcome.Error));
        var place = folder.File("model/predictor");
        Assert.Equal(["layers.png", "layers.svg", "predictor.json", "predictor.safetensors"], Directory.EnumerateFiles(place).Select(Path.GetFileName).Order());
        using var json = JsonDocument.Parse(outcome.Output);
        Assert.Equal((place, 2, 90), (json.RootElement.GetProperty("path").GetString(), json.RootElement.GetProperty("layers").GetArrayLength(),
            json.RootElement.GetProperty("trainedOn").GetProperty("requests").GetInt32()));
        var layer = json.RootElement.GetProperty("layer").GetInt32();
        var smoothed = json.RootElement.GetProperty("heldOutMae").GetProperty("smoothed").GetDouble();

        var weights = File.ReadAllBytes(Path.Combine(place, "predictor.safetensors"));
        var text = Cli.Run([.. words, "--layers", "0,1", "--threads", "2", "--batch", "3"]);
        Assert.Equal(0, text.ExitCode);
        Assert.Equal(weights, File.ReadAllBytes(Path.Combine(place, "predictor.safetensors")));
        Assert.Contains(FormattableString.Invariant($"block {layer}, smoothed"), text.Output, StringComparison.Ordinal);
        Assert.Contains(FormattableString.Invariant($"{smoothed:0.00}"), text.Output, StringComparison.Ordinal);

        // The checkpoint is still one, and sampled from as before.
        Assert.Equal(0, Cli.Run(["sample", "--model", Model, "--prompt", "a", "--max-new-tokens", "2"]).ExitCode);
    }

    [Fact]
    public void A_dry_run_prices_the_run_and_writes_nothing()
    {
        var outcome = Cli.Run(["train", "predictor", "--model", Model, "--data", Prompts, "--max-length", "20", "--dry-run", "--json"]);
        using var json = JsonDocument.Parse(outcome.Output);
        Assert.Equal((64, 2, 64 * 16), (json.RootElement.GetProperty("requests").GetInt32(), json.RootElement.GetProperty("layers").GetInt32(),
            json.RootElement.GetProperty("samples").GetInt32()));
        Assert.Equal(64L * 16 * 2 * 16 * sizeof(float), json.RootElement.GetProperty("vectorBytes").GetInt64());
        Assert.False(Directory.Exists(folder.File("model/predictor")));
    }

    [Theory]
    [InlineData("--model M", "train predictor: --data is missing; expected --data FILE with prompts")]
    [InlineData("--data P", "train predictor: --model is missing; expected --model FOLDER or FILE.bin")]
    [InlineData("--model M --data none.txt", "none.txt: no such file")]
    [InlineData("--model M --data P --layers 0,2", "train predictor.layers: is 2; expected blocks from 0 to 1")]
    [InlineData("--model M --data P --layers 0,0", "train predictor.layers: is empty or double")]
    [InlineData("--model M --data P --layers top", "train predictor: --layers has 'top'; expected all, or blocks counted from 0")]
    [InlineData("--model M --data P --max-length 9", "train predictor: --max-length is '9'; expected a whole number in 10..16777216")]
    [InlineData("--model M --data P --max-length 64", "train predictor: --max-length is 64; expected at most 63: the model's context is 64 tokens")]
    [InlineData("--model M --data P --learning-rate 0", "train predictor: --learning-rate is '0'; expected a number above 0, below 10")]
    [InlineData("--model M --data X", "X:1: text: has the word 'x'")]
    [InlineData("--model M --data O", "O: gives 1 requests, of which none is for")]
    [InlineData("--model M --data P --out F", "F: holds files but no predictor, and would be replaced")]
    public void A_wrong_request_is_one_line_and_exit_code_2(string line, string message)
    {
        Directory.CreateDirectory(folder.File("full"));
        folder.Write("full/notes.txt", "mine");
        var places = new Dictionary<string, string>
        {
            ["M"] = Model,
            ["P"] = Prompts,
            ["X"] = folder.Write("x.txt", "x\n"),
            ["O"] = folder.Write("one.txt", "a b\n"),
            ["F"] = folder.File("full"),
        };
        var outcome = Cli.Run(["train", "predictor", .. line.Split(' ').Select(word => places.GetValueOrDefault(word, word))]);
        var first = message.Split(':')[0];
        Assert.Contains("retort: " + (places.TryGetValue(first, out var path) ? path + message[first.Length..] : message), outcome.Error, StringComparison.Ordinal);
        Assert.Equal((2, ""), (outcome.ExitCode, outcome.Output));
        Assert.False(Directory.Exists(folder.File("model/predictor")));
    }
}
