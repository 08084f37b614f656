namespace Retort.Models.Tests;

/// <summary>Published data beside the repository; tests that want it are skipped where it is absent.</summary>
internal static class SharedData
{
    public static string Find(string relative)
    {
        var root = Environment.GetEnvironmentVariable("RETORT_SHARED");
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); root is null && folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Retort.slnx")))
            {
                root = Path.Combine(folder.FullName, "..", "shared");
            }
        }

        var path = Path.Combine(root ?? "..", "data", relative);
        Assert.SkipUnless(File.Exists(path), $"{path} is absent");
        return path;
    }
}
