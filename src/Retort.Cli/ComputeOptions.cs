using System.CommandLine;
using System.Globalization;

namespace Retort.Cli;

/// <summary>The options of every command that computes. Create one a command, <see cref="AddTo"/> it, read it when invoked.</summary>
internal sealed class ComputeOptions
{
    public const string ResumeName = "--resume";

    private const int MaxThreads = 1024;

    public Option<int> Threads { get; } = new("--threads")
    {
        HelpName = "N",
        Description = "Threads to compute on; results are the same for any number. [default: all cores]",
        CustomParser = result =>
        {
            var word = result.Tokens[^1].Value;
            if (int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var threads) && threads is >= 1 and <= MaxThreads)
            {
                return threads;
            }

            result.AddError($"--threads is '{word}'; expected a whole number in 1..{MaxThreads}");
            return 0;
        },
    };

    public Option<string?> Config { get; } = new("--config") { HelpName = "FILE", Description = "YAML settings laid over the preset." };

    public Option<string[]> Set { get; } = new("--set")
    {
        HelpName = "PATH=VALUE",
        Description = "One setting laid over preset and file, e.g. training.learningRate=1e-3. May be repeated.",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };

    public Option<ulong?> Seed { get; } = new("--seed")
    {
        HelpName = "N",
        Description = "Seed of every random number; equal seeds give equal bits. [default: the configuration's]",
        CustomParser = result =>
        {
            var word = result.Tokens[^1].Value;
            if (ulong.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var seed))
            {
                return seed;
            }

            result.AddError($"--seed is '{word}'; expected a whole number of 0 or above");
            return null;
        },
    };

    public Option<string?> Out { get; } = new("--out") { HelpName = "DIR", Description = "Folder to write to." };

    public Option<bool> Resume { get; } = new(ResumeName) { Description = "Go on with what the folder holds." };

    public Option<bool> DryRun { get; } = new("--dry-run")
    {
        Description = "Print the resolved configuration, parameters, FLOPs, memory and expected time; compute nothing.",
    };

    public Option<bool> Json { get; } = new("--json") { Description = "Print JSON on standard output and nothing else anywhere." };

    /// <summary>Adds all of them, in the order help shows them.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[Threads, Config, Set, Seed, Out, Resume, DryRun, Json])
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The asked number of threads, or all cores.</summary>
    public int ReadThreads(ParseResult parsed) => parsed.GetValue(Threads) is > 0 and var threads ? threads : Environment.ProcessorCount;

    /// <summary>The overrides, in order.</summary>
    public IReadOnlyList<string> ReadOverrides(ParseResult parsed) => parsed.GetValue(Set) ?? [];
}
