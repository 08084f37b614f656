using Retort.Recipes.Configuration;
using Retort.Recipes.Experiment;
using Retort.Recipes.Report;
using Retort.Tensors.Cpu;

namespace Retort.Recipes.SolutionTree;

/// <summary>
/// "Decomposing Elements of Problem Solving: What 'Math' Does RL Teach?" (Qin et al. 2025; arXiv 2505.22756), its synthetic part at the
/// size of a desk: temperature distillation, the coverage wall, and what breaks it.
/// </summary>
public sealed class SolutionTreeRecipe : IRecipe
{
    /// <summary>Claims whose conditions a smoke run goes through.</summary>
    private static readonly string[] SmokeClaims = ["W2"];

    /// <inheritdoc/>
    public string Name => "solution-tree";

    /// <inheritdoc/>
    public string Summary => "What reinforcement learning teaches: execution, not planning; the coverage wall, and when it breaks";

    /// <inheritdoc/>
    public IReadOnlyList<RecipePreset> Presets => TreePresets.All;

    /// <inheritdoc/>
    public IReadOnlyList<ConfigOption> Settings(string preset) => Config.Options(TreePresets.Settings(preset));

    /// <inheritdoc/>
    public RecipeOutcome Run(RecipeContext context)
    {
        var settings = context.MergeFolders.Count > 0
            ? JoinedParts.Settings(context, new TreeSettings(), part => part.Seeds, (part, seeds) => part with { Seeds = seeds })
            : Config.Resolve(TreePresets.Settings(context.Preset), context.ConfigPath, context.Overrides);
        settings = settings with { Seeds = context.Seeds ?? settings.Seeds };
        var claims = context.ChooseClaims(TreeClaims.All.Except(TreeClaims.NeedLanguageModels));
        var conditions = new TreeConditions(settings);
        var work = TreeWork.Of(settings, conditions, context.Preset == "smoke" && context.Claims is null ? SmokeClaims : claims);
        foreach (var world in work.Worlds)
        {
            world.Check(settings.Model);
        }

        if (context.DryRun)
        {
            return TreePlan.Of(settings, work, context);
        }

        using var folder = RunFolder.Create(context.OutputFolder, Config.Write(settings));
        if (context.MergeFolders.Count > 0)
        {
            JoinedParts.Copy(context.MergeFolders, folder);
            work = work.Where(name => File.Exists(folder.EvaluationPath(name + "-test")));
        }

        using var device = new CpuDevice(context.Threads);
        var spending = new Spending(folder, context.Time);
        var runner = new TreeRunner(settings, context, folder, device, spending);
        folder.Log(
            context.Time,
            $"run {context.Preset}, seeds {string.Join(", ", settings.Seeds)}, {context.Threads} threads, commit {RunOrigin.Commit}");
        try
        {
            var evidence = Measure(settings, work, runner, context.Threads);
            context.Progress.Note("judging the claims");
            var results = TreeClaims.All.Select(claim => Judge(claim, claims, context.Preset, evidence)).ToArray();
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

    /// <summary>Seed by seed, so that a run cut short has whole seeds.</summary>
    private static TreeEvidence Measure(TreeSettings settings, TreeWork work, TreeRunner runner, int threads)
    {
        var (runs, controls) = (work.Conditions.ToDictionary(item => item.Condition.Name, _ => new List<TreeRun>()), new List<TreeBefore>());
        foreach (var seed in settings.Seeds)
        {
            foreach (var (condition, seeds) in work.Conditions)
            {
                if (seeds.Contains(seed))
                {
                    runs[condition.Name].Add(runner.Run(condition, seed));
                }
            }

            controls.AddRange(work.Controls.Where(control => control.Seeds.Contains(seed)).Select(control => runner.Before(control.World, seed)));
        }

        return new TreeEvidence(settings, new OrderedDictionary<string, IReadOnlyList<TreeRun>>(
            work.Conditions.Select(item => KeyValuePair.Create(item.Condition.Name, (IReadOnlyList<TreeRun>)runs[item.Condition.Name]))), controls, threads);
    }

    private static ClaimResult Judge(Claim claim, IReadOnlyList<string> chosen, string preset, TreeEvidence evidence) =>
        TreeClaims.NeedLanguageModels.Contains(claim) ? claim.NotRun("it needs a language model")
        : preset == "smoke" ? claim.NotRun("the smoke preset proves the plumbing only")
        : !chosen.Contains(claim.Id) ? claim.NotRun($"not asked for (preset {preset}; see --preset full and --claims)")
        : TreeClaims.ConditionsOf(claim.Id).FirstOrDefault(condition => !evidence.Has(condition)) is { } missing
            ? claim.NotRun($"the joined parts lack the condition {missing}")
        : claim.Id == "W11" && evidence.Controls.Count == 0 ? claim.NotRun("the joined parts lack the worlds with held-out pairs")
        : TreeJudge.Judge(claim, evidence);

    private static RecipeOutcome Report(
        TreeSettings settings, RecipeContext context, RunFolder folder, Spending spending, TreeEvidence evidence, ClaimResult[] results)
    {
        var figures = TreeFigures.All(evidence, folder);
        var paths = figures.Select(folder.WriteFigure).ToArray();
        var (seconds, flops) = spending.Total(context.MergeFolders);
        var report = new RunReport(
            "solution-tree", context.Preset, settings.Seeds, RunOrigin.Commit, folder.ConfigSha256, Math.Round(seconds, 1), flops, results,
            TreeTables.All(evidence), paths, TreeDepartures.Of(settings));
        folder.WriteReport(report, new ReportPage(
            "What reinforcement learning teaches on a tree of states",
            "Qin, Park, Kwun, Walsman, Malach, Anand, Tanaka and Alvarez-Melis, \"Decomposing Elements of Problem Solving: What 'Math' "
                + "Does RL Teach?\", arXiv 2505.22756",
            figures, folder.ReadConfig(), RunOrigin.Machine(context.Threads)));
        return new(report.AnyFails, VerdictText.Of(report, folder.HtmlPath), report.ToJson());
    }
}
