using System.Buffers.Text;
using System.Text;

namespace Retort.Tasks.CountDown;

/// <summary>A growing, reusable buffer of ASCII text.</summary>
internal sealed class TraceText
{
    private byte[] bytes = new byte[1 << 14];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => bytes.AsSpan(0, Length);

    public void Clear() => Length = 0;

    public void Append(ReadOnlySpan<byte> text)
    {
        Reserve(text.Length);
        text.CopyTo(bytes.AsSpan(Length));
        Length += text.Length;
    }

    public void Append(char ascii)
    {
        Reserve(1);
        bytes[Length++] = (byte)ascii;
    }

    public void Append(int number)
    {
        Reserve(11);
        Utf8Formatter.TryFormat(number, bytes.AsSpan(Length), out var written);
        Length += written;
    }

    public override string ToString() => Encoding.ASCII.GetString(Written);

    private void Reserve(int extra)
    {
        if (Length + extra > bytes.Length)
        {
            Array.Resize(ref bytes, Math.Max(2 * bytes.Length, Length + extra));
        }
    }
}
