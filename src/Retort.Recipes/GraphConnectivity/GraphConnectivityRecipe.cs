using Retort.Recipes.Configuration;
using Retort.Recipes.Experiment;
using Retort.Recipes.Report;
using Retort.Tensors.Cpu;
using Retort.Training;

namespace Retort.Recipes.GraphConnectivity;

/// <summary>
/// "Let Me Think! A Long Chain-of-Thought Can Be Worth Exponentially Many Short Ones" (Mirtaheri, Edelman, Jelassi, Malach, Boix-Adsera 2025;
/// arXiv 2505.21825) at the size of a desk: models that are taught long searches or short paths on the same graphs, and what samples of the short ones
/// can make up for.
/// </summary>
public sealed class GraphConnectivityRecipe : IRecipe
{
    /// <inheritdoc/>
    public string Name => "graph-connectivity";

    /// <inheritdoc/>
    public string Summary => "One long chain of thought can be worth exponentially many short ones: search or guesses on bridges";

    /// <inheritdoc/>
    public IReadOnlyList<RecipePreset> Presets => GraphPresets.All;

    /// <inheritdoc/>
    public IReadOnlyList<ConfigOption> Settings(string preset) => Config.Options(GraphPresets.Settings(preset));

    /// <inheritdoc/>
    public RecipeOutcome Run(RecipeContext context)
    {
        var settings = context.MergeFolders.Count > 0
            ? JoinedParts.Settings(context, new GraphStudySettings(), part => part.Seeds, (part, seeds) => part with { Seeds = seeds })
            : Config.Resolve(GraphPresets.Settings(context.Preset), context.ConfigPath, context.Overrides);
        settings = settings with { Seeds = context.Seeds ?? settings.Seeds };
        var claims = context.ChooseClaims(GraphClaims.Judged);
        // Smoke makes what quick does, and one model of self-training.
        GraphModel[] models = context.Preset == "smoke" && context.Claims is null
            ? [.. ModelsOf(GraphClaims.Judged.Where(claim => claim.Headline).Select(claim => claim.Id), settings), GraphModel.Of("A7", settings)[1]]
            : ModelsOf(claims, settings);
        foreach (var model in models)
        {
            model.Config(settings, TaskDataset.TokenizerFor(model.Task(settings)));
        }

        if (context.DryRun)
        {
            return GraphPlan.Of(settings, models, context);
        }

        using var folder = RunFolder.Create(context.OutputFolder, Config.Write(settings));
        using var device = new CpuDevice(context.Threads);
        var spending = new Spending(folder, context.Time);
        var runner = new GraphRunner(settings, context, folder, device, spending);
        if (context.MergeFolders.Count > 0)
        {
            JoinedParts.Copy(context.MergeFolders, folder);
            models = [.. ModelsOf(GraphClaims.Judged.Select(claim => claim.Id), settings).Where(model => settings.Seeds.All(seed => runner.IsThere(model, seed)))];
        }

        folder.Log(context.Time, $"run {context.Preset}, seeds {string.Join(", ", settings.Seeds)}, {context.Threads} threads, commit {RunOrigin.Commit}");
        try
        {
            var evidence = Measure(settings, models, runner, context.Threads);
            context.Progress.Note("judging the claims");
            ClaimResult[] results = [.. GraphClaims.Judged.Select(claim => Judge(claim, claims, context.Preset, evidence)), .. GraphClaims.Stated];
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

    private static GraphModel[] ModelsOf(IEnumerable<string> claims, GraphStudySettings settings) =>
        [.. claims.SelectMany(claim => GraphModel.Of(claim, settings)).Distinct()];

    /// <summary>Seed by seed, so that a run cut short has whole seeds.</summary>
    private static Evidence Measure(GraphStudySettings settings, GraphModel[] models, GraphRunner runner, int threads)
    {
        var queries = runner.Queries();
        var outcomes = models.ToDictionary(model => model, _ => new List<GraphOutcome>());
        foreach (var (seed, model) in settings.Seeds.SelectMany(seed => models.Select(model => (seed, model))))
        {
            outcomes[model].Add(runner.Run(model, seed));
        }

        return new(settings, new OrderedDictionary<string, (GraphModel, IReadOnlyList<GraphOutcome>)>(
            models.Select(model => KeyValuePair.Create(model.Name, (model, (IReadOnlyList<GraphOutcome>)outcomes[model])))), queries, threads);
    }

    private static ClaimResult Judge(Claim claim, IReadOnlyList<string> chosen, string preset, Evidence evidence) =>
        preset == "smoke" ? claim.NotRun("the smoke preset proves the plumbing only")
        : !chosen.Contains(claim.Id) ? claim.NotRun($"not asked for (preset {preset}; see --preset full and --claims)")
        : GraphModel.Of(claim.Id, evidence.Settings).FirstOrDefault(model => !evidence.Has(model)) is { } missing
            ? claim.NotRun($"the joined parts lack {missing.Name}")
        : GraphJudge.Judge(claim, evidence);

    private static RecipeOutcome Report(
        GraphStudySettings settings, RecipeContext context, RunFolder folder, Spending spending, Evidence evidence, ClaimResult[] results)
    {
        var figures = GraphFigures.All(evidence);
        var paths = figures.Select(folder.WriteFigure).ToArray();
        var (seconds, flops) = spending.Total(context.MergeFolders);
        var report = new RunReport(
            "graph-connectivity", context.Preset, settings.Seeds, RunOrigin.Commit, folder.ConfigSha256, Math.Round(seconds, 1), flops, results,
            GraphTables.All(evidence), paths, GraphDepartures.Of(settings));
        folder.WriteReport(report, new ReportPage(
            "What one long chain of thought is worth in short ones",
            "Mirtaheri, Edelman, Jelassi, Malach and Boix-Adsera, \"Let Me Think! A Long Chain-of-Thought Can Be Worth Exponentially Many Short Ones\", arXiv 2505.21825 (2025)",
            figures, folder.ReadConfig(), RunOrigin.Machine(context.Threads)));
        return new(report.AnyFails, VerdictText.Of(report, folder.HtmlPath), report.ToJson());
    }
}
