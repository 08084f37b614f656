using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using CsCheck;

namespace Retort.Server.Tests;

/// <summary>Clients that err, cheat, dawdle or leave.</summary>
public class BadInputTests
{
    private const string Completions = "/v1/completions";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_mistake_is_an_error_that_names_its_field()
    {
        await using var live = await LiveServer.StartAsync();
        var long_ = "\"" + new string('a', 200) + "\"";
        foreach (var (fields, status, param, code) in ((string, int, string?, string)[])
        [
            ("\"prompt\": 3", 400, "prompt", "invalid_type"), ("\"prompt\": []", 400, "prompt", "invalid_value"),
            ("\"prompt\": [\"a\", 1]", 400, "prompt", "invalid_type"), ("\"prompt\": [1, \"a\"]", 400, "prompt", "invalid_value"),
            ("\"prompt\": [1, 99]", 400, "prompt", "invalid_value"), ("\"prompt\": [-1]", 400, "prompt", "invalid_value"),
            ("\"prompt\": \"Q\"", 400, "prompt", "invalid_value"), ("\"prompt\": [[]]", 400, "prompt", "invalid_value"),
            ($"\"prompt\": {long_}", 400, "prompt", "context_length_exceeded"), ("\"prompt\": \"a\", \"max_tokens\": 127", 400, "max_tokens", "context_length_exceeded"),
            ("\"prompt\": \"a\", \"max_tokens\": 0", 400, "max_tokens", "invalid_value"), ("\"prompt\": \"a\", \"max_tokens\": 1.5", 400, "max_tokens", "invalid_value"),
            ("\"prompt\": \"a\", \"temperature\": -1", 400, "temperature", "invalid_value"), ("\"prompt\": \"a\", \"temperature\": 1e99", 400, "temperature", "invalid_value"),
            ("\"prompt\": \"a\", \"temperature\": \"hot\"", 400, "temperature", "invalid_type"), ("\"prompt\": \"a\", \"top_p\": 0", 400, "top_p", "invalid_value"),
            ("\"prompt\": \"a\", \"n\": 1000000000", 400, "n", "invalid_value"), ("\"prompt\": \"a\", \"n\": 99999999999999999999", 400, "n", "invalid_value"),
            ("\"prompt\": \"a\", \"stop\": [\"a\", \"b\", \"c\", \"d\", \"e\"]", 400, "stop", "invalid_value"), ("\"prompt\": \"a\", \"stop\": \"\"", 400, "stop", "invalid_value"),
            ("\"prompt\": \"a\", \"logit_bias\": {\"x\": 1}", 400, "logit_bias", "invalid_value"), ("\"prompt\": \"a\", \"logit_bias\": {\"3\": 101}", 400, "logit_bias.3", "invalid_value"),
            ("\"prompt\": \"a\", \"suffix\": \"b\"", 400, "suffix", "unsupported_parameter"), ("\"prompt\": \"a\", \"best_of\": 2", 400, "best_of", "unsupported_parameter"),
            ("\"prompt\": \"a\", \"presence_penalty\": 1", 400, "presence_penalty", "unsupported_parameter"), ("\"prompt\": \"a\", \"logprobs\": 21", 400, "logprobs", "invalid_value"),
            ("\"prompt\": \"a\", \"stream_options\": {}", 400, "stream_options", "invalid_value"), ("\"prompt\": \"a\", \"prompt\": \"b\"", 400, null, "invalid_json"),
            ("\"prompt\": \"\\ud800\"", 400, null, "invalid_json"), ("", 400, "prompt", "missing_parameter"),
            ("\"prompt\": \"a\", \"temprature\": 0", 400, "temprature", "unknown_parameter"), ("\"prompt\": \"a\", \"max_token\": 5", 400, "max_token", "unknown_parameter"),
            ("\"prompt\": \"a\", \"max_completion_tokens\": 5", 400, "max_completion_tokens", "unknown_parameter"),
            ("\"prompt\": \"a\", \"top_logprobs\": 3", 400, "top_logprobs", "unknown_parameter"), ("\"prompt\": \"a\", \"typical_p\": 0.5", 400, "typical_p", "unsupported_parameter"),
        ])
        {
            var (found, body) = await live.PostAsync(Completions, "{\"model\": \"tiny\"" + (fields.Length > 0 ? ", " : "") + fields + "}");
            AssertError(body, found, status, param, code);
        }

        foreach (var (path, text, status, param, code) in ((string, string, int, string?, string)[])
        [
            (Completions, "", 400, null, "invalid_json"), (Completions, "{", 400, null, "invalid_json"), (Completions, "[]", 400, null, "invalid_json"),
            (Completions, new string('[', 5000), 400, null, "invalid_json"), (Completions, "{\"prompt\": \"a\"}", 400, "model", "missing_parameter"),
            (Completions, "{\"model\": \"gpt\", \"prompt\": \"a\"}", 404, "model", "model_not_found"),
            ("/v1/chat/completions", "{\"model\": \"tiny\", \"messages\": []}", 400, "messages", "invalid_value"),
            ("/v1/chat/completions", "{\"model\": \"tiny\", \"messages\": [{\"role\": \"user\"}]}", 400, "messages[0].content", "missing_parameter"),
            ("/v1/chat/completions", "{\"model\": \"tiny\", \"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image_url\"}]}]}", 400, "messages[0].content", "unsupported_parameter"),
            ("/v1/chat/completions", "{\"model\": \"tiny\", \"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": [1]}", 400, "tools", "unsupported_parameter"),
            ("/v1/chat/completions", "{\"model\": \"tiny\", \"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"response_format\": {\"type\": \"json_object\"}}", 400, "response_format", "unsupported_parameter"),
            ("/v1/chat/completions", $$"""{"model": "tiny", "messages": [{"role": "{{new string('a', 100_000)}}", "content": "a"}]}""", 400, "messages", "context_length_exceeded"),
            ("/v1/chat/completions", "{\"model\": \"tiny\", \"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"prompt\": \"a\"}", 400, "prompt", "unknown_parameter"),
            ("/v1/nothing", "{}", 404, null, "unknown_url"), ("/v1/models", "{}", 405, null, "method_not_allowed"),
        ])
        {
            var (found, body) = await live.PostAsync(path, text);
            AssertError(body, found, status, param, code);
        }

        using var invalid = new ByteArrayContent([.. "{\"model\": \"tiny\", \"prompt\": \""u8, 0xFF, .. "\"}"u8]);
        invalid.Headers.ContentType = MediaTypeHeaderValue.Parse("application/json");
        using var response = await live.Client.PostAsync(new Uri(Completions, UriKind.Relative), invalid, Cancellation);
        AssertError(await response.Content.ReadAsStringAsync(Cancellation), response.StatusCode, 400, null, "invalid_utf8");
        var (type, typeBody) = await live.PostAsync(Completions, "{}", "text/plain");
        AssertError(typeBody, type, 415, null, "unsupported_media_type");
        using var packed = new StringContent("{}", Encoding.UTF8, "application/json");
        packed.Headers.ContentEncoding.Add("gzip");
        using var unpacked = await live.Client.PostAsync(new Uri(Completions, UriKind.Relative), packed, Cancellation);
        AssertError(await unpacked.Content.ReadAsStringAsync(Cancellation), unpacked.StatusCode, 415, null, "unsupported_media_type");
        using var missing = await live.Client.GetAsync(new Uri("/v1/models/gpt", UriKind.Relative), Cancellation);
        AssertError(await missing.Content.ReadAsStringAsync(Cancellation), missing.StatusCode, 404, "model", "model_not_found");
    }

