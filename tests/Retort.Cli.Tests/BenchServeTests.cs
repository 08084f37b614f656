using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Retort.Cli.Tests;

public sealed class BenchServeTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_burst_is_counted_and_its_requests_say_what_was_asked()
    {
        using var server = new FakeServer(call => call.Stream(3));
        var (outcome, json) = Json(
            server, "--arrivals burst --requests 6 --max-tokens 5..9 --prompt-words 4 --ignore-eos --temperature 0.7 --seed 3 --api-key k1");
        var result = json.GetProperty("results")[0];
        Assert.Equal((0, ""), (outcome.ExitCode, outcome.Error));
        Assert.Equal("6 6 0 0 0 18 24", Fields(result, "requests", "done", "failed", "rejected", "unfinished", "output_tokens", "prompt_tokens"));
        Assert.Equal("first 6 burst 5..9 0.7 3 True", Fields(
            json.GetProperty("inputs"), "model", "requests", "arrivals", "max_tokens", "temperature", "seed", "ignore_eos"));
        var calls = server.Calls.ToArray();
        Assert.Equal(7, calls.Length); // The first is the warm-up.
        Assert.All(calls, call => Assert.Equal(
            "/v1/completions first True True 0.7", call.Path + " " + Fields(call.Body, "model", "stream", "ignore_eos", "temperature")));
        Assert.All(calls, call => Assert.Contains("Authorization: Bearer k1", call.Head));
        Assert.All(calls[1..], call => Assert.InRange(call.Body.GetProperty("max_tokens").GetInt32(), 5, 9));
        Assert.Equal(6, calls[1..].Select(call => call.Body.GetProperty("seed").GetInt32()).Distinct().Count());
        Assert.Equal(6, calls[1..].Select(call => call.Prompt).Distinct().Count());
    }

    [Fact]
    public void Every_way_to_fail_is_counted_as_what_it_is()
    {
        using var server = new FakeServer(async call =>
        {
            switch (call.Prompt)
            {
                case "full 63" or "full 64":
                    await call.Reply(429, $$$"""{"error":{"message":"queue is {{{call.Prompt}}}"}}""", "Retry-After: 7\r\n");
                    break;
                case "fault":
                    await call.Reply(500, "<html>\n oops\n</html>");
                    break;
                case "cut":
                    await call.BeginStream();
                    await call.Event("""{"choices":[{"text":"x"}]}""");
                    call.Abort();
                    break;
                case "short":
                    await call.BeginStream();
                    await call.Event("""{"choices":[{"text":"x"}]}""");
                    await call.EndStream();
                    break;
                case "error":
                    await call.BeginStream();
                    await call.Event("""{"choices":[{"text":"x"}]}""");
                    await call.Event("""{"error":{"message":"out of blocks"}}""");
                    await call.EndStream();
                    break;
                case "noise":
                    await call.BeginStream();
                    await call.Event("{{{");
                    await call.EndStream();
                    break;
                case "whole":
                    await call.Reply(200, """{"choices":[{"text":"x"}]}""");
                    break;
                case "mute":
                    await Task.Delay(Timeout.Infinite, call.Token);
                    break;
                default:
                    await call.Stream(2);
                    break;
            }
        });
        string[] kinds = ["good", "full 63", "fault", "cut", "short", "error", "noise", "whole", "mute", "full 64"];
        File.WriteAllLines(folder.File("prompts.txt"), kinds);
        var (outcome, json) = Json(server, $"--arrivals burst --timeout 1 --prompts {folder.File("prompts.txt")} --out {folder.File("out.jsonl")}");
        var result = json.GetProperty("results")[0];
        Assert.Equal(0, outcome.ExitCode);
        Assert.Equal("10 1 7 2 0 2", Fields(result, "requests", "done", "failed", "rejected", "unfinished", "output_tokens"));
        var lines = File.ReadAllLines(folder.File("out.jsonl")).Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        string[] expected =
        [
            "done ", "rejected HTTP 429: queue is full 63", "failed HTTP 500: <html> oops </html>", "failed *", "failed the stream ended before the answer did",
            "failed out of blocks", "failed an event of the stream is not JSON", "failed the answer is not streamed as server-sent events", "failed no end after 1 s", "rejected HTTP 429: queue is full 64",
        ];
        Assert.All(expected.Zip(lines), pair =>
        {
            var (wanted, line) = (pair.First, Fields(pair.Second, "status", "error"));
            Assert.True(wanted.EndsWith('*') ? line.Length > wanted.Length : wanted == line, line);
        });
        Assert.Equal("7", Fields(lines[1], "retry_after_seconds"));
        Assert.Equal("1 1 1", string.Join(' ', lines[3..6].Select(line => line.GetProperty("chunk_seconds").GetArrayLength())));
        Assert.Equal(8, result.GetProperty("faults").GetArrayLength());
        Assert.Equal("HTTP 429: queue is full 63 2", Fields(result.GetProperty("faults")[0], "error", "requests"));
    }

    [Fact]
    public void No_request_waits_for_another_ones_answer()
    {
        var (arrived, all) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        using var server = new FakeServer(async call =>
        {
            // The warm-up is the first; of the others none is answered before the last has come.
            if (Interlocked.Increment(ref arrived) is > 1 and var now)
            {
                if (now == 41)
                {
                    all.SetResult();
                }

                await all.Task;
            }

            await call.Stream(2);
        });
        var (_, json) = Json(server, $"--rate 200 --requests 40 --out {folder.File("out.jsonl")}");
        Assert.Equal("40 40", Fields(json.GetProperty("results")[0], "requests", "done"));
        var lines = File.ReadAllLines(folder.File("out.jsonl")).Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        var lastSent = lines.Max(line => line.GetProperty("sent_seconds").GetDouble());
        Assert.All(lines, line => Assert.True(line.GetProperty("chunk_seconds")[0].GetDouble() >= lastSent));
        Assert.All(lines, line => Assert.True(line.GetProperty("sent_seconds").GetDouble() >= line.GetProperty("due_seconds").GetDouble()));
    }

    [Fact]
    public void A_wait_for_a_connection_is_lag_and_part_of_the_latency()
    {
        using var server = new FakeServer(async call =>
        {
            await Task.Delay(30, call.Token);
            await call.Stream(1);
        });
        var (_, json) = Json(server, $"--arrivals burst --requests 3 --max-connections 1 --out {folder.File("out.jsonl")}");
        var lines = File.ReadAllLines(folder.File("out.jsonl")).Select(line => JsonDocument.Parse(line).RootElement)
            .OrderBy(line => line.GetProperty("sent_seconds").GetDouble()).ToArray();
        // Each waits for the answer before it, which takes the server 30 ms.
        Assert.All(lines.Zip(lines.Skip(1)), pair =>
            Assert.True(pair.Second.GetProperty("sent_seconds").GetDouble() >= pair.First.GetProperty("sent_seconds").GetDouble() + 0.02));
        var result = json.GetProperty("results")[0];
        var (lag, first) = (result.GetProperty("send_lag_seconds"), result.GetProperty("time_to_first_token_seconds"));
        Assert.True(lag.GetProperty("p99").GetDouble() > 0.03 && first.GetProperty("p99").GetDouble() > lag.GetProperty("p99").GetDouble());
    }

    [Fact]
    public void Rates_are_run_one_after_another_a_row_each()
    {
        using var server = new FakeServer(call => call.Stream(2));
        var outcome = Cli.Run(["bench", "serve", server.Address + "/v1/", "--rate", "100,400", "--requests", "5", "--model", "m", "--burstiness", "0.5"]);
        Assert.Equal(0, outcome.ExitCode);
        var lines = outcome.Output.TrimEnd().Split('\n');
        Assert.Equal(1 + 2 + 1 + 1 + 2 + 1 + 1 + 4 * 2, lines.Length);
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 80));
        Assert.StartsWith("     100        5       0         0", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("     400        5       0         0", lines[2], StringComparison.Ordinal);
        Assert.Equal("     100        -           -        -        -", lines[5]); // No /metrics here: unknown, not 0.
        Assert.Equal(
            ["milliseconds", "first", "first", "inter-token", "inter-token", "end-to-end", "end-to-end", "send", "send"],
            lines[8..].Select(line => line.Split(' ')[0]));
        Assert.Contains("serve at 400 requests/s: 5 requests in", outcome.Error, StringComparison.Ordinal);
        Assert.Equal("m", server.Calls.First().Body.GetProperty("model").GetString());
    }

    [Fact]
    public void The_servers_own_metrics_are_read_before_and_after()
    {
        var answered = 0;
        using var server = new FakeServer(async call =>
        {
            Interlocked.Increment(ref answered);
            await call.Stream(2);
        })
        {
            Page = path => path == "/metrics"
                ? $"vllm:num_preemptions_total{{model_name=\"m\"}} {10 + 2 * answered}\nvllm:generation_tokens_total {2 * answered}\n" : null,
        };
        var (_, json) = Json(server, "--arrivals burst --requests 4 --model m");
        Assert.Equal("8 8  ", Fields(
            json.GetProperty("results")[0].GetProperty("server"), "preemptions", "generation_tokens", "recomputed_tokens", "kv_use_mean"));
    }

    [Fact]
    public void A_trace_says_when_what_and_how_long()
    {
        using var server = new FakeServer(call => call.Stream(1));
        var trace = folder.File("trace.jsonl");
        File.WriteAllText(trace, """
            {"arrival_seconds": 1000.02, "prompt": "second", "output_tokens": 7}
            {"arrival_seconds": 1000.04, "prompt_tokens": 12}

            {"arrival_seconds": 1000, "prompt": "first"}
            """);
        var (outcome, _) = Json(server, $"--arrivals trace:{trace} --max-tokens 9 --out {folder.File("out.jsonl")}");
        Assert.Equal(0, outcome.ExitCode);
        var calls = server.Calls.Skip(1).OrderBy(call => call.Prompt.Length).ToArray();
        Assert.Equal(["first 9", "second 7"], calls[..2].Select(call => $"{call.Prompt} {call.Body.GetProperty("max_tokens")}"));
        Assert.Equal((12, 9), (calls[2].Prompt.Split(' ').Length, calls[2].Body.GetProperty("max_tokens").GetInt32()));
        var due = File.ReadAllLines(folder.File("out.jsonl")).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("due_seconds").GetDouble());
        Assert.Equal([0, 0.02, 0.04], due.Select(time => Math.Round(time, 6)));
    }

    [Fact]
    public void A_chat_sends_messages_and_reads_deltas()
    {
        using var server = new FakeServer(async call =>
        {
            await call.BeginStream();
            await call.Event("""{"choices":[{"delta":{"role":"assistant","content":""}}]}""");
            await call.Event("""{"choices":[{"delta":{"content":"one two three four"}}]}""");
            await call.Event("""{"choices":[{"delta":{"content":"five six seven eight"}}]}""");
            await call.Event("""{"choices":[{"delta":{},"finish_reason":"length"}]}""");
            await call.Event("""{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":8}}""");
            await call.Event("[DONE]");
            await call.EndStream();
        });
        var outcome = Cli.Run([
            "bench", "serve", server.Address, "--chat", "--arrivals", "burst", "--requests", "1", "--prompt-words", "2", "--out", folder.File("out.jsonl")]);
        Assert.Equal(0, outcome.ExitCode);
        Assert.Contains("inter-chunk", outcome.Output, StringComparison.Ordinal);
        var call = server.Calls.Last();
        Assert.Equal(("/v1/chat/completions", "user"), (call.Path, call.Body.GetProperty("messages")[0].GetProperty("role").GetString()));
        var line = JsonDocument.Parse(File.ReadAllText(folder.File("out.jsonl"))).RootElement;
        Assert.Equal("done length 9 8 200", Fields(line, "status", "finish_reason", "prompt_tokens", "output_tokens", "http_status"));
        Assert.Equal(2, line.GetProperty("chunk_seconds").GetArrayLength());
    }

    [Fact]
    public void An_interrupted_run_shows_what_was_measured()
    {
        using var interrupt = new CancellationTokenSource();
        var calls = 0;
        using var server = new FakeServer(async call =>
        {
            var now = Interlocked.Increment(ref calls);
            if (now <= 3)
            {
                await call.Stream(2);
                return;
            }

            await call.BeginStream();
            await call.Event("""{"choices":[{"text":"x"}]}""");
            if (now == 6)
            {
                await interrupt.CancelAsync();
            }

            await Task.Delay(Timeout.Infinite, call.Token);
        });
        var outcome = Cli.Run(
            ["bench", "serve", server.Address, "--rate", "50,60", "--requests", "1000", "--prompt-words", "2", "--json"],
            host => host with { Cancellation = interrupt.Token });
        Assert.Equal((130, "retort: interrupted\n"), (outcome.ExitCode, outcome.Error));
        var results = JsonDocument.Parse(outcome.Output).RootElement.GetProperty("results");
        Assert.Equal(1, results.GetArrayLength());
        var count = ((string[])["requests", "done", "failed", "unfinished"]).ToDictionary(name => name, name => results[0].GetProperty(name).GetInt32());
        Assert.InRange(count["requests"], 5, 999);
        Assert.InRange(count["done"], 0, 2);
        Assert.Equal((0, count["requests"] - count["done"]), (count["failed"], count["unfinished"]));
    }

    [Fact]
    public void A_server_that_is_not_there_is_the_environments_fault()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var address = $"http://{listener.LocalEndpoint}";
        listener.Stop();
        foreach (var words in (string[][])[[], ["--model", "m"]])
        {
            var outcome = Cli.Run(["bench", "serve", address, "--rate", "1", .. words]);
            Assert.Equal((1, ""), (outcome.ExitCode, outcome.Output));
            Assert.Matches($"^retort: {address}/v1/(models|completions): .*refused.*; expected a running OpenAI-compatible server\n$", outcome.Error);
        }
    }

    [Theory]
    [InlineData(401, 2, "HTTP 401: no; expected --api-key KEY, or the key in OPENAI_API_KEY")]
    [InlineData(404, 2, "HTTP 404: no; expected a model and a prompt that the server takes")]
    [InlineData(503, 1, "HTTP 503: no; expected a server that is ready")]
    public void A_refusal_is_told_before_the_run(int status, int exitCode, string message)
    {
        using var server = new FakeServer(call => call.Reply(status, """{"error":{"message":"no."}}"""));
        var outcome = Cli.Run(["bench", "serve", server.Address, "--arrivals", "burst"]);
        Assert.Equal((exitCode, "", $"retort: {server.Address}/v1/completions: {message}\n"), (outcome.ExitCode, outcome.Output, outcome.Error));
        Assert.Single(server.Calls);
    }

    [Theory]
    [InlineData(null, "HTTP 404: no such page; expected an OpenAI-compatible address")]
    [InlineData("<html>", "lists no model; expected an OpenAI-compatible address")]
    [InlineData("""{"data":[]}""", "lists no model; expected an OpenAI-compatible address")]
    public void An_address_that_lists_no_model_is_told(string? page, string message)
    {
        using var server = new FakeServer(call => call.Stream(1)) { Page = _ => page };
        var outcome = Cli.Run(["bench", "serve", server.Address, "--arrivals", "burst"]);
        Assert.Equal((2, ""), (outcome.ExitCode, outcome.Output));
        Assert.StartsWith($"retort: {server.Address}/v1/models: {message}", outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "bench serve: URL is missing; expected retort bench serve URL [options]")]
    [InlineData("ftp://x --rate 1", "bench serve: 'ftp://x' is no address; expected http://HOST:PORT or https://HOST:PORT")]
    [InlineData("http:// --rate 1", "bench serve: 'http://' is no address")]
    [InlineData("x:1", "bench serve: no --rate; expected --rate 4 or several as --rate 2,4,8; or --arrivals burst")]
    [InlineData("x:1 --rate 1,,2", "bench serve: --rate has ''; expected numbers from 0.001 to 1000000, separated by commas")]
    [InlineData("x:1 --rate NaN", "bench serve: --rate has 'NaN'")]
    [InlineData("x:1 --arrivals bursts", "bench serve: --arrivals is 'bursts'; expected poisson, burst or trace:FILE; did you mean 'burst'?")]
    [InlineData("x:1 --arrivals burst --rate 1", "bench serve: --rate with --arrivals burst; expected one of them")]
    [InlineData("x:1 --arrivals burst --burstiness 1", "bench serve: --burstiness with --arrivals burst; expected one of them")]
    [InlineData("x:1 --arrivals trace:/no/such", "/no/such: no such file; expected a JSON object with \"arrival_seconds\"")]
    [InlineData("x:1 --rate 1 --max-tokens 9..5", "bench serve: --max-tokens is '9..5'; expected N or N..M, whole numbers in 1..1000000")]
    [InlineData("x:1 --rate 1 --prompt-words 1..2..3", "bench serve: --prompt-words is '1..2..3'")]
    [InlineData("x:1 --rate 1 --prompts a --prompt-words 2", "bench serve: --prompts and --prompt-words together; expected one of them")]
    [InlineData("x:1 --rate 1 --api-key ü", "bench serve: the API key has characters that no header can hold")]
    public void A_wrong_request_is_told_with_what_is_allowed(string words, string message)
    {
        var outcome = Cli.Run(["bench", "serve", .. words.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.Equal((2, ""), (outcome.ExitCode, outcome.Output));
        Assert.StartsWith("retort: " + message, outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"prompt": "x"}""", "has no \"arrival_seconds\"")]
    [InlineData("""{"arrival_seconds": "1"}""", "\"arrival_seconds\" is \"1\"; expected a number of seconds")]
    [InlineData("""{"arrival_seconds": 1e999}""", "\"arrival_seconds\" is 1e999; expected a number of seconds")]
    [InlineData("""{"arrival_seconds": 1, "prompt": 5}""", "\"prompt\" is 5; expected text")]
    [InlineData("""{"arrival_seconds": 1, "output_tokens": 0}""", "\"output_tokens\" is 0; expected a whole number in 1..1000000")]
    public void A_wrong_trace_is_told_with_its_line(string line, string message)
    {
        var trace = folder.File("trace.jsonl");
        File.WriteAllText(trace, "{\"arrival_seconds\": 0}\n" + line + "\n");
        var outcome = Cli.Run(["bench", "serve", "x:1", "--arrivals", "trace:" + trace]);
        Assert.Equal((2, ""), (outcome.ExitCode, outcome.Output));
        Assert.StartsWith($"retort: {trace}:2: {message}", outcome.Error, StringComparison.Ordinal);
    }

    private static (Outcome Outcome, JsonElement Json) Json(FakeServer server, string words)
    {
        var outcome = Cli.Run(["bench", "serve", server.Address, .. words.Split(' '), "--json"]);
        Assert.True(outcome.Output.Length > 0, outcome.Error);
        return (outcome, JsonDocument.Parse(outcome.Output).RootElement);
    }

    private static string Fields(JsonElement fields, params string[] names) =>
        string.Join(' ', names.Select(name => Convert.ToString(fields.GetProperty(name), CultureInfo.InvariantCulture)));
}
