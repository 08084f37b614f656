using System.Runtime.InteropServices;
using System.Text;

namespace Retort.Core;

/// <summary>
/// Files that are either the old ones or the new ones, never half of each: written beside the target, flushed to the
/// disk, then renamed over it. A failed write leaves the target as it was and removes what it began. A symbolic link stays one: its
/// final target is written. A device or a pipe cannot be replaced and is written to as it is.
/// </summary>
public static partial class AtomicFile
{
    /// <summary>Writes a file through <paramref name="write"/>. Faults of the disk become <see cref="UserError"/>.</summary>
    public static void Write(string path, Action<Stream> write)
    {
        var temporary = "";
        try
        {
            if (IsDeviceOrPipe(path))
            {
                using var device = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 1 << 16);
                write(device);
                return;
            }

            var isLink = new FileInfo(path).LinkTarget is not null;
            var target = isLink ? File.ResolveLinkTarget(path, returnFinalTarget: true)!.FullName : path;
            temporary = target + ".partial";
            if (Path.GetDirectoryName(Path.GetFullPath(target)) is { } folder)
            {
                Directory.CreateDirectory(folder);
            }

            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, target, overwrite: true);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            TryDelete(temporary);
            throw UserError.Environment(path, $"cannot be written ({fault.Message})", "a writable folder with room", fault);
        }
        catch
        {
            TryDelete(temporary);
            throw;
        }
    }

    /// <summary>Writes UTF-8 text without a byte-order mark.</summary>
    public static void WriteText(string path, string text) =>
        Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    /// <summary>Whether there is something at the end of the path that is neither a file nor a folder; the runtime does not say.</summary>
    private static bool IsDeviceOrPipe(string path)
    {
        const int here = -100, typeWanted = 1, modeAt = 28, typeBits = 0xF000, folder = 0x4000, file = 0x8000;
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        // struct statx has one layout on all machines; its mode is 16 bits at byte 28.
        Span<byte> status = stackalloc byte[256];
        return Statx(here, path, 0, typeWanted, status) == 0
            && (BitConverter.ToUInt16(status[modeAt..]) & typeBits) is not (folder or file);
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint wanted, Span<byte> status);

    private static void TryDelete(string path)
    {
        try
        {
            if (path.Length > 0)
            {
                File.Delete(path);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // The write's own fault is the one to report.
        }
    }
}
