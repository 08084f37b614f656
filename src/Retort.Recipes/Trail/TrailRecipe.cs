using System.Globalization;
using Retort.Core;
using Retort.Inference.Scheduling;
using Retort.Recipes.Configuration;
using Retort.Recipes.Experiment;
using Retort.Recipes.Report;
using Retort.Tensors.Cpu;

namespace Retort.Recipes.Trail;

/// <summary>
/// "Don't Stop Me Now: Embedding Based Scheduling for LLMs" (Shahout, Malach, Liu, Jiang, Yu, Mitzenmacher 2024; arXiv 2410.01035) at the size
/// of a desk: lengths predicted from hidden states decide who runs, on the engine itself.
/// </summary>
public sealed class TrailRecipe : IRecipe
{
    /// <inheritdoc/>
    public string Name => "trail";

    /// <inheritdoc/>
    public string Summary => "Serving scheduled by lengths that the model's own hidden states predict";

    /// <inheritdoc/>
    public IReadOnlyList<RecipePreset> Presets => TrailPresets.All;

    /// <inheritdoc/>
    public IReadOnlyList<ConfigOption> Settings(string preset) => Config.Options(TrailPresets.Settings(preset));

    /// <inheritdoc/>
    public RecipeOutcome Run(RecipeContext context)
    {
        if (context.MergeFolders.Count > 0)
        {
            throw UserError.Request("--merge", "trail's runs do not join: live runs belong to one machine and one hour", "one folder, with --resume");
        }

        var settings = Config.Resolve(TrailPresets.Settings(context.Preset), context.ConfigPath, context.Overrides);
        settings = settings with { Seeds = context.Seeds ?? settings.Seeds };
        if (settings.FindProblem() is { } problem)
        {
            throw UserError.Request(problem.Property, problem.What, problem.Expected);
        }

        var claims = context.ChooseClaims(TrailClaims.All);
        ServedModel.Config(settings);
        if (context.DryRun)
        {
            return TrailPlan.Of(settings, context);
        }

        using var folder = RunFolder.Create(context.OutputFolder, Config.Write(settings));
        using var device = new CpuDevice(context.Threads);
        var spending = new Spending(folder, context.Time);
        folder.Log(context.Time, $"run {context.Preset}, seeds {string.Join(", ", settings.Seeds)}, {context.Threads} threads, commit {RunOrigin.Commit}");
        try
        {
            var evidence = Measure(settings, context, folder, device, spending);
            context.Progress.Note("judging the claims");
            var results = TrailClaims.All.Select(claim => Judge(claim, claims, context.Preset, evidence)).ToArray();
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

    private static TrailEvidence Measure(TrailSettings settings, RecipeContext context, RunFolder folder, CpuDevice device, Spending spending)
    {
        var stages = new Stages(folder, context.Time, spending);
        using var served = ServedModel.Make(settings, context, folder, stages, device, spending);
        var requests = served.Requests(context.Threads, context.Cancellation);
        var recorded = stages.Once("recording", () => ServedModel.Counted(device, spending, () => Recording.Of(
            served.Model, served.EngineSettings(Recording.InOrder, settings.RoomyKvTokens),
            served.LengthsOf(LengthSource.HiddenStates)!, requests, context.Progress, context.Cancellation)));
        var calibration = stages.Once("calibration", () => ServedModel.Counted(
            device, spending, () => new Calibrator(settings, context, served, requests).Run()));
        var live = ServedModel.Counted(device, spending, () => new LiveStudy(settings, context, served, requests, recorded).Run(stages));
        var counted = stages.Once("counted", () => new CountedStudy(settings, recorded, CountedStudy.Regimes(settings, calibration))
            .Run(context.Threads, context.Progress, context.Cancellation));
        var queues = stages.Once("queues", () => QueueStudy.Run(settings, context.Threads, context.Progress, context.Cancellation));
        return new(settings, served.Predictor.Record, served.Errors, recorded, calibration, live, counted, queues);
    }

    private static ClaimResult Judge(Claim claim, IReadOnlyList<string> chosen, string preset, TrailEvidence evidence) =>
        preset == "smoke" ? claim.NotRun("the smoke preset proves the plumbing only")
        : !chosen.Contains(claim.Id) ? claim.NotRun($"not asked for (preset {preset}; see --preset full and --claims)")
        : TrailJudge.Judge(claim, evidence);

    private static RecipeOutcome Report(
        TrailSettings settings, RecipeContext context, RunFolder folder, Spending spending, TrailEvidence evidence, ClaimResult[] results)
    {
        var figures = TrailFigures.All(evidence);
        var paths = figures.Select(folder.WriteFigure).ToArray();
        var (seconds, flops) = spending.Total([]);
        var report = new RunReport(
            "trail", context.Preset, settings.Seeds, RunOrigin.Commit, folder.ConfigSha256, Math.Round(seconds, 1), flops, results,
            TrailTables.All(evidence), paths, TrailDepartures.Of(settings));
        folder.WriteReport(report, new ReportPage(
            "Serving scheduled by predicted length",
            "Shahout, Malach, Liu, Jiang, Yu and Mitzenmacher, \"Don't Stop Me Now: Embedding Based Scheduling for LLMs\", arXiv 2410.01035 (ICLR 2025)",
            figures, folder.ReadConfig(), RunOrigin.Machine(context.Threads)));
        var kappa = string.Create(
            CultureInfo.InvariantCulture, $"kappa {evidence.Calibration.Kappa:0.00}: what a prompt token costs over a decoded one on this machine");
        return new(report.AnyFails, VerdictText.Of(report, folder.HtmlPath) + Environment.NewLine + kappa + Environment.NewLine, report.ToJson());
    }
}
