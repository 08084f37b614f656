using Retort.Recipes.Configuration;
using Retort.Recipes.Experiment;
using Retort.Recipes.Report;
using Retort.Tensors.Cpu;
using Retort.Training;

namespace Retort.Recipes.LengthGeneralization;

/// <summary>
/// "The Role of Sparsity for Length Generalization in Transformers" (Golowich, Jelassi, Brandfonbrener, Kakade, Malach 2025; arXiv 2502.16792) at the
/// size of a desk: models trained on short problems and asked longer ones, with positions that know the task and others that do not.
/// </summary>
public sealed class LengthGeneralizationRecipe : IRecipe
{
    /// <inheritdoc/>
    public string Name => "length-generalization";

    /// <inheritdoc/>
    public string Summary => "Positions that bring together what belongs together let models solve problems longer than any they have seen";

    /// <inheritdoc/>
    public IReadOnlyList<RecipePreset> Presets => LengthGeneralizationPresets.All;

    /// <inheritdoc/>
    public IReadOnlyList<ConfigOption> Settings(string preset) => Config.Options(LengthGeneralizationPresets.Settings(preset));

    /// <inheritdoc/>
    public RecipeOutcome Run(RecipeContext context)
    {
        var settings = context.MergeFolders.Count > 0
            ? JoinedParts.Settings(context, new LengthGeneralizationSettings(), part => part.Seeds, (part, seeds) => part with { Seeds = seeds })
            : Config.Resolve(LengthGeneralizationPresets.Settings(context.Preset), context.ConfigPath, context.Overrides);
        settings = settings with { Seeds = context.Seeds ?? settings.Seeds };
        var claims = context.ChooseClaims(LengthGeneralizationClaims.Judged);
        // Smoke makes what quick does.
        var needed = context.Preset == "smoke" && context.Claims is null
            ? LengthGeneralizationClaims.Judged.Where(claim => claim.Headline).Select(claim => claim.Id) : claims;
        ModelKind[] cells = CellsOf(needed, settings);
        foreach (var cell in cells)
        {
            var study = Study.Of(cell.Study, settings);
            study.Config(cell.Scheme, TaskDataset.TokenizerFor(study.Task));
        }

        if (context.DryRun)
        {
            return LengthGeneralizationPlan.Of(settings, cells, context);
        }

        using var folder = RunFolder.Create(context.OutputFolder, Config.Write(settings));
        using var device = new CpuDevice(context.Threads);
        var spending = new Spending(folder, context.Time);
        var runner = new LengthGeneralizationRunner(settings, context, folder, device, spending);
        if (context.MergeFolders.Count > 0)
        {
            JoinedParts.Copy(context.MergeFolders, folder);
            cells = [.. CellsOf(LengthGeneralizationClaims.Judged.Select(claim => claim.Id), settings).Where(cell => settings.Seeds.All(seed => runner.IsThere(cell, seed)))];
        }

        folder.Log(context.Time, $"run {context.Preset}, seeds {string.Join(", ", settings.Seeds)}, {context.Threads} threads, commit {RunOrigin.Commit}");
        try
        {
            var evidence = Measure(settings, cells, runner, context.Threads);
            context.Progress.Note("judging the claims");
            var results = LengthGeneralizationClaims.All.Select(claim => Judge(claim, claims, context.Preset, evidence)).ToArray();
            folder.Log(context.Time, "run " + string.Join(", ", results.Select(result => $"{result.Id} {result.Verdict}")));
            return Report(settings, context, folder, spending, evidence, results);
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

    private static ModelKind[] CellsOf(IEnumerable<string> claims, LengthGeneralizationSettings settings) =>
        [.. claims.SelectMany(claim => ModelKind.Of(claim, settings)).Distinct()];

    /// <summary>Seed by seed, so that a run cut short has whole seeds.</summary>
    private static Evidence Measure(LengthGeneralizationSettings settings, ModelKind[] cells, LengthGeneralizationRunner runner, int threads)
    {
        var outcomes = cells.ToDictionary(cell => cell, _ => new List<CellOutcome>());
        foreach (var (seed, cell) in settings.Seeds.SelectMany(seed => cells.Select(cell => (seed, cell))))
        {
            outcomes[cell].Add(runner.Run(cell, seed));
        }

        return new(settings, new OrderedDictionary<string, (ModelKind, IReadOnlyList<CellOutcome>)>(
            cells.Select(cell => KeyValuePair.Create(cell.Name, (cell, (IReadOnlyList<CellOutcome>)outcomes[cell])))), threads);
    }

    private static ClaimResult Judge(Claim claim, IReadOnlyList<string> chosen, string preset, Evidence evidence) =>
        !LengthGeneralizationClaims.Judged.Contains(claim) ? claim.NotRun(SparseClaims.NotRun)
        : preset == "smoke" ? claim.NotRun("the smoke preset proves the plumbing only")
        : !chosen.Contains(claim.Id) ? claim.NotRun($"not asked for (preset {preset}; see --preset full and --claims)")
        : ModelKind.Of(claim.Id, evidence.Settings).FirstOrDefault(cell => !evidence.Has(cell.Name)) is { } missing
            ? claim.NotRun($"the joined parts lack {missing.Name}")
        : LengthGeneralizationJudge.Judge(claim, evidence);

    private static RecipeOutcome Report(
        LengthGeneralizationSettings settings, RecipeContext context, RunFolder folder, Spending spending, Evidence evidence, ClaimResult[] results)
    {
        var figures = LengthGeneralizationFigures.All(evidence);
        var paths = figures.Select(folder.WriteFigure).ToArray();
        var (seconds, flops) = spending.Total(context.MergeFolders);
        var report = new RunReport(
            "length-generalization", context.Preset, settings.Seeds, RunOrigin.Commit, folder.ConfigSha256, Math.Round(seconds, 1), flops, results,
            LengthGeneralizationTables.All(evidence), paths, LengthGeneralizationDepartures.Of(settings));
        folder.WriteReport(report, new ReportPage(
            "Which models solve problems longer than any they have seen",
            "Golowich, Jelassi, Brandfonbrener, Kakade and Malach, \"The Role of Sparsity for Length Generalization in Transformers\", arXiv 2502.16792 (ICML 2025)",
            figures, folder.ReadConfig(), RunOrigin.Machine(context.Threads)));
        return new(report.AnyFails, VerdictText.Of(report, folder.HtmlPath), report.ToJson());
    }
}
