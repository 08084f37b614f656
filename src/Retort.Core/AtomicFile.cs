using System.Text;

namespace Retort.Core;

/// <summary>
/// Files that are either the old ones or the new ones, never half of each: written beside the target, flushed to the
/// disk, then renamed over it. A failed write leaves the target as it was and removes what it began.
/// </summary>
public static class AtomicFile
{
    /// <summary>Writes a file through <paramref name="write"/>. Faults of the disk become <see cref="UserError"/>.</summary>
    public static void Write(string path, Action<Stream> write)
    {
        var temporary = path + ".partial";
        try
        {
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
            {
                Directory.CreateDirectory(folder);
            }

            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
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

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // The write's own fault is the one to report.
        }
    }
}
