using System.Globalization;
using System.Text.Json;

namespace Retort.Cli.Tests;

public sealed class SampleTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string Model => Directory.Exists(folder.File("model")) ? folder.File("model") : TinyModel.Save(folder.File("model"));

    public void Dispose() => folder.Dispose();

    [Fact]
    public void The_pretrained_model_tells_its_story_word_for_word()
    {
        const string story = """
            Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big, red ball. She wanted to play with it, but it was too high.
            Lily's mom said, "Lily, let's go to the park." Lily was sad and didn't know what to do. She said, "I want to play with your ball, but I can't find it."
            Lily was sad and didn't know what to do. She said, "I'm sorry, Lily. I didn't know what to do."
            Lily didn't want to help her mom, so she said, "I'm sorry, mom. I didn't know what to do." Her mom said, "Don't worry, Lily. We can help you.

            """;
        var model = SharedData.Find("stories260k/stories260K.bin");
        var outcome = Cli.Run(["sample", "--model", model, "--prompt", "", "--temperature", "0", "--max-new-tokens", "256"]);
        Assert.Equal((0, story, ""), (outcome.ExitCode, outcome.Output, outcome.Error));
    }

    [Theory]
    [InlineData("1", "1")]
    [InlineData("3", "2")]
    [InlineData("16", "1")]
    public void Samples_are_the_same_bytes_for_any_batch_and_threads(string batch, string threads)
    {
        var prompts = folder.Write("prompts.txt", "a b\n\nc d e f g h a b\nh\n");
        string[] words = ["sample", "--model", Model, "--prompts", prompts, "--samples", "3", "--max-new-tokens", "20", "--json"];
        var expected = Cli.Run([.. words, "--batch", "5", "--threads", "1"]);
        var outcome = Cli.Run([.. words, "--batch", batch, "--threads", threads]);
        Assert.Equal(expected, outcome);
        Assert.Equal(12, outcome.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public void A_line_of_output_is_what_the_contract_says_and_lines_keep_the_order_of_the_prompts()
    {
        var prompts = folder.Write("prompts.jsonl", """
            {"prompt": "a b", "id": "first"}

            {"prompt": "", "more": 1}
            """);
        Assert.Equal(0, Cli.Run(["sample", "--model", Model, "--prompts", prompts, "--max-new-tokens", "9", "--out", folder.File("out.jsonl")]).ExitCode);
        var lines = File.ReadAllLines(folder.File("out.jsonl")).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(["first", "1"], lines.Select(line => line.GetProperty("id").GetString()));
        Assert.All(lines, line =>
        {
            Assert.Equal(["id", "prompt", "tokens", "text", "logprobs", "logprob_bits", "finish_reason"], line.EnumerateObject().Select(field => field.Name));
            var bits = line.GetProperty("logprob_bits").EnumerateArray()
                .Select(item => BitConverter.UInt32BitsToSingle(uint.Parse(item.GetString()!, NumberStyles.HexNumber, CultureInfo.InvariantCulture)));
            Assert.Equal(line.GetProperty("logprobs").EnumerateArray().Select(item => item.GetSingle()), bits);
            Assert.Equal(line.GetProperty("tokens").GetArrayLength(), bits.Count());
            Assert.Contains(line.GetProperty("finish_reason").GetString(), (string[])["stop", "length"]);
        });
    }

    [Fact]
    public void One_prompt_streams_the_text_that_its_JSON_line_holds()
    {
        string[] words = ["sample", "--model", Model, "--prompt", "a b", "--max-new-tokens", "12", "--seed", "4"];
        using var json = JsonDocument.Parse(Cli.Run([.. words, "--json"]).Output);
        Assert.Equal(json.RootElement.GetProperty("text").GetString() + Environment.NewLine, Cli.Run(words).Output);
    }

    [Theory]
    [InlineData("--prompt a", "sample: --model is missing; expected --model FOLDER or FILE.bin")]
    [InlineData("--model M", "sample: no prompt; expected --prompt TEXT or --prompts FILE")]
    [InlineData("--model M --prompt a --prompts P", "sample: --prompt and --prompts together; expected one of them")]
    [InlineData("--model M --prompt x", "--prompt: text: has the word 'x' as word 1 (character 0), which the vocabulary lacks; expected one of its 8 words; did you mean 'a'?")]
    [InlineData("--model M --prompts P", "P:2: text: has the word 'B' as word 2 (character 2), which the vocabulary lacks; expected one of its 8 words; did you mean 'b'?")]
    [InlineData("--model M --prompts L", "L:1: the prompt has 65 tokens; expected 1 to 63: the model's context is 64 tokens")]
    [InlineData("--model M --prompts J", "J:2: is not JSON")]
    [InlineData("--model M --prompts S", "S:1: is not JSON")]
    [InlineData("--model mdl --prompt a", "mdl: does not exist; expected a checkpoint folder, a llama2.c model (.bin), or the folder of a run; did you mean 'model'?")]
    [InlineData("--model E --prompt a", "E: holds no model; expected a checkpoint folder, a llama2.c model (.bin), or the folder of a run")]
    [InlineData("--model M --prompt a --temperature -1", "sample: --temperature is '-1'; expected a number in 0..100")]
    [InlineData("--model M --prompt a --batch 0", "sample: --batch is '0'; expected a whole number in 1..4096")]
    public void A_wrong_request_is_one_line_and_exit_code_2(string line, string message)
    {
        Directory.CreateDirectory(folder.File("empty"));
        var places = new Dictionary<string, string>
        {
            ["M"] = Model,
            ["mdl"] = folder.File("mdl"),
            ["E"] = folder.File("empty"),
            ["P"] = folder.Write("p.txt", "a\na B\n"),
            ["L"] = folder.Write("l.txt", string.Join(' ', Enumerable.Repeat("a", 64)) + "\n"),
            ["S"] = folder.Write("s.jsonl", "{\"prompt\": \"\\ud800\"}\n"),
            ["J"] = folder.Write("j.jsonl", "{\"prompt\": \"a\"}\n{\"prompt\"\n"),
        };
        var outcome = Cli.Run(["sample", .. line.Split(' ').Select(word => places.GetValueOrDefault(word, word))]);
        var first = message.Split(':')[0];
        Assert.StartsWith("retort: " + (places.TryGetValue(first, out var path) ? path + message[first.Length..] : message), outcome.Error, StringComparison.Ordinal);
        Assert.Equal((2, "", 1), (outcome.ExitCode, outcome.Output, outcome.Error.TrimEnd().Split('\n').Length));
    }

    [Fact]
    public void A_run_with_one_model_is_that_model_and_several_are_listed()
    {
        var one = TinyModel.Save(folder.File("run/checkpoints/one/step-00000010"));
        string[] words = ["--prompt", "a", "--max-new-tokens", "8"];
        var expected = Cli.Run(["sample", "--model", one, .. words]);
        File.WriteAllText(Path.Combine(one, "training_state.json"), "{}");
        Assert.Equal(expected, Cli.Run(["sample", "--model", folder.File("run"), .. words]));
        Assert.Equal(expected, Cli.Run(["sample", "--model", folder.File("run/checkpoints/one"), .. words]));
        TinyModel.Save(folder.File("run/checkpoints/two"));
        var run = folder.File("run");
        Assert.Equal($"retort: {run}: holds 2 models; expected one of {run}/checkpoints/one, {run}/checkpoints/two{Environment.NewLine}",
            Cli.Run(["sample", "--model", run, .. words]).Error);
    }
}
