using System.CommandLine;
using System.Globalization;
using Retort.Analysis;
using Retort.Analysis.Sampling;
using Retort.Cli.Curves;
using Retort.Core;
using Retort.Recipes.Curves;

namespace Retort.Cli.Commands;

/// <summary><c>retort eval curves</c>: what any model's graded samples say, and how a model changed.</summary>
internal sealed class EvalCurvesCommand : Command
{
    private readonly CliHost host;
    private readonly Option<string?> data = new("--data") { HelpName = "FILE", Description = "Samples to look at." };
    private readonly Option<string[]?> compare = new("--compare")
    {
        HelpName = "BEFORE AFTER",
        Description = "Samples of a model before and after training, on the same problems: did coverage grow?",
        Arity = new ArgumentArity(2, 2),
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string?> format = new("--format")
    {
        HelpName = "NAME",
        Description = string.Join("; ", SampleFormat.All.Select(one => $"{one.Name}: {one.Description}")) + ". [default: samples]",
    };

    private readonly Option<string?> puzzles = new("--puzzles") { HelpName = "FILE", Description = "Of game24: the list of puzzles. [default: 24.csv beside the samples]" };
    private readonly Option<string?> k = new("--k") { HelpName = "N,N", Description = "Numbers of samples for pass@k and majority@k. [default: 1, 2, 4, ... and all]" };
    private readonly Option<double?> at = NumberOption.Double("--at", 0, 1e6,
        "Temperature of what is shown at one: curves over k, gains by precision before. [default: the one nearest 1]");

    private readonly ComputeOptions compute = new();

    public EvalCurvesCommand(CliHost host)
        : base("curves", "Read graded samples and give unbiased pass@k, majority@k, coverage, precision curves, temperature sensitivity, "
            + "and plan and execution, with 95 % bootstrap intervals over problems.")
    {
        this.host = host;
        compute.Seed.Description = "Seed of resampling; equal seeds give equal bits. [default: 1]";
        compute.Out.Description = "Folder for report.html, report.json and figures.";
        foreach (Option option in (Option[])[data, compare, format, puzzles, k, at, compute.Seed, compute.Threads, compute.Out, compute.Json])
        {
            Options.Add(option);
        }

        SetAction(Invoke);
    }

    private int Invoke(ParseResult parsed)
    {
        var (one, two) = (parsed.GetValue(data), parsed.GetValue(compare));
        if (one is null == two is not { Length: > 0 })
        {
            throw UserError.Request("eval curves", one is null ? "no samples are given" : "--data with --compare", "--data FILE, or --compare BEFORE AFTER");
        }

        var reading = SampleFormat.Find(parsed.GetValue(format) ?? "samples");
        if (parsed.GetValue(puzzles) is not null && reading.Name != "game24")
        {
            throw UserError.Request("eval curves", $"--puzzles with --format {reading.Name}", "--puzzles with --format game24 only");
        }

        var folder = parsed.GetValue(compute.Out);
        if (folder is not null)
        {
            CurvesReport.RequireWritable(folder);
        }

        var settings = new CurvesSettings
        {
            Ks = parsed.GetValue(k) is { } list ? [.. SimulateCommand.Numbers(
                "--k", list, value => value >= 1 && value == Math.Floor(value) && value <= int.MaxValue, "whole, of 1 or above").Select(value => (int)value).Order()] : null,
            At = parsed.GetValue(at),
            Bootstrap = new BootstrapSettings(Seed: parsed.GetValue(compute.Seed) ?? 1, Threads: compute.ReadThreads(parsed)),
        };
        SampleFile Read(string path) => reading.Read(path, parsed.GetValue(puzzles));
        var report = one is not null ? Look(one, Read(one), reading, settings) : Compare(two![0], Read(two[0]), two[1], Read(two[1]), reading, settings);
        AnalysisOutput.Write(host, report, folder, parsed.GetValue(compute.Json));
        return 0;
    }

    private static CurvesReport Look(string path, SampleFile file, SampleFormat reading, CurvesSettings settings)
    {
        foreach (var set in file.Sets)
        {
            Check(set, settings);
        }

        SampleSet Named(string name) => file.Sets.First(set => set.Model == name);
        return CurvesReport.Of(
            $"{path}, format {reading.Name}", [.. file.Sets.Select(set => ModelCurves.Of(set, settings))],
            [.. file.Verified.Select(pair => VerifierGain.Of(pair.Name, Named(pair.Without), Named(pair.With), settings.Bootstrap))], file.Notes, settings);
    }

    private static CurvesReport Compare(
        string beforePath, SampleFile before, string afterPath, SampleFile after, SampleFormat reading, CurvesSettings settings)
    {
        var (walls, notes) = (new List<WallComparison>(), new List<string>(before.Notes));
        foreach (var (left, right) in Pairs(beforePath, before, afterPath, after))
        {
            var problems = left.Problems.Intersect(right.Problems, StringComparer.Ordinal).ToArray();
            if (problems.Length == 0)
            {
                throw UserError.Request(
                    "--compare", $"{left.Model} of {beforePath} and {right.Model} of {afterPath} have no problem in common",
                    $"samples of the same problems; the first has '{left.Problems[0]}', the second '{right.Problems[0]}'");
            }

            var temperatures = left.Temperatures.Intersect(right.Temperatures).ToArray();
            if (temperatures.Length == 0)
            {
                throw UserError.Request(
                    "--compare", $"{left.Model} of {beforePath} and {right.Model} of {afterPath} have no temperature in common",
                    $"samples at the same temperatures; the first has {Listed(left.Temperatures)}, the second {Listed(right.Temperatures)}");
            }

            if (problems.Length < left.Problems.Count || problems.Length < right.Problems.Count)
            {
                notes.Add($"{left.Model}: {problems.Length} problems are shared, of {left.Problems.Count} before and {right.Problems.Count} after.");
            }

            if (temperatures.Length < left.Temperatures.Count || temperatures.Length < right.Temperatures.Count)
            {
                notes.Add($"{left.Model}: compared at the shared temperatures {Listed(temperatures)} alone.");
            }

            var (a, b) = (left.Restrict(problems, temperatures), right.Restrict(problems, temperatures));
            Check(a, settings);
            Check(b, settings);
            walls.Add(WallComparison.Of(a, b, settings));
        }

        return CurvesReport.Of($"{beforePath} before, {afterPath} after, format {reading.Name}", walls, notes, settings);
    }

    /// <summary>The only models of both files, or models of the same name.</summary>
    private static (SampleSet Before, SampleSet After)[] Pairs(string beforePath, SampleFile before, string afterPath, SampleFile after)
    {
        if (before.Sets.Count == 1 && after.Sets.Count == 1)
        {
            return [(before.Sets[0], after.Sets[0])];
        }

        var pairs = before.Sets.Join(after.Sets, set => set.Model, set => set.Model, (left, right) => (Before: left, After: right)).ToArray();
        return pairs.Length > 0 ? pairs : throw UserError.Request(
            "--compare", $"{beforePath} and {afterPath} hold several models and none in common", "one model in each, or models of the same names");
    }

    private static void Check(SampleSet set, CurvesSettings settings)
    {
        if (settings.At is { } at && !set.Temperatures.Contains(at))
        {
            throw UserError.Request("--at", FormattableString.Invariant($"is {at}, which {set.Model} has no samples at"), $"one of {Listed(set.Temperatures)}");
        }

        foreach (var (t, temperature) in set.Temperatures.Index())
        {
            var fewest = set.Counts.FewestSamples(t);
            if (settings.Ks?[^1] > fewest)
            {
                var place = double.IsNaN(temperature) ? "" : $" at temperature {Listed([temperature])}";
                throw UserError.Request("--k", $"is {settings.Ks[^1]}", $"at most {fewest}, the fewest samples {set.Model} has of a problem{place}");
            }
        }
    }

    private static string Listed(IEnumerable<double> temperatures) => string.Join(
        ", ", temperatures.Select(temperature => double.IsNaN(temperature) ? "none told" : temperature.ToString(CultureInfo.InvariantCulture)));
}
