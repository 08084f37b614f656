namespace Retort.Core;

/// <summary>
/// Folders that are either the old ones or the new ones. The new folder is complete before it takes the old one's place;
/// if the power fails between the two renames, <see cref="Recover"/> brings the old one back.
/// </summary>
public static class AtomicFolder
{
    private const string NewSuffix = ".partial", OldSuffix = ".old";

    /// <summary>
    /// Lets <paramref name="fill"/> write into a new folder and puts it where <paramref name="folder"/> is. What is there is replaced as
    /// a whole if it holds a file <paramref name="marker"/>; a folder of anything else is not touched.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <param name="kind">What it holds, for messages: "checkpoint".</param>
    /// <param name="marker">A file that every such folder has.</param>
    /// <param name="fill">Is given the folder to write into.</param>
    public static void Write(string folder, string kind, string marker, Action<string> fill)
    {
        folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        Recover(folder);
        RequireReplaceable(folder, kind, marker);
        var partial = folder + NewSuffix;
        Attempt(folder, () => DeleteIfThere(partial));
        try
        {
            Attempt(folder, () => Directory.CreateDirectory(partial));
            fill(partial);
            Attempt(folder, () => Replace(folder, partial));
        }
        catch
        {
            // The write's own fault is the one to report.
            try
            {
                DeleteIfThere(partial);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
            }

            throw;
        }
    }

    /// <summary>Refuses a folder that <see cref="Write"/> would refuse or could not write; to be asked before long work. Leaves nothing behind.</summary>
    public static void RequireReplaceable(string folder, string kind, string marker)
    {
        if (File.Exists(folder))
        {
            throw UserError.Request(folder, "is a file", "a folder, or a name not yet taken");
        }

        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any() && !File.Exists(Path.Combine(folder, marker)))
        {
            throw UserError.Request(folder, $"holds files but no {kind}, and would be replaced", "an empty or new folder");
        }

        Attempt(folder, () => TryWriting(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)))!));
    }

    /// <summary>Refuses a folder that is a file or cannot be created or written into, before any work. Leaves nothing behind.</summary>
    public static void RequireWritable(string folder)
    {
        const string expected = "a writable folder";
        if (File.Exists(folder))
        {
            throw UserError.Request(folder, "cannot be created (it is a file)", expected);
        }

        try
        {
            TryWriting(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw UserError.Request(folder, $"cannot be created ({fault.Message.TrimEnd('.')})", expected);
        }
    }

    /// <summary>Undoes a replacement that was cut off between its two renames; does nothing otherwise.</summary>
    public static void Recover(string folder)
    {
        folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (!Directory.Exists(folder) && Directory.Exists(folder + OldSuffix))
        {
            Attempt(folder, () => Directory.Move(folder + OldSuffix, folder));
        }
    }

    /// <summary>Writes a file into the folder, or the nearest one above it that exists, and deletes it.</summary>
    private static void TryWriting(string folder)
    {
        while (!Path.Exists(folder))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        var file = Path.Combine(folder, $".retort-{Environment.ProcessId}-{Environment.CurrentManagedThreadId}");
        File.WriteAllBytes(file, []);
        File.Delete(file);
    }

    private static void Replace(string folder, string partial)
    {
        var old = folder + OldSuffix;
        DeleteIfThere(old);
        if (Directory.Exists(folder))
        {
            Directory.Move(folder, old);
        }

        Directory.Move(partial, folder);
        DeleteIfThere(old);
    }

    private static void DeleteIfThere(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Attempt(string folder, Action action)
    {
        try
        {
            action();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw UserError.Environment(folder, $"cannot be written ({fault.Message})", "a writable folder with room", fault);
        }
    }
}
