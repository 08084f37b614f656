using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using Retort.Core;
using Retort.Recipes.Configuration;
using Retort.Recipes.Report;
using Retort.Tensors.Cpu;

namespace Retort.Recipes.Backtracking;

/// <summary>
/// "To Backtrack or Not to Backtrack" (Qin, Alvarez-Melis, Jelassi, Malach 2025; arXiv 2504.07052) at the size of a desk:
/// sequential search against parallel sampling at equal compute, on CountDown and Sudoku.
/// </summary>
public sealed class BacktrackingRecipe : IRecipe
{
    /// <summary>How every run at our sizes differs from the paper, a line each.</summary>
    private static readonly string[] Departures =
    [
        "Traces are written in compact tokens (whole numbers, one token an operator), about an eighth of the paper's length; budgets shrink alike.",
        "CountDown draws smaller numbers and targets than 1..99 and 10..100, caps intermediate values at 99 and drops zero (config: countDown).",
        "Windows of long traces begin with the prompt again and a gap mark, so that every token is conditioned on its problem; the paper's do not.",
        "Where config names one heuristic, all traces use it; the paper draws one of two for each problem.",
        "Where config says windowsPerTrace, only a trace's first windows are trained on, not all.",
        "Where config names lengths or markWeight, searching models learn short traces first, and the marks after a single number weigh more in the loss.",
        "Sudoku is 6x6, searched cell by cell in row-major order without deductions, instead of 9x9 with eight strategies; the shallow set has cells filled beforehand, as the paper's easy one.",
        "Queries and keys are normalised (config: queryKeyNorm).",
        "Models have far fewer parameters and see far fewer tokens; learning rates are higher and batches smaller.",
        "Solved means a strict check: operands used up, all numbers used, every return to a state that exists. The paper's checker is lenient.",
        "Equal compute comes from the engine's FLOP counts (output head included), not from pairing positions; best-of-n is the unbiased estimate.",
        "The last checkpoint is used, not the one with the best validation loss.",
        "Stacked CountDown's contexts, budgets and parts by length are twice the plain ones.",
    ];

    /// <inheritdoc/>
    public string Name => "backtracking";

    /// <inheritdoc/>
    public string Summary => "Sequential search against parallel sampling at equal compute, on CountDown and Sudoku";

    /// <inheritdoc/>
    public IReadOnlyList<RecipePreset> Presets => BacktrackingPresets.All;

    /// <inheritdoc/>
    public IReadOnlyList<ConfigOption> Settings(string preset) => Config.Options(BacktrackingPresets.Settings(preset));

    /// <inheritdoc/>
    public RecipeOutcome Run(RecipeContext context)
    {
        var settings = context.MergeFolders.Count > 0
            ? BacktrackingMerge.Settings(context)
            : Config.Resolve(BacktrackingPresets.Settings(context.Preset), context.ConfigPath, context.Overrides);
        settings = settings with { Seeds = context.Seeds ?? settings.Seeds };
        var claims = ChooseClaims(context);
        var cells = Cell.All(settings);
        // Smoke judges nothing but runs one pair of cells of each task.
        var needed = (context.Preset == "smoke" ? ["C2"] : claims).SelectMany(BacktrackingClaims.CellsOf).ToHashSet();
        var toRun = cells.Values.Where(cell => needed.Contains(cell.Name)).ToArray();
        if (context.DryRun)
        {
            return BacktrackingPlan.Of(settings, toRun, context);
        }

        using var folder = RunFolder.Create(context.OutputFolder, Config.Write(settings));
        if (context.MergeFolders.Count > 0)
        {
            BacktrackingMerge.CopyEvaluations(context.MergeFolders, folder);
            toRun = [.. toRun.Where(cell => settings.Seeds.All(seed => File.Exists(folder.EvaluationPath(CellRunner.NameOf(cell, seed)))))];
        }

        using var device = new CpuDevice(context.Threads);
        var start = context.Time.GetTimestamp();
        var peakFlops = context.Preset == "smoke" ? 0 : 1e9 * MachineMeter.PeakGflops(context.Threads);
        var runner = new CellRunner(settings, context, folder, device, peakFlops);
        try
        {
            var outcomes = new Dictionary<string, IReadOnlyList<CellOutcome>>();
            foreach (var cell in toRun)
            {
                outcomes.Add(cell.Name, [.. settings.Seeds.Select(seed => runner.Run(cell, seed))]);
            }

            var evidence = new Evidence(outcomes);
            context.Progress.Note("judging the claims");
            var results = BacktrackingClaims.All.Select(claim => Judge(claim, claims, context.Preset, evidence)).ToArray();
            return Report(settings, context, folder, runner, evidence, results, cells.Values, Elapsed());
        }
        finally
        {
            folder.AppendTiming("sitting", 0, [new("seconds", context.Time.GetElapsedTime(start).TotalSeconds), new("train_flops", runner.Spent.Train), new("sample_flops", runner.Spent.Sample)]);
        }

        double Elapsed() => context.Time.GetElapsedTime(start).TotalSeconds;
    }

