using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Connections;

namespace Retort.Server.Api;

/// <summary>
/// What is no request (a broken request line, a head that is too long or too slow) Kestrel refuses before anything of ours is asked,
/// with an empty body. Between Kestrel and the connection, this gives such an answer its body; everything else passes as it is.
/// </summary>
internal sealed class RefusalPipe(IDuplexPipe inner) : PipeWriter, IDuplexPipe
{
    private const int FirstError = 400;

    private Memory<byte> room;

    public PipeReader Input => inner.Input;

    public PipeWriter Output => this;

    public override bool CanGetUnflushedBytes => inner.Output.CanGetUnflushedBytes;

    public override long UnflushedBytes => inner.Output.UnflushedBytes;

    public static ConnectionDelegate Use(ConnectionDelegate next) => connection =>
    {
        connection.Transport = new RefusalPipe(connection.Transport);
        return next(connection);
    };

    public override Memory<byte> GetMemory(int sizeHint = 0) => room = inner.Output.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes) => inner.Output.Advance(bytes + AddBody(room.Span, bytes));

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
        inner.Output.FlushAsync(cancellationToken);

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default) =>
        inner.Output.WriteAsync(source, cancellationToken);

    public override void CancelPendingFlush() => inner.Output.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => inner.Output.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.Output.CompleteAsync(exception);

    /// <summary>Gives the answer at the beginning of <paramref name="room"/> its body, if it is a refusal; returns by how much it grows.</summary>
    private static int AddBody(Span<byte> room, int count)
    {
        ReadOnlySpan<byte> start = "HTTP/1.1 "u8, head = room[..count];
        const string empty = "Content-Length: 0\r\n";
        if (!head.StartsWith(start) || !Utf8Parser.TryParse(head[start.Length..], out int status, out _) || status < FirstError)
        {
            return 0;
        }

        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body))
        {
            ApiError.OfStatus(status).Write(json);
        }

        // Our own errors have bodies: they keep what they are.
        var lines = Encoding.Latin1.GetString(head).Replace(
            empty, FormattableString.Invariant($"Content-Type: application/json\r\nContent-Length: {body.WrittenCount}\r\n"),
            StringComparison.Ordinal);
        var whole = Encoding.Latin1.GetBytes(lines + Encoding.Latin1.GetString(body.WrittenSpan));
        return lines.Length != count && whole.AsSpan().TryCopyTo(room) ? whole.Length - count : 0;
    }
}
