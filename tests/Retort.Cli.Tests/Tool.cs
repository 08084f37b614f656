using System.Diagnostics;

namespace Retort.Cli.Tests;

/// <summary>Other programs, with what they printed.</summary>
internal static class Tool
{
    /// <summary>Where NuGet keeps packages for all projects of this user.</summary>
    public static string PackagesFolder => Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } named
        ? named
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    /// <summary>Whether the dotnet that runs these tests can build.</summary>
    public static bool HasSdk { get; } = Start(Host, Path.GetTempPath(), ["--list-sdks"]).Output.Contains("10.", StringComparison.Ordinal);

    private static string Host => Path.GetFileName(Environment.ProcessPath) is "dotnet" or "dotnet.exe" ? Environment.ProcessPath! : "dotnet";

    /// <summary>Runs dotnet in a folder, quietly and leaving no process behind.</summary>
    public static Outcome Dotnet(string folder, params string[] words) => Start(Host, folder, words);

    private static Outcome Start(string program, string folder, string[] words)
    {
        var start = new ProcessStartInfo(program, words)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        // A program of the user's would want ICU; a fresh machine may have none.
        start.Environment["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1";
        // Set by a build around us, these would reach into the one we start.
        start.Environment.Remove("MSBUILD_EXE_PATH");
        start.Environment.Remove("MSBuildSDKsPath");
        start.Environment.Remove("MSBuildExtensionsPath");
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new Outcome(process.ExitCode, output, error.Result);
    }
}