    private static ClaimResult Judge(Claim claim, IReadOnlyList<string> chosen, string preset, Evidence evidence) =>
        BacktrackingClaims.NeedReinforcementLearning.Contains(claim) ? claim.NotRun("it needs reinforcement learning, which this recipe does not do yet")
        : preset == "smoke" ? claim.NotRun("the smoke preset proves the plumbing only")
        : !chosen.Contains(claim.Id) ? claim.NotRun($"not asked for (preset {preset}; see --preset full and --claims)")
        : BacktrackingClaims.CellsOf(claim.Id).FirstOrDefault(cell => !evidence.Has(cell)) is { } missing
            ? claim.NotRun($"the joined parts lack {missing}")
        : BacktrackingJudge.Judge(claim, evidence);

    private static IReadOnlyList<string> ChooseClaims(RecipeContext context)
    {
        var possible = BacktrackingPresets.Claims("full");
        foreach (var id in context.Claims ?? [])
        {
            if (!possible.Contains(id, StringComparer.OrdinalIgnoreCase))
            {
                throw UserError.Request("--claims", $"'{id}' is no claim this recipe can judge", string.Join(", ", possible), NearestName.Of(id, possible));
            }
        }

        return context.Claims is null
            ? BacktrackingPresets.Claims(context.Preset)
            : [.. possible.Where(id => context.Claims.Contains(id, StringComparer.OrdinalIgnoreCase))];
    }

    private static RecipeOutcome Report(
        BacktrackingSettings settings, RecipeContext context, RunFolder folder, CellRunner runner, Evidence evidence,
        ClaimResult[] results, IEnumerable<Cell> cells, double seconds)
    {
        var figures = BacktrackingFigures.All(evidence);
        var paths = figures.Select(folder.WriteFigure).ToArray();
        var earlier = EarlierSittings(folder.TimingPath);
        var report = new RunReport(
            "backtracking", context.Preset, settings.Seeds, Commit, folder.ConfigSha256, Math.Round(earlier.Seconds + seconds, 1),
            new(earlier.Train + runner.Spent.Train, earlier.Sample + runner.Spent.Sample), results,
            BacktrackingTables.All(evidence, cells), paths, Departures);
        folder.WriteReport(report, new ReportPage(
            "Sequential search against parallel sampling",
            "Qin, Alvarez-Melis, Jelassi and Malach, \"To Backtrack or Not to Backtrack\", arXiv 2504.07052 (COLM 2025)",
            figures, folder.ReadConfig(), Machine(context.Threads)));
        return new(report.AnyFails, VerdictText.Of(report, folder.HtmlPath), report.ToJson());
    }

    private static string Commit => typeof(BacktrackingRecipe).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
        ?.InformationalVersion.Split('+') is [_, var hash] ? hash : "unknown";

    private static string Machine(int threads) => string.Create(
        CultureInfo.InvariantCulture,
        $"{RuntimeInformation.ProcessArchitecture}, {threads} of {Environment.ProcessorCount} cores, {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}");

    /// <summary>Time and work of earlier sittings of the same run, from timing.jsonl.</summary>
    private static (double Seconds, double Train, double Sample) EarlierSittings(string path)
    {
        var total = (Seconds: 0.0, Train: 0.0, Sample: 0.0);
        foreach (var line in File.Exists(path) ? File.ReadLines(path) : [])
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            if (root.GetProperty("phase").GetString() == "sitting")
            {
                total.Seconds += root.GetProperty("seconds").GetDouble();
                total.Train += root.GetProperty("train_flops").GetDouble();
                total.Sample += root.GetProperty("sample_flops").GetDouble();
            }
        }

        return total;
    }
}
