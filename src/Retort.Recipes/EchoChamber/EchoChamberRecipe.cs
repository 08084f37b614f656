using Retort.Core;
using Retort.Recipes.Configuration;
using Retort.Recipes.Experiment;
using Retort.Recipes.Report;
using Retort.Tasks.ScrambledArithmetic;
using Retort.Tensors.Cpu;
using Retort.Training;

namespace Retort.Recipes.EchoChamber;

/// <summary>
/// "Echo Chamber: RL Post-training Amplifies Behaviors Learned in Pretraining" (Zhao, Meterez, Kakade, Pehlevan, Jelassi, Malach 2025;
/// arXiv 2504.07912) at the size of a desk: models that know three ways to write a solution, and which of them reinforcement keeps.
/// </summary>
public sealed class EchoChamberRecipe : IRecipe
{
    /// <summary>One run of each kind, for smoke.</summary>
    private static readonly string[] SmokeRuns = ["equal-grpo", "equal-kl0.1", "equal-ppo", "equal-expert", "equal-frozen"];

    /// <inheritdoc/>
    public string Name => "echo-chamber";

    /// <inheritdoc/>
    public string Summary => "Reinforcement amplifies one behaviour of pretraining: three formats of the same solution, one survives";

    /// <inheritdoc/>
    public IReadOnlyList<RecipePreset> Presets => EchoChamberPresets.All;

    /// <inheritdoc/>
    public IReadOnlyList<ConfigOption> Settings(string preset) => Config.Options(EchoChamberPresets.Settings(preset));

    /// <inheritdoc/>
    public RecipeOutcome Run(RecipeContext context)
    {
        var settings = context.MergeFolders.Count > 0
            ? JoinedParts.Settings(context, new EchoChamberSettings(), part => part.Seeds, (part, seeds) => part with { Seeds = seeds })
            : Config.Resolve(EchoChamberPresets.Settings(context.Preset), context.ConfigPath, context.Overrides);
        settings = settings with { Seeds = context.Seeds ?? settings.Seeds };
        var claims = context.ChooseClaims(EchoChamberClaims.All);
        var needed = context.Preset == "smoke" && context.Claims is null ? SmokeRuns : claims.SelectMany(id => PolicyRun.Of(id, settings));
        PolicyRun[] runs = [.. PolicyRun.All(settings).Values.Where(run => needed.Contains(run.Name))];
        foreach (var model in runs.Select(run => run.Base).Distinct())
        {
            model.Config(TaskDataset.TokenizerFor(new ScrambledArithmeticTask(model.Data)));
        }

        foreach (var run in runs.Where(run => run.Method != PolicyMethod.Expert))
        {
            if (PolicyTraining.RlOf(settings, run).FindProblem() is { } problem)
            {
                throw UserError.Request($"rl.{SettingType.Key(problem.Property)}", $"{problem.What} in the run {run.Name}", problem.Expected);
            }
        }

        if (context.DryRun)
        {
            return EchoChamberPlan.Of(settings, runs, context);
        }

        using var folder = RunFolder.Create(context.OutputFolder, Config.Write(settings));
        using var device = new CpuDevice(context.Threads);
        var spending = new Spending(folder, context.Time);
        var runner = new EchoChamberRunner(settings, context, folder, device, spending);
        if (context.MergeFolders.Count > 0)
        {
            JoinedParts.Copy(context.MergeFolders, folder);
            runs = [.. PolicyRun.All(settings).Values.Where(run => settings.Seeds.All(seed => runner.IsThere(run, seed)))];
        }

        folder.Log(context.Time, $"run {context.Preset}, seeds {string.Join(", ", settings.Seeds)}, {context.Threads} threads, commit {RunOrigin.Commit}");
        try
        {
            var evidence = Measure(settings, runs, runner, context.Threads);
            context.Progress.Note("judging the claims");
            var results = EchoChamberClaims.All.Select(claim => Judge(claim, claims, context.Preset, evidence)).ToArray();
            folder.Log(context.Time, "run " + string.Join(", ", results.Select(result => $"{result.Id} {result.Verdict}")));
            return Report(settings, context, folder, spending, evidence, runner, results);
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
    private static Evidence Measure(EchoChamberSettings settings, PolicyRun[] runs, EchoChamberRunner runner, int threads)
    {
        var outcomes = runs.ToDictionary(run => run.Name, _ => new List<RunOutcome>());
        foreach (var (seed, run) in settings.Seeds.SelectMany(seed => runs.Select(run => (seed, run))))
        {
            outcomes[run.Name].Add(runner.Run(run, seed));
        }

        return new(settings, new OrderedDictionary<string, IReadOnlyList<RunOutcome>>(
            runs.Select(run => KeyValuePair.Create(run.Name, (IReadOnlyList<RunOutcome>)outcomes[run.Name]))), threads);
    }

    private static ClaimResult Judge(Claim claim, IReadOnlyList<string> chosen, string preset, Evidence evidence) =>
        preset == "smoke" ? claim.NotRun("the smoke preset proves the plumbing only")
        : !chosen.Contains(claim.Id) ? claim.NotRun($"not asked for (preset {preset}; see --preset full and --claims)")
        : PolicyRun.Of(claim.Id, evidence.Settings).FirstOrDefault(run => !evidence.Has(run)) is { } missing
            ? claim.NotRun($"the joined parts lack {missing}")
        : EchoChamberJudge.Judge(claim, evidence);

    private static RecipeOutcome Report(
        EchoChamberSettings settings, RecipeContext context, RunFolder folder, Spending spending, Evidence evidence, EchoChamberRunner runner,
        ClaimResult[] results)
    {
        var figures = EchoChamberFigures.All(evidence);
        var paths = figures.Select(folder.WriteFigure).ToArray();
        var (seconds, flops) = spending.Total(context.MergeFolders);
        var report = new RunReport(
            "echo-chamber", context.Preset, settings.Seeds, RunOrigin.Commit, folder.ConfigSha256, Math.Round(seconds, 1), flops, results,
            EchoChamberTables.All(evidence, runner.PretrainingOf), paths, EchoChamberDepartures.Of(settings));
        folder.WriteReport(report, new ReportPage(
            "Which of three formats reinforcement keeps",
            "Zhao, Meterez, Kakade, Pehlevan, Jelassi and Malach, \"Echo Chamber: RL Post-training Amplifies Behaviors Learned in Pretraining\", arXiv 2504.07912 (COLM 2025)",
            figures, folder.ReadConfig(), RunOrigin.Machine(context.Threads)));
        return new(report.AnyFails, VerdictText.Of(report, folder.HtmlPath), report.ToJson());
    }
}
