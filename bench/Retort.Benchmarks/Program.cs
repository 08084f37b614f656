using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Retort.Benchmarks;

/// <summary>
/// The kernels one at a time, where <c>retort bench engine</c> times the engine end to end:
/// <c>dotnet run -c Release --project bench/Retort.Benchmarks -- --filter '*Product*'</c>. In one process, so that what is
/// timed is compiled as users compile it.
/// </summary>
internal static class Program
{
    private static void Main(string[] arguments) =>
        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(
            arguments, DefaultConfig.Instance.AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance)));
}