    [Theory]
    [InlineData("", "The body is empty; expected a JSON object.")]
    [InlineData("{\"model\": \"tiny\", \"seed\": 5, \"seed\": 6}", "'seed' is given twice.")]
    [InlineData("{\"model\": \"tiny\", \"stream_options\": [{\"a\": 1, \"a\": 2}]}", "'a' is given twice.")]
    [InlineData("{\"model\": tiny}", "The body is not valid JSON: line 1, byte 11.")]
    [InlineData("{\"\\ud800\": 1, \"\\ud800\": 2}", "The body is not valid JSON: ")]
    [InlineData("{\"model\": \"tiny\", \"prompt\": \"a\", \"temprature\": 0}", "'temprature' is unknown; did you mean 'temperature'?")]
    public async Task What_is_wrong_with_a_body_is_said(string text, string message)
    {
        await using var live = await LiveServer.StartAsync();
        var (status, body) = await live.PostAsync(Completions, text);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        using var json = JsonDocument.Parse(body);
        Assert.StartsWith(message, json.RootElement.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fields_that_change_no_answer_are_passed_over()
    {
        await using var live = await LiveServer.StartAsync();
        var (status, body) = await live.PostAsync(
            Completions, "{\"model\": \"tiny\", \"prompt\": \"a\", \"max_tokens\": 1, \"user\": \"me\", \"metadata\": {}, \"store\": false, \"x_vendor_flag\": 1, \"temprature\": null}");
        Assert.True(status == HttpStatusCode.OK, body);
    }

    [Fact]
    public async Task A_model_without_a_template_refuses_chats()
    {
        await using var live = await LiveServer.StartAsync(hasTemplate: false);
        var (status, body) = await live.PostAsync("/v1/chat/completions", "{\"model\": \"tiny\", \"messages\": [{\"role\": \"user\", \"content\": \"a\"}]}");
        AssertError(body, status, 400, "messages", "no_chat_template");
    }

    [Fact]
    public async Task Mutated_bodies_give_an_answer_or_a_well_shaped_refusal()
    {
        var complaints = new List<Exception>();
        await using var live = await LiveServer.StartAsync(new ServerOptions { Complain = complaints.Add });
        byte[][] seeds =
        [
            """{"model":"tiny","prompt":["abc","a b"],"max_tokens":3,"n":2,"stop":["ab","c"],"logprobs":2,"temperature":0.5,"logit_bias":{"3":-5},"seed":1}"""u8.ToArray(),
            """{"model":"tiny","prompt":[[1,3,4],[5]],"max_tokens":2,"stream":true,"stream_options":{"include_usage":true},"echo":true}"""u8.ToArray(),
        ];
        string[] words = ["null", "-1", "1e999", "{}", "[]", "\"\\u0000\"", "true", "\"\"", "99999999999", "[[[[", "0.0000001", "\"x\"", ",", "}", "\u00e9"];
        var mutate = Gen.Select(Gen.Int[0, 1], Gen.Select(Gen.Int[0, 2], Gen.Int[0, 1000], Gen.Int[0, 255], Gen.Int[0, words.Length - 1]).Array[1, 3]);
        await mutate.SampleAsync(
            async (seed, changes) =>
            {
                List<byte> bytes = [.. seeds[seed]];
                foreach (var (kind, place, value, word) in changes)
                {
                    var at = place % bytes.Count;
                    switch (kind)
                    {
                        case 0:
                            bytes[at] = (byte)value;
                            break;
                        case 1:
                            bytes.RemoveRange(at, Math.Min(1 + value % 8, bytes.Count - at - 1));
                            break;
                        default:
                            var colon = bytes.IndexOf((byte)':', at);
                            bytes.InsertRange(colon < 0 ? at : colon + 1, Encoding.UTF8.GetBytes(words[word] + (value % 2 == 0 ? "," : "")));
                            break;
                    }
                }

                using var content = new ByteArrayContent([.. bytes]);
                content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/json");
                using var response = await live.Client.PostAsync(new Uri(Completions, UriKind.Relative), content, Cancellation);
                var body = await response.Content.ReadAsStringAsync(Cancellation);
                Assert.InRange((int)response.StatusCode, 200, 499);
                if (response.StatusCode != HttpStatusCode.OK)
                {
                    AssertError(body, response.StatusCode, (int)response.StatusCode, null, null);
                }
            },
            iter: 400, threads: 2);
        Assert.Empty(complaints);
        await live.IdleAsync();
    }

    [Fact]
    public async Task Only_the_right_key_opens_and_health_and_metrics_need_none()
    {
        await using var live = await LiveServer.StartAsync(new ServerOptions { ApiKeys = ["first", "second"] });
        foreach (var (header, status, code) in ((string?, int, string?)[])
            [(null, 401, "missing_api_key"), ("Bearer third", 401, "invalid_api_key"), ("Basic first", 401, "missing_api_key"), ("Bearer second", 200, null), ("bearer first", 200, null)])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
            request.Headers.TryAddWithoutValidation("Authorization", header);
            using var response = await live.Client.SendAsync(request, Cancellation);
            var body = await response.Content.ReadAsStringAsync(Cancellation);
            if (status == 401)
            {
                AssertError(body, response.StatusCode, 401, null, code);
                Assert.DoesNotContain("first", body, StringComparison.Ordinal);
            }

            Assert.Equal(status, (int)response.StatusCode);
        }

        foreach (var path in (string[])["/health", "/metrics"])
        {
            using var response = await live.Client.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    }

    [Fact]
    public async Task Bodies_and_heads_beyond_the_limits_are_refused()
    {
        await using var live = await LiveServer.StartAsync(new ServerOptions { MaxBodyBytes = 2000, MaxHeaderBytes = 4000 });
        var (status, body) = await live.PostAsync(Completions, "{\"model\": \"" + new string('a', 3000) + "\"}");
        AssertError(body, status, 413, null, "body_too_large");
        // A gigabyte is announced, and not waited for.
        var answer = await TalkAsync(live, "POST /v1/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1073741824\r\n\r\n{");
        AssertError(answer, 413, "body_too_large");
    }

    [Theory]
    [InlineData("nonsense\r\n\r\n", 400, "bad_request")]
    [InlineData("GET /health HTTP/1.1\r\n\r\n", 400, "bad_request")]
    [InlineData("GET /health HTTP/1.1\r\nHost: a\r\nbroken\r\n\r\n", 400, "bad_request")]
    [InlineData("\u0016\u0003\u0001\u0002\r\n", 400, "bad_request")]
    [InlineData("POST /v1/completions HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400, "bad_request")]
    [InlineData("GET /health HTTP/2.0\r\nHost: a\r\n\r\n", 505, "http_version")]
    [InlineData("GET /health HTTP/1.1\r\nHost: a\r\nX: 5000\r\n\r\n", 431, "headers_too_large")]
    [InlineData("GET /5000 HTTP/1.1\r\nHost: a\r\n\r\n", 414, "address_too_long")]
    [InlineData("GET /health HTTP/1.1\r\nHost: a\r\n\r\nnonsense\r\n\r\n", 400, "bad_request")]
    public async Task What_is_no_request_at_all_is_refused_in_the_same_shape(string sent, int status, string code)
    {
        await using var live = await LiveServer.StartAsync(new ServerOptions { MaxHeaderBytes = 4000 });
        var answer = await TalkAsync(live, sent.Replace("5000", new string('x', 9000), StringComparison.Ordinal));
        var refusal = answer[answer.LastIndexOf("HTTP/1.1 ", StringComparison.Ordinal)..];
        AssertError(refusal, status, code);
    }

    [Theory]
    [InlineData("GET", 200)]
    [InlineData("HEAD", 200)]
    [InlineData("POST", 405)]
    public async Task What_can_be_read_can_be_asked_for_its_head(string method, int status)
    {
        await using var live = await LiveServer.StartAsync();
        foreach (var path in (string[])["/health", "/metrics", "/v1/models", "/v1/models/tiny"])
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path);
            using var response = await live.Client.SendAsync(request, Cancellation);
            Assert.Equal((path, status, method == "HEAD"), (path, (int)response.StatusCode, (await response.Content.ReadAsStringAsync(Cancellation)).Length == 0));
        }
    }

    [Fact]
    public async Task Who_sends_too_slowly_is_cut_off()
    {
        await using var live = await LiveServer.StartAsync(new ServerOptions
        {
            HeaderTimeout = TimeSpan.FromSeconds(1),
            SlowGrace = TimeSpan.FromSeconds(1.1),
            MinBytesPerSecond = 1000,
        });
        var head = TalkAsync(live, "GET /health HTTP/1.1\r\nHost: a\r\n");
        var body = TalkAsync(live, "POST /v1/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{");
        AssertError(await head, 408, "timeout");
        AssertError(await body, 408, "timeout");
    }

    [Fact]
    public async Task Who_stops_reading_is_cut_off_and_holds_nothing_while_neighbours_get_the_same_tokens()
    {
        await using var live = await LiveServer.StartAsync(
            new ServerOptions { SlowGrace = TimeSpan.FromSeconds(1.1), MinBytesPerSecond = 100_000 }, context: 1 << 15);
        var ask = new { model = "tiny", prompt = "abc", max_tokens = 50, seed = 4, ignore_eos = true };
        var expected = (await live.AskAsync(Completions, ask)).GetProperty("choices")[0].GetProperty("text").GetString();
        const string endless = """{"model":"tiny","prompt":"abc","max_tokens":30000,"ignore_eos":true,"stream":true,"n":2}""";
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(IPAddress.Loopback, live.Server.Address.Port, Cancellation);
        await socket.SendAsync(Encoding.ASCII.GetBytes($"POST /v1/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {endless.Length}\r\n\r\n{endless}"), Cancellation);
        foreach (var _ in Enumerable.Range(0, 3))
        {
            Assert.Equal(expected, (await live.AskAsync(Completions, ask)).GetProperty("choices")[0].GetProperty("text").GetString());
        }

        await live.IdleAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_leaves_takes_the_request_along(bool streams)
    {
        await using var live = await LiveServer.StartAsync(context: 1 << 15);
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        using var content = new StringContent(
            $$"""{"model":"tiny","prompt":"abc","max_tokens":32000,"ignore_eos":true,"n":3,"stream":{{(streams ? "true" : "false")}}}""", Encoding.UTF8, "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, Completions) { Content = content };
        var answer = live.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, leaving.Token);
        while (live.Host.Statistics.UsedBlocks == 0)
        {
            await Task.Delay(1, Cancellation);
        }

        if (streams)
        {
            (await answer).Dispose();
        }

        await leaving.CancelAsync();
        await live.IdleAsync();
        Assert.Contains("vllm:request_success_total{finished_reason=\"abort\",model_name=\"tiny\"} 3",
            (await live.Client.GetStringAsync(new Uri("/metrics", UriKind.Relative), Cancellation)).Split('\n'));
    }

    [Fact]
    public async Task A_full_queue_says_when_to_come_back_and_a_draining_server_that_it_closes()
    {
        await using var live = await LiveServer.StartAsync(context: 1 << 15, maxLive: 1);
        const string endless = """{"model":"tiny","prompt":"abc","max_tokens":32000,"ignore_eos":true,"stream":true}""";
        using var content = new StringContent(endless, Encoding.UTF8, "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, Completions) { Content = content };
        using var running = await live.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        using var second = await live.Client.PostAsync(new Uri(Completions, UriKind.Relative), new StringContent(endless, Encoding.UTF8, "application/json"), Cancellation);
        AssertError(await second.Content.ReadAsStringAsync(Cancellation), second.StatusCode, 429, null, "queue_full");
        Assert.InRange(second.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);

        using var abort = new CancellationTokenSource();
        var stopping = live.Server.StopAsync(abort.Token);
        var (status, body) = await live.PostAsync(Completions, endless);
        AssertError(body, status, 503, null, "shutting_down");
        using var health = await live.Client.GetAsync(new Uri("/health", UriKind.Relative), Cancellation);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, health.StatusCode);
        await abort.CancelAsync();
        var end = await running.Content.ReadAsStringAsync(Cancellation);
        Assert.Contains("\"code\":\"shutting_down\"", end, StringComparison.Ordinal);
        Assert.DoesNotContain("[DONE]", end, StringComparison.Ordinal);
        await stopping;
    }

    [Fact]
    public async Task What_could_never_be_taken_is_refused_for_good_busy_or_idle()
    {
        await using var live = await LiveServer.StartAsync(context: 1 << 15, maxLive: 4);
        await RefusedAll();
        using var content = new StringContent("""{"model":"tiny","prompt":"abc","max_tokens":32000,"ignore_eos":true,"stream":true}""", Encoding.UTF8, "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, Completions) { Content = content };
        using var running = await live.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        await RefusedAll();
        Assert.Equal(1, live.Host.Statistics.Running);

        async Task RefusedAll()
        {
            await Refused("\"prompt\": \"a\", \"n\": 5", "n", "'n' is 5; expected a whole number, 1 to 4.");
            await Refused("\"prompt\": [\"a\", \"b\", \"c\"], \"n\": 2", "n", "3 prompts with 'n' = 2 are 6 answers; expected at most 4.");
            await Refused("\"prompt\": [[3], [3], [3], [3], [3]]", "prompt", "5 prompts with 'n' = 1 are 5 answers; expected at most 4.");
        }

        async Task Refused(string fields, string param, string message)
        {
            var (status, body) = await live.PostAsync(Completions, $"{{\"model\": \"tiny\", \"max_tokens\": 1, {fields}}}");
            AssertError(body, status, 400, param, "invalid_value");
            using var json = JsonDocument.Parse(body);
            Assert.Equal(message, json.RootElement.GetProperty("error").GetProperty("message").GetString());
        }
    }

    [Fact]
    public async Task Draining_lets_a_stream_reach_its_end()
    {
        await using var live = await LiveServer.StartAsync(context: 4096);
        using var content = new StringContent("""{"model":"tiny","prompt":"abc","max_tokens":2000,"ignore_eos":true,"stream":true}""", Encoding.UTF8, "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, Completions) { Content = content };
        using var running = await live.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        var reading = running.Content.ReadAsStringAsync(Cancellation);
        await live.Server.StopAsync(Cancellation);
        Assert.EndsWith("data: [DONE]\n\n", await reading, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Curl_reads_a_stream()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/curl"), "curl is not installed");
        await using var live = await LiveServer.StartAsync();
        var start = new ProcessStartInfo("/usr/bin/curl",
            ["-sN", new Uri(live.Server.Address, Completions).ToString(), "-H", "Content-Type: application/json", "-d", """{"model":"tiny","prompt":"abc","max_tokens":5,"stream":true}"""])
        { RedirectStandardOutput = true };
        using var curl = Process.Start(start)!;
        Assert.EndsWith("data: [DONE]\n\n", await curl.StandardOutput.ReadToEndAsync(Cancellation), StringComparison.Ordinal);
    }

    private static async Task<string> TalkAsync(LiveServer live, string text)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, live.Server.Address.Port, Cancellation);
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(text), Cancellation);
        var (buffer, count) = (new byte[1 << 14], 0);
        try
        {
            for (int read; (read = await stream.ReadAsync(buffer.AsMemory(count), Cancellation)) > 0; count += read)
            {
            }
        }
        catch (IOException)
        {
            // Cut off by a reset: what came before counts.
        }

        return Encoding.ASCII.GetString(buffer, 0, count);
    }

    /// <summary>Of a whole response, perhaps in one chunk.</summary>
    private static void AssertError(string response, int status, string code)
    {
        var parts = response.Split("\r\n\r\n");
        Assert.Contains("\r\nContent-Type: application/json\r\n", parts[0] + "\r\n", StringComparison.Ordinal);
        var body = parts[1][parts[1].IndexOf('{', StringComparison.Ordinal)..(parts[1].LastIndexOf('}') + 1)];
        if (parts[0].Contains("Content-Length", StringComparison.Ordinal))
        {
            Assert.Contains($"\r\nContent-Length: {parts[1].Length}\r\n", parts[0] + "\r\n", StringComparison.Ordinal);
        }

        AssertError(body, (HttpStatusCode)int.Parse(parts[0].AsSpan(9, 3), CultureInfo.InvariantCulture), status, null, code);
    }

    private static void AssertError(string body, HttpStatusCode found, int status, string? param, string? code)
    {
        Assert.True((int)found == status, $"{(int)found}: {body}");
        Assert.DoesNotContain("   at ", body, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(body);
        var error = Assert.Single(json.RootElement.EnumerateObject()).Value;
        Assert.Equal(["message", "type", "param", "code"], error.EnumerateObject().Select(field => field.Name));
        Assert.NotEmpty(error.GetProperty("message").GetString()!);
        if (code is not null)
        {
            Assert.Equal((param, code), (error.GetProperty("param").GetString(), error.GetProperty("code").GetString()));
        }
    }
}
