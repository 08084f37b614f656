using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Retort.Cli.Tests;

/// <summary>The command around the server: from its start to its end.</summary>
public sealed class ServeTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Model => Directory.Exists(folder.File("model"))
        ? folder.File("model") : TinyModel.Save(folder.File("model"), context: 8192);

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task It_starts_answers_streams_and_drains_when_told_to_end()
    {
        Assert.SkipUnless(File.Exists("/bin/kill"), "signals are sent with /bin/kill");
        var program = Path.Combine(AppContext.BaseDirectory, "retort.dll");
        string[] words = [program, "serve", "--model", Model, "--port", "0", "--threads", "1", "--otlp", "http://127.0.0.1:1"];
        using var process = Process.Start(new ProcessStartInfo("dotnet", words)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            process.StandardInput.Close();
            var (lines, error) = (new List<string>(), process.StandardError.ReadToEndAsync(Cancellation));
            while (await process.StandardOutput.ReadLineAsync(Cancellation) is { } line)
            {
                lines.Add(line);
                if (line.StartsWith("serving at ", StringComparison.Ordinal))
                {
                    break;
                }
            }

            Assert.True(lines.Count == 4, string.Join('\n', lines));
            Assert.StartsWith("model: scheduler fcfs, 8 sequences a step, 64 live, context 8192 tokens", lines[0], StringComparison.Ordinal);
            Assert.All(lines, line => Assert.InRange(line.Length, 1, 80));
            using var client = new HttpClient { BaseAddress = new Uri(lines[^1]["serving at ".Length..]) };
            Assert.Equal("""{"status":"ok"}""", await client.GetStringAsync(new Uri("/health", UriKind.Relative), Cancellation));
            using var models = JsonDocument.Parse(await client.GetStringAsync(new Uri("/v1/models", UriKind.Relative), Cancellation));
            Assert.Equal("model", models.RootElement.GetProperty("data")[0].GetProperty("id").GetString());

            using var content = new StringContent(
                """{"model":"model","prompt":"a b c","max_tokens":4000,"ignore_eos":true,"n":4,"stream":true}""", Encoding.UTF8, "application/json");
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = content };
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
            using (var kill = Process.Start("/bin/kill", ["-TERM", $"{process.Id}"]))
            {
                await kill.WaitForExitAsync(Cancellation);
            }

            var text = await response.Content.ReadAsStringAsync(Cancellation);
            Assert.EndsWith("data: [DONE]\n\n", text, StringComparison.Ordinal);
            Assert.Equal(4, text.Split("\"finish_reason\":\"length\"").Length - 1);
            await process.WaitForExitAsync(Cancellation);
            const string lost = "retort: serve: traces do not reach http://127.0.0.1:1: Connection refused (127.0.0.1:1); later losses are not told\n";
            // A quick engine, or a slow signal: all may have been written before it came.
            Assert.Contains(await error, (string[])[lost, "retort: serve: 4 sequences have not ended; a second signal stops at once\n" + lost]);
            Assert.Equal(0, process.ExitCode);
        }
        finally
        {
            process.Kill();
        }
    }

    [Fact]
    public void A_port_in_use_is_one_line_and_exit_code_2()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        var outcome = Cli.Run(["serve", "--model", Model, "--port", $"{port}", "--threads", "1"]);
        Assert.Equal((2, ""), (outcome.ExitCode, outcome.Output));
        Assert.StartsWith($"retort: serve: cannot listen at 127.0.0.1:{port} (", outcome.Error, StringComparison.Ordinal);
        Assert.EndsWith("; expected an address of this machine and a free --port\n", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(1, outcome.Error.Count(c => c == '\n'));
    }

    [Fact]
    public void A_dry_run_counts_the_predictor_too_and_serves_nothing()
    {
        var prompts = folder.Write("prompts.txt", string.Concat(from a in "abcdefgh" from b in "abcdefgh" select $"{a} {b} a\n"));
        string[] words = ["train", "predictor", "--model", Model, "--data", prompts, "--max-length", "10", "--epochs", "1", "--inner", "512"];
        Assert.Equal(0, Cli.Run([.. words, "--threads", "1"]).ExitCode);
        var (plain, prompt, trail) = (Bytes("fcfs"), Bytes("sjf"), Bytes("trail"));
        // The networks read 16 hidden numbers and the prompt's features; beside every page of 16 tokens lies a sum of 16 numbers.
        Assert.InRange(prompt - plain, sizeof(float) * 512 * (16 + 10), 1 << 20);
        Assert.InRange(trail - prompt, sizeof(float) * 16 * (8 * 8192 / 16), 1 << 20);
        var text = Cli.Run(["serve", "--model", Model, "--dry-run", "--threads", "1"]);
        Assert.Equal((0, "", 2), (text.ExitCode, text.Error, text.Output.Count(c => c == '\n')));
        Assert.Contains(FormattableString.Invariant($"{plain / 1048576.0:0.0} MiB beside the weights"), text.Output, StringComparison.Ordinal);

        Assert.Contains(", aging 5/s, no keys", Cli.Run(["serve", "--model", Model, "--scheduler", "trail", "--dry-run"]).Output, StringComparison.Ordinal);
        Assert.DoesNotContain(
            "aging", Cli.Run(["serve", "--model", Model, "--scheduler", "trail", "--aging", "0", "--dry-run"]).Output, StringComparison.Ordinal);

        long Bytes(string scheduler)
        {
            var outcome = Cli.Run(["serve", "--model", Model, "--scheduler", scheduler, "--dry-run", "--json"]);
            Assert.Equal((0, ""), (outcome.ExitCode, outcome.Error));
            using var json = JsonDocument.Parse(outcome.Output);
            Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("url").ValueKind);
            return json.RootElement.GetProperty("engineBytes").GetInt64();
        }
    }

    [Theory]
    [InlineData("", "serve: --model is missing; expected --model FOLDER or FILE.bin")]
    [InlineData("--model none", "none: does not exist; expected a checkpoint folder")]
    [InlineData("--model M --scheduler trial", "serve: --scheduler: 'trial' is not a scheduler; expected one of fcfs, sjf, sprpt, l-sprpt, rp-sprpt, trail, priority; did you mean 'trail'?\n")]
    [InlineData("--model M --scheduler srp", "serve: --scheduler: 'srp' is not a scheduler; expected one of fcfs, sjf, sprpt, l-sprpt, rp-sprpt, trail, priority; did you mean 'sjf'?\n")]
    [InlineData("--model M --scheduler srpt", "serve: --scheduler: 'srpt' knows lengths beforehand, which a server does not")]
    [InlineData("--model M --scheduler trail --dry-run", "M/predictor/predictor.json: does not exist; expected a folder that 'train predictor' wrote")]
    [InlineData("--model M --predictor P", "serve: --predictor does nothing here; expected a --scheduler that looks at it; 'fcfs' does not")]
    [InlineData("--model M --scheduler sprpt --c 0.5", "serve: --c does nothing here; expected a --scheduler that looks at it; 'sprpt' does not")]
    [InlineData("--model M --scheduler sjf --margin 2", "serve: --margin does nothing here")]
    [InlineData("--model M --host-kv-tokens 64", "serve: --host-kv-tokens does nothing here; expected --kv-mode swap")]
    [InlineData("--model M --kv-mode 1", "serve: --kv-mode is '1'; expected resident, discard or swap")]
    [InlineData("--model M --kv-mode swp", "serve: --kv-mode is 'swp'; expected resident, discard or swap; did you mean 'swap'?")]
    [InlineData("--model M --max-length 9999", "serve.maxLength: is 9999; expected 2 to the model's context of 8192")]
    [InlineData("--model M --host here", "serve: --host is 'here'; expected an IP address of this machine")]
    [InlineData("--model M --threads 0", "serve: --threads is '0'; expected a whole number in 1..1024")]
    [InlineData("--model M --otlp here", "serve: --otlp is 'here'; expected an address such as http://localhost:4317")]
    [InlineData("--model M --api-keys-file none", "none: no such file; expected a file of keys, one a line")]
    [InlineData("--model M --api-key ''", "serve: an --api-key is empty; expected keys of at least one character")]
    [InlineData("--model M --served-name ''", "serve: --served-name is empty; expected a name for requests to give")]
    [InlineData("--model M --modle x", "serve: unknown option '--modle'; expected one of --model, ")]
    public void A_wrong_request_is_one_line_and_exit_code_2(string line, string message)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => word switch { "M" => Model, "''" => "", _ => word });
        var outcome = Cli.Run(["serve", .. words]);
        var expected = message.StartsWith("M/", StringComparison.Ordinal) ? Model + message[1..] : message;
        Assert.StartsWith("retort: " + expected, outcome.Error, StringComparison.Ordinal);
        Assert.Equal((2, "", 1), (outcome.ExitCode, outcome.Output, outcome.Error.Count(c => c == '\n')));
    }
}
