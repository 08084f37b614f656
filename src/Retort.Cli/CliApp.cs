using System.CommandLine;
using System.CommandLine.Help;
using Retort.Cli.Commands;
using Retort.Core;

namespace Retort.Cli;

/// <summary>One command line from words to exit code: 0 done, 1 failed, 2 a wrong request, 3 a claim fails, 130 interrupted.</summary>
internal static class CliApp
{
    private const int Failed = 1, WrongRequest = 2;

    // "@file" is a prompt like any other, and "-abc" is not "-a -b -c".
    private static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null, EnablePosixBundling = false };

    public static RootCommand CreateTree(CliHost host) => new(
        "A laboratory and engine for small language models that reason.\n"
        + "From a clone, 'retort test' builds and runs all tests.")
    {
        new ListCommand(host),
        new RunCommand(host),
        new TrainCommand(host),
        new RlCommand(host),
        new SampleCommand(host),
        new EvalCommand(host),
        new ServeCommand(host),
        new DataCommand(host),
        new CompareCommand(host),
        new SimulateCommand(host),
        new BenchCommand(host),
        new DoctorCommand(host),
    };

    public static ParseResult Parse(RootCommand tree, IReadOnlyList<string> words) => tree.Parse(words, Parsing);

    public static int Run(IReadOnlyList<string> words, CliHost host)
    {
        var parsed = Parse(CreateTree(host), words.Count == 0 ? ["--help"] : words);
        try
        {
            if (parsed.Action is HelpAction help)
            {
                help.MaxWidth = host.Width;
            }
            else if (ParseComplaint.Of(parsed) is { } complaint)
            {
                return Complain(host, complaint, WrongRequest);
            }

            return parsed.Invoke(new InvocationConfiguration
            {
                Output = host.Output,
                Error = host.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
        }
        catch (UserError fault)
        {
            return Complain(host, fault.Message, fault.ExitCode);
        }
        catch (OperationCanceledException) when (host.Cancellation.IsCancellationRequested)
        {
            return Complain(host, "interrupted" + HowToGoOn(parsed, words), Interruption.ExitCode);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // The system's own message names the file or folder that it refused.
            var refused = UserError.Environment(parsed.CommandResult.Command.Name, fault.Message.TrimEnd('.'), "files and folders this user can read and write");
            return Complain(host, refused.Message, refused.ExitCode);
        }
#pragma warning disable CA1031 // The last handler: whatever it is, the user gets one line and a log.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            return Complain(host, Unexpected(host, fault, words), Failed);
        }
    }

    private static int Complain(CliHost host, string message, int exitCode)
    {
        host.Error.WriteLine($"retort: {message}");
        return exitCode;
    }

    private static string HowToGoOn(ParseResult parsed, IReadOnlyList<string> words)
    {
        if (parsed.CommandResult.Command.Options.All(option => option.Name != ComputeOptions.ResumeName))
        {
            return "";
        }

        var again = words.Contains(ComputeOptions.ResumeName) ? words : [.. words, ComputeOptions.ResumeName];
        return "; what was done is saved, go on with:\n  ./retort " + string.Join(' ', again.Select(ShellWord));
    }

    private static string ShellWord(string word) =>
        word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "-_./=,:+@%".Contains(c, StringComparison.Ordinal))
            ? word
            : "'" + word.Replace("'", "'\\''", StringComparison.Ordinal) + "'";

    private static string Unexpected(CliHost host, Exception fault, IReadOnlyList<string> words)
    {
        var summary = $"{fault.GetType().Name}: {fault.Message.ReplaceLineEndings(" ")}";
        var path = Path.Combine(host.LogFolder, $"retort-fault-{host.Time.GetUtcNow():yyyyMMdd-HHmmss}-{Environment.ProcessId}.log");
        try
        {
            AtomicFile.WriteText(path, $"retort {string.Join(' ', words.Select(ShellWord))}\n\n{fault}\n");
            return $"{summary} (a fault of ours; the stack trace is in {path})";
        }
        catch (UserError)
        {
            return $"{summary} (a fault of ours; no log could be written to {host.LogFolder})\n{fault.StackTrace}";
        }
    }
}
