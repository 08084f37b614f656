using System.Runtime.InteropServices;

namespace Retort.Cli;

/// <summary>
/// Ctrl-C and SIGTERM ask the work to stop and save; a second one stops at once. Nothing written is half-written either
/// way (see <see cref="Core.AtomicFile"/>).
/// </summary>
internal static class Interruption
{
    /// <summary>Exit code of an interrupted command.</summary>
    public const int ExitCode = 130;

    public static int Run(Func<CancellationToken, int> work)
    {
        using var source = new CancellationTokenSource();
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            if (source.IsCancellationRequested)
            {
                Environment.Exit(ExitCode);
            }

            source.Cancel();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        return work(source.Token);
    }
}
