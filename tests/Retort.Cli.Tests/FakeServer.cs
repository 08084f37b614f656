using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Retort.Cli.Tests;

/// <summary>
/// A server on this machine that answers as a test tells it: one request a connection, bytes as written, so that broken answers
/// can be told too.
/// </summary>
internal sealed class FakeServer : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource closing = new();
    private readonly Func<FakeCall, Task> answer;

    /// <summary><paramref name="answer"/> sees the requests to /v1/completions and /v1/chat/completions, a warm-up first.</summary>
    public FakeServer(Func<FakeCall, Task> answer)
    {
        this.answer = answer;
        listener.Start();
        Address = $"http://{listener.LocalEndpoint}";
        _ = Task.Run(Accept);
    }

    public string Address { get; }

    /// <summary>What a call is answered that is no completion; null: 404.</summary>
    public Func<string, string?> Page { get; init; } = path => path == "/v1/models" ? """{"data":[{"id":"first"},{"id":"second"}]}""" : null;

    /// <summary>The completions asked for, the warm-up first.</summary>
    public ConcurrentQueue<FakeCall> Calls { get; } = new();

    public void Dispose()
    {
        closing.Cancel();
        listener.Dispose();
        closing.Dispose();
    }

    private async Task Accept()
    {
        var token = closing.Token;
        try
        {
            while (true)
            {
                _ = Serve(await listener.AcceptTcpClientAsync(token), token);
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task Serve(TcpClient client, CancellationToken token)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                using var reader = new StreamReader(stream, Encoding.Latin1, leaveOpen: true);
                var head = new List<string>();
                while (await reader.ReadLineAsync(token) is { Length: > 0 } line)
                {
                    head.Add(line);
                }

                var length = head.Select(line => line.Split(':', 2)).Where(part => part[0].Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
                    .Sum(part => int.Parse(part[1], CultureInfo.InvariantCulture));
                var body = new char[length];
                if (length > 0) // A read of nothing would wait for something.
                {
                    await reader.ReadBlockAsync(body, token);
                }

                if (head.Count == 0)
                {
                    return;
                }

                var path = head[0].Split(' ')[1];
                var call = new FakeCall(path, head, Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(body)), client, stream, token);
                if (path.EndsWith("/completions", StringComparison.Ordinal))
                {
                    Calls.Enqueue(call);
                    await answer(call);
                }
                else
                {
                    await (Page(path) is { } page ? call.Reply(200, page) : call.Reply(404, """{"error":{"message":"no such page"}}"""));
                }
            }
            catch (Exception fault) when (fault is IOException or OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // The client went away, or the test is over.
            }
        }
    }
}

/// <summary>One request to a <see cref="FakeServer"/>.</summary>
internal sealed class FakeCall(string path, IReadOnlyList<string> head, string body, TcpClient client, Stream stream, CancellationToken token)
{
    public string Path => path;

    public IReadOnlyList<string> Head => head;

    public JsonElement Body { get; } = body.Length == 0 ? default : JsonDocument.Parse(body).RootElement;

    /// <summary>Over when the test is.</summary>
    public CancellationToken Token => token;

    public string Prompt => Body.GetProperty("prompt").GetString()!;

    public Task Reply(int status, string text, string headers = "") => Write(
        $"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nConnection: close\r\n{headers}Content-Length: {Encoding.UTF8.GetByteCount(text)}\r\n\r\n{text}");

    public Task BeginStream() => Write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n");

    public Task Event(string data)
    {
        var text = $"data: {data}\n\n";
        return Write($"{Encoding.UTF8.GetByteCount(text):x}\r\n{text}\r\n");
    }

    public Task EndStream() => Write("0\r\n\r\n");

    /// <summary>A whole answer: so many chunks, then usage with the prompt's words and as many tokens as chunks.</summary>
    public async Task Stream(int chunks)
    {
        await BeginStream();
        for (var i = 0; i < chunks; i++)
        {
            await Event("""{"choices":[{"text":"x","finish_reason":null}]}""");
        }

        await Event($$$"""{"choices":[],"usage":{"prompt_tokens":{{{Prompt.Split(' ').Length}}},"completion_tokens":{{{chunks}}}}}""");
        await Event("[DONE]");
        await EndStream();
    }

    /// <summary>Cuts the line.</summary>
    public void Abort() => client.Client.Close(0);

    private Task Write(string text) => stream.WriteAsync(Encoding.UTF8.GetBytes(text), token).AsTask();
}
