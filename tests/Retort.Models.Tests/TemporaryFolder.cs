using System.Globalization;

namespace Retort.Models.Tests;

/// <summary>A folder of a test's own, gone with it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private static int count;

    public TemporaryFolder()
    {
        var number = Interlocked.Increment(ref count).ToString(CultureInfo.InvariantCulture);
        Path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"retort-models-{Environment.ProcessId}-{number}");
        Directory.CreateDirectory(Path);
    }

    public string Path { get; }

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public string Write(string name, byte[] bytes)
    {
        System.IO.File.WriteAllBytes(File(name), bytes);
        return File(name);
    }

    public string Write(string name, string text)
    {
        System.IO.File.WriteAllText(File(name), text);
        return File(name);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
