using Retort.Recipes.Configuration;
using Retort.Recipes.Experiment;
using Retort.Recipes.Report;
using Retort.Tensors.Cpu;

namespace Retort.Recipes.Backtracking;

/// <summary>
/// "To Backtrack or Not to Backtrack" (Qin, Alvarez-Melis, Jelassi, Malach 2025; arXiv 2504.07052) at the size of a desk:
/// sequential search against parallel sampling at equal compute, on CountDown and Sudoku.
/// </summary>
public sealed class BacktrackingRecipe : IRecipe
{
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
            ? JoinedParts.Settings(context, new BacktrackingSettings(), part => part.Seeds, (part, seeds) => part with { Seeds = seeds })
            : Config.Resolve(BacktrackingPresets.Settings(context.Preset), context.ConfigPath, context.Overrides);
        settings = settings with { Seeds = context.Seeds ?? settings.Seeds };
        var claims = context.ChooseClaims(BacktrackingClaims.All);
        var cells = Cell.All(settings);
        // Smoke judges nothing but runs one pair of cells of each task, and what reinforcement learning makes of one.
        var needed = (context.Preset == "smoke" ? ["C2", "C7"] : claims).SelectMany(BacktrackingClaims.CellsOf).ToHashSet();
        var toRun = cells.Values.Where(cell => needed.Contains(cell.Name)).ToArray();
        Array.ForEach(toRun, cell => cell.Check());
        if (context.DryRun)
        {
            return BacktrackingPlan.Of(settings, toRun, context);
        }

        using var folder = RunFolder.Create(context.OutputFolder, Config.Write(settings));
        if (context.MergeFolders.Count > 0)
        {
            JoinedParts.Copy(context.MergeFolders, folder);
            toRun = [.. toRun.Where(cell => settings.Seeds.All(seed => File.Exists(folder.EvaluationPath(CellRunner.NameOf(cell, seed)))))];
        }

        using var device = new CpuDevice(context.Threads);
        var spending = new Spending(folder, context.Time);
        var runner = new CellRunner(settings, context, folder, device, spending);
        folder.Log(context.Time, $"run {context.Preset}, seeds {string.Join(", ", settings.Seeds)}, {context.Threads} threads, commit {RunOrigin.Commit}");
        try
        {
            var outcomes = new Dictionary<string, IReadOnlyList<CellOutcome>>();
            foreach (var cell in toRun)
            {
                outcomes.Add(cell.Name, [.. settings.Seeds.Select(seed => runner.Run(cell, seed))]);
                folder.Log(context.Time, $"run {cell.Name} done");
            }

            var evidence = new Evidence(outcomes, context.Threads);
            context.Progress.Note("judging the claims");
            var results = BacktrackingClaims.All.Select(claim => Judge(claim, claims, context.Preset, evidence)).ToArray();
            folder.Log(context.Time, "run " + string.Join(", ", results.Select(result => $"{result.Id} {result.Verdict}")));
            return Report(settings, context, folder, spending, evidence, results, cells.Values);
        }
        catch (OperationCanceledException)
        {
            folder.Log(context.Time, "run interrupted");
            throw;
        }
        finally
        {
            spending.Book();
        }
    }

    private static ClaimResult Judge(Claim claim, IReadOnlyList<string> chosen, string preset, Evidence evidence) =>
        preset == "smoke" ? claim.NotRun("the smoke preset proves the plumbing only")
        : !chosen.Contains(claim.Id) ? claim.NotRun($"not asked for (preset {preset}; see --preset full and --claims)")
        : BacktrackingClaims.CellsOf(claim.Id).FirstOrDefault(cell => !evidence.Has(cell)) is { } missing
            ? claim.NotRun($"the joined parts lack {missing}")
        : BacktrackingJudge.Judge(claim, evidence);

    private static RecipeOutcome Report(
        BacktrackingSettings settings, RecipeContext context, RunFolder folder, Spending spending, Evidence evidence,
        ClaimResult[] results, IEnumerable<Cell> cells)
    {
        var figures = BacktrackingFigures.All(evidence);
        var paths = figures.Select(folder.WriteFigure).ToArray();
        var (seconds, flops) = spending.Total(context.MergeFolders);
        var report = new RunReport(
            "backtracking", context.Preset, settings.Seeds, RunOrigin.Commit, folder.ConfigSha256, Math.Round(seconds, 1), flops, results,
            BacktrackingTables.All(evidence, cells), paths, BacktrackingDepartures.Of(settings));
        folder.WriteReport(report, new ReportPage(
            "Sequential search against parallel sampling",
            "Qin, Alvarez-Melis, Jelassi and Malach, \"To Backtrack or Not to Backtrack\", arXiv 2504.07052 (COLM 2025)",
            figures, folder.ReadConfig(), RunOrigin.Machine(context.Threads)));
        return new(report.AnyFails, VerdictText.Of(report, folder.HtmlPath), report.ToJson());
    }
}
