using Retort.Cli.TaskKinds;
using System.Globalization;
using Retort.Cli.Progress;
using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Tensors.Cpu;
using Retort.Training;
using Retort.Training.Rl;

namespace Retort.Cli.Commands;

/// <summary>What a run of reinforcement learning will cost, completions at full length.</summary>
/// <param name="What">The size of a step, or of a round.</param>
/// <param name="Parameters">Numbers that learn.</param>
/// <param name="Flops">At most.</param>
/// <param name="PeakBytes">Memory.</param>
/// <param name="PeakGflops">What this machine can do now, measured.</param>
/// <param name="Seconds">Expected duration, evaluations apart.</param>
internal sealed record RlPrice(string What, long Parameters, double Flops, long PeakBytes, double PeakGflops, double Seconds)
{
    /// <summary>The shares of peak that small models reach, for the expected time.</summary>
    private const double LearnShare = 0.25, RolloutShare = 0.1;

    /// <summary>The runtime with this program loaded.</summary>
    private const long RuntimeBytes = 90L << 20;

    public static RlPrice Of(ResolvedRl resolved, ModelConfig config, ITokenizer tokenizer, int threads)
    {
        var settings = resolved.Settings;
        var prompt = TaskDataset.LongestPrompt(resolved.Task.Task, tokenizer);
        var peak = MachineMeter.PeakGflops(threads);
        var isRl = settings.Method == RlMethod.PolicyGradient;
        var expert = settings.ExpertIteration;
        // A round of expert iteration is priced as a step that asks every problem and learns from all it drew.
        var plan = RlPlan.Of(config, isRl ? Sized() : new RlSettings
        {
            PromptsPerStep = 1,
            SamplesPerPrompt = Math.Max(2, expert.SamplesPerPrompt),
            Passes = expert.Epochs,
            MaxNewTokens = expert.MaxNewTokens,
            MaxPromptTokens = prompt,
            DecodeSequences = expert.DecodeSequences,
        }, prompt, threads);
        var steps = isRl ? settings.Rl.Steps : (double)settings.Data.Problems * expert.Rounds;
        var seconds = steps * (plan.LearnFlops / LearnShare + plan.RolloutFlops / RolloutShare) / (1e9 * peak);
        var what = isRl
            ? string.Create(CultureInfo.InvariantCulture, $"{plan.Prompts} prompts x {plan.Samples} samples = {plan.Completions:N0} completions, {plan.MicroBatches:N0} micro-batch{(plan.MicroBatches == 1 ? "" : "es")} a step; {settings.Rl.Steps:N0} steps")
            : string.Create(CultureInfo.InvariantCulture, $"{settings.Data.Problems:N0} prompts x {expert.SamplesPerPrompt} samples = {(long)settings.Data.Problems * expert.SamplesPerPrompt:N0} completions a round; {expert.Rounds} rounds");
        return new RlPrice(
            what, config.ParameterCount.Total, steps * (plan.LearnFlops + plan.RolloutFlops), plan.Bytes + RuntimeBytes, peak, seconds);

        // Problems that are there have a longest prompt, which the run will find.
        RlSettings Sized() => settings.Rl.MaxPromptTokens > 0 || settings.Data.Problems == 0
            ? settings.Rl : settings.Rl with { MaxPromptTokens = prompt };
    }

    /// <summary>"32 prompts x 8 samples = 256 completions, ...; memory; time".</summary>
    public string Line => $"{What}; about {Amounts.Of(PeakBytes)}B, {Duration} at most";

    private string Duration => Amounts.Of(TimeSpan.FromSeconds(Math.Min(Seconds, 1e9)));

    public void Write(CliHost host, string yaml, bool json)
    {
        if (json)
        {
            host.Output.WriteLine(JsonText.Of(new { Config = yaml, What, Parameters, Flops, PeakBytes, PeakGflops, ExpectedSeconds = Seconds }));
            return;
        }

        host.Output.WriteLine(yaml);
        TextTable.Write(host.Output, host.Width,
        [
            ["a step", What],
            ["parameters", Parameters.ToString("N0", CultureInfo.InvariantCulture)],
            ["FLOPs", "at most " + Flops.ToString("0.00e0", CultureInfo.InvariantCulture)],
            ["peak memory", "about " + Amounts.Of(PeakBytes) + "B"],
            ["expected time", $"at most about {Duration}, at {LearnShare:P0} (learning) and {RolloutShare:P0} (rollouts) of {PeakGflops.ToString("0", CultureInfo.InvariantCulture)} GFLOP/s; evaluations apart"],
        ]);
    }
}
