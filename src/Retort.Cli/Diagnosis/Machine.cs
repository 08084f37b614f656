using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Retort.Core;

namespace Retort.Cli.Diagnosis;

/// <summary>What decides whether runs work here, and how fast.</summary>
internal static class Machine
{
    private const double GiB = 1 << 30;
    private const double EnoughMemoryGiB = 2, EnoughDiskGiB = 1;

    public static IReadOnlyList<Finding> Examine(string outputFolder) =>
    [
        new("retort", typeof(Machine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown"),
        new("runtime", $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier}"),
        Sdk(),
        new("system", RuntimeInformation.OSDescription),
        new("processor", ProcessorName()),
        new("cores", Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture)),
        Vectors(),
        Memory(),
        Disk(outputFolder),
        Output(outputFolder),
        Font(),
        SharedData(),
    ];

    private static Finding Sdk()
    {
        const string advice = "needed to build; runs of the built program need the runtime only";
        try
        {
            using var process = Process.Start(new ProcessStartInfo("dotnet", "--list-sdks")
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            })!;
            var versions = process.StandardOutput.ReadToEnd()
                .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[0]).ToList();
            process.WaitForExit();
            return versions.Count > 0
                ? new("sdk", string.Join(", ", versions))
                : new("sdk", "none found by dotnet", FindingState.Note, advice);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return new("sdk", "no dotnet on the PATH", FindingState.Note, advice);
        }
    }

    private static string ProcessorName()
    {
        const string info = "/proc/cpuinfo";
        var line = File.Exists(info)
            ? File.ReadLines(info).FirstOrDefault(text => text.StartsWith("model name", StringComparison.Ordinal))
            : null;
        return line?.Split(':', 2)[^1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }

    private static Finding Vectors()
    {
        var bits = Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 0;
        (string Name, bool Has)[] sets = [("AVX-512F", Avx512F.IsSupported), ("AVX2", Avx2.IsSupported), ("FMA", Fma.IsSupported)];
        var names = string.Join(", ", sets.Where(set => set.Has).Select(set => set.Name));
        var text = $"{bits} bits" + (names.Length > 0 ? $" ({names})" : "");
        return bits >= 256 ? new("vectors", text) : new("vectors", text, FindingState.Note, "the same results, several times slower");
    }

    private static Finding Memory()
    {
        var total = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / GiB;
        const string info = "/proc/meminfo";
        var free = File.Exists(info) ? File.ReadLines(info).FirstOrDefault(text => text.StartsWith("MemAvailable:", StringComparison.Ordinal)) : null;
        var text = FormattableString.Invariant($"{total:0.0} GiB");
        if (free is not null && long.TryParse(free.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], NumberStyles.None, CultureInfo.InvariantCulture, out var kib))
        {
            text += FormattableString.Invariant($", {kib * 1024 / GiB:0.0} GiB available");
        }

        return total >= EnoughMemoryGiB
            ? new("memory", text)
            : new("memory", text, FindingState.Note, FormattableString.Invariant($"presets above smoke want {EnoughMemoryGiB} GiB"));
    }

    private static Finding Disk(string folder)
    {
        try
        {
            var free = new DriveInfo(NearestExisting(folder)).AvailableFreeSpace / GiB;
            var text = FormattableString.Invariant($"{free:0.0} GiB free for {folder}");
            return free >= EnoughDiskGiB
                ? new("disk", text)
                : new("disk", text, FindingState.Note, FormattableString.Invariant($"checkpoints may want {EnoughDiskGiB} GiB"));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return new("disk", $"unknown for {folder} ({fault.Message})", FindingState.Note);
        }
    }

    private static Finding Output(string folder)
    {
        var probe = Path.Combine(NearestExisting(folder), $".retort-doctor-{Environment.ProcessId}");
        try
        {
            AtomicFile.WriteText(probe, "");
            File.Delete(probe);
            return new("output", $"{Path.GetFullPath(folder)} can be written");
        }
        catch (UserError fault)
        {
            return new("output", $"{Path.GetFullPath(folder)} cannot be written ({fault.Message})", FindingState.Bad, "choose another with --out");
        }
    }

    /// <summary>The folder itself, or the one it would be created in.</summary>
    private static string NearestExisting(string folder)
    {
        var path = Path.GetFullPath(folder);
        while (!Directory.Exists(path) && Path.GetDirectoryName(path) is { } parent)
        {
            path = parent;
        }

        return path;
    }

    private static Finding Font()
    {
        try
        {
            var count = SkiaSharp.SKFontManager.Default.FontFamilyCount;
            return count > 0
                ? new("font", $"{count} families installed")
                : new("font", "none installed", FindingState.Note, "figures bring their own");
        }
        catch (Exception fault) when (fault is DllNotFoundException or TypeInitializationException)
        {
            return new("font", $"the drawing library does not load ({fault.GetBaseException().Message})", FindingState.Bad);
        }
    }

    private static Finding SharedData() => SharedFolder.Find() is { } found
        ? new("shared data", found)
        : new("shared data", "not present", FindingState.Note, "optional: the tests that read it are skipped");
}
