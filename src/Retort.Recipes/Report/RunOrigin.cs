using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Retort.Recipes.Report;

/// <summary>What made a run, as reports say it.</summary>
internal static class RunOrigin
{
    /// <summary>Commit the program was built from, or "unknown".</summary>
    public static string Commit => typeof(RunOrigin).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
        ?.InformationalVersion.Split('+') is [_, var hash] ? hash : "unknown";

    /// <summary>Processor, cores, runtime and system in words.</summary>
    public static string Machine(int threads) => string.Create(
        CultureInfo.InvariantCulture,
        $"{RuntimeInformation.ProcessArchitecture}, {threads} of {Environment.ProcessorCount} cores, {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}");
}
