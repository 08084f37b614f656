using Retort.Cli.Diagnosis;

namespace Retort.Cli.Tests;

/// <summary>Published data beside the repository; tests that want it are skipped where it is absent.</summary>
internal static class SharedData
{
    public static string Find(string relative)
    {
        var path = Path.Combine(SharedFolder.Find() ?? "../shared/data", relative);
        Assert.SkipUnless(File.Exists(path), $"{path} is absent");
        return path;
    }
}
