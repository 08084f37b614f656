using System.Diagnostics;

namespace Retort.Cli.Tests;

public class ProcessTests
{
    private static Outcome Start(string program, string[] words, Action<ProcessStartInfo>? change = null)
    {
        var start = new ProcessStartInfo(program, words) { RedirectStandardOutput = true, RedirectStandardError = true };
        change?.Invoke(start);
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new Outcome(process.ExitCode, output, error.Result);
    }

    [Fact]
    public void The_built_program_runs_and_its_exit_code_reaches_the_caller()
    {
        var program = Path.Combine(AppContext.BaseDirectory, "retort.dll");
        var help = Start("dotnet", [program, "--help"]);
        Assert.Equal((0, ""), (help.ExitCode, help.Error));
        Assert.Contains("doctor", help.Output, StringComparison.Ordinal);
        var wrong = Start("dotnet", [program, "doctr"]);
        Assert.Equal((2, "", $"retort: unknown command 'doctr'; expected one of {Cli.CommandNames}; did you mean 'doctor'?\n"),
            (wrong.ExitCode, wrong.Output, wrong.Error));
    }

    [Fact]
    public void The_launcher_says_what_is_missing_without_dotnet()
    {
        Assert.SkipUnless(File.Exists("/bin/bash"), "the launcher needs bash");
        var outcome = Start("/bin/bash", [Path.Combine(Repository.Root, "retort"), "list"], start =>
        {
            start.Environment.Clear();
            start.Environment["PATH"] = "/nonexistent";
        });
        Assert.Equal((1, ""), (outcome.ExitCode, outcome.Output));
        Assert.StartsWith("retort: the program 'dotnet' is missing; expected the .NET 10 SDK", outcome.Error, StringComparison.Ordinal);
    }
}
