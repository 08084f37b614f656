namespace Retort.Cli.Diagnosis;

/// <summary>The optional folder of real data beside a clone: <c>../shared/data</c>, or <c>$RETORT_SHARED/data</c>.</summary>
internal static class SharedFolder
{
    public static string? Find()
    {
        if (Environment.GetEnvironmentVariable("RETORT_SHARED") is { Length: > 0 } given)
        {
            return Existing(Path.Combine(given, "data"));
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Retort.slnx")))
            {
                return Existing(Path.Combine(folder.Parent?.FullName ?? "/", "shared", "data"));
            }
        }

        return null;
    }

    private static string? Existing(string path) => Directory.Exists(path) ? path : null;
}
