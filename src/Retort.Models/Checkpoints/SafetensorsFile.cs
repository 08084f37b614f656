using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Retort.Core;

namespace Retort.Models.Checkpoints;

/// <summary>
/// A safetensors file opened for reading: the header is checked at once, tensors are read on demand, in any order and
/// from any thread, through a small buffer. Every malformed file is a <see cref="UserError"/> and nothing else.
/// </summary>
public sealed class SafetensorsFile : IDisposable
{
    private const int ChunkBytes = 1 << 16;

    private readonly SafeFileHandle file;
    private readonly long dataStart;
    private readonly Dictionary<string, SafetensorsEntry> entries;

    private SafetensorsFile(string path, SafeFileHandle file, long dataStart, Dictionary<string, SafetensorsEntry> entries)
    {
        (Path, this.file, this.dataStart, this.entries) = (path, file, dataStart, entries);
        Names = [.. entries.Keys.Order(StringComparer.Ordinal)];
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Names of all tensors, in ordinal order.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Opens a file and checks its header against its length.</summary>
    public static SafetensorsFile Open(string path)
    {
        SafeFileHandle? file = null;
        try
        {
            file = File.OpenHandle(path);
            var length = RandomAccess.GetLength(file);
            Span<byte> prefix = stackalloc byte[8];
            if (length < 8)
            {
                throw UserError.Request(path, $"has {length} bytes", "a safetensors file: at least 8 bytes of header length");
            }

            ReadExactly(file, prefix, 0, path);
            var headerBytes = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
            if (headerBytes > (ulong)Math.Min(SafetensorsHeader.MaxHeaderBytes, length - 8))
            {
                throw UserError.Request(path, $"claims a header of {headerBytes} bytes",
                    $"at most {Math.Min(SafetensorsHeader.MaxHeaderBytes, length - 8)} (the file has {length} bytes)");
            }

            var json = new byte[headerBytes];
            ReadExactly(file, json, 8, path);
            var dataStart = 8 + (long)headerBytes;
            var opened = new SafetensorsFile(
                path, file, dataStart, SafetensorsHeader.Parse(json, length - dataStart, path));
            file = null;
            return opened;
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            throw UserError.Request(path, "does not exist", "a safetensors file");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw UserError.Environment(path, $"cannot be read ({fault.Message})", "a readable file", fault);
        }
        finally
        {
            file?.Dispose();
        }
    }

    /// <summary>The file has such a tensor.</summary>
    public bool Contains(string name) => entries.ContainsKey(name);

    /// <summary>A tensor's shape; [] for a scalar.</summary>
    public IReadOnlyList<int> Shape(string name) => Entry(name).Shape;

    /// <summary>A tensor's dtype as the file names it, e.g. "BF16".</summary>
    public string Dtype(string name) => Entry(name).Dtype;

    /// <summary>
    /// Reads a tensor as float32, in row-major order. NaN and infinity are refused, with tensor and index, unless
    /// <paramref name="allowNonFinite"/>.
    /// </summary>
    public void Read(string name, Span<float> destination, bool allowNonFinite = false)
    {
        var entry = Entry(name);
        var where = $"{Path}: tensor '{name}'";
        var type = TensorTypes.Parse(entry.Dtype, where);
        if (destination.Length != entry.NumElements)
        {
            throw new ArgumentException($"'{name}' has {entry.NumElements} elements, not {destination.Length}", nameof(destination));
        }

        var position = dataStart + entry.Begin;
        var chunkElements = ChunkBytes / type.Bytes();
        // Float32 lands in place; only 16-bit formats (and big-endian machines) need the detour through a buffer.
        var direct = type == TensorType.F32 && BitConverter.IsLittleEndian;
        var buffer = direct ? null : new byte[Math.Min(ChunkBytes, entry.End - entry.Begin)];
        for (var start = 0; start < destination.Length; start += chunkElements)
        {
            var chunk = destination.Slice(start, Math.Min(chunkElements, destination.Length - start));
            var bytes = direct ? MemoryMarshal.AsBytes(chunk) : buffer.AsSpan(0, chunk.Length * type.Bytes());
            ReadExactly(file, bytes, position, Path);
            position += bytes.Length;
            if (!direct)
            {
                type.Decode(bytes, chunk);
            }

            if (!allowNonFinite)
            {
                CheckFinite(chunk, start, where);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    internal static void CheckFinite(ReadOnlySpan<float> chunk, long start, string where)
    {
        for (var i = 0; i < chunk.Length; i++)
        {
            if (!float.IsFinite(chunk[i]))
            {
                throw UserError.Request(where, $"is {chunk[i]} at index {start + i}", "finite weights");
            }
        }
    }

    internal static void ReadExactly(SafeFileHandle file, Span<byte> bytes, long position, string path)
    {
        try
        {
            while (bytes.Length > 0)
            {
                var read = RandomAccess.Read(file, bytes, position);
                if (read == 0)
                {
                    throw UserError.Request(path, $"ends at byte {position}", $"at least {position + bytes.Length} bytes");
                }

                bytes = bytes[read..];
                position += read;
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw UserError.Environment(path, $"cannot be read ({fault.Message})", "a readable file", fault);
        }
    }

    private SafetensorsEntry Entry(string name) => entries.TryGetValue(name, out var entry) ? entry
        : throw UserError.Request(Path, $"has no tensor '{name}'", null, NearestName.Of(name, Names));
}
