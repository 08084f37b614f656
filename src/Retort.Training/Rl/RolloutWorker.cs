using Retort.Core;
using Retort.Inference;
using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Tasks;

namespace Retort.Training.Rl;

/// <summary>
/// Generates rollouts with the generation engine on a model's own weights and has them rewarded. Rollout number t is a pure function of
/// weights, seed and t.
/// </summary>
internal sealed class RolloutWorker : IDisposable
{
    private readonly Transformer model;
    private readonly ITokenizer tokenizer;
    private readonly ProblemFeed problems;
    private readonly IReward reward;
    private readonly RlSettings settings;
    private readonly ulong seed;
    private readonly GenerationEngine engine;

    public RolloutWorker(
        Transformer model, ITokenizer tokenizer, ProblemFeed problems, IReward reward, RlSettings settings, ulong seed,
        IReadOnlyList<int> stopTokens)
    {
        (this.model, this.tokenizer, this.problems, this.reward, this.settings, this.seed) =
            (model, tokenizer, problems, reward, settings, seed);
        engine = new GenerationEngine(model, EngineFor(settings, model.Config.MaxPositions) with { StopTokens = stopTokens });
    }

    /// <summary>Counted work of the model's device so far.</summary>
    public long Flops => model.Device.Work.Flops;

    public static EngineSettings EngineFor(RlSettings settings, int context) => new()
    {
        MaxLength = settings.MaxLength(context),
        MaxSequences = Math.Min(settings.DecodeSequences, settings.Completions),
    };

    /// <summary>Rollout number <paramref name="step"/>; <paramref name="finished"/> is told how many completions are there.</summary>
    public RolloutBatch Collect(long step, Action<int>? finished, CancellationToken cancellation)
    {
        var (items, prompts) = Problems(step);
        var wanted = new GenerationRequest[prompts.Length];
        for (var p = 0; p < wanted.Length; p++)
        {
            var random = CounterRandom.For(seed, "rl/rollout", (ulong)(step * prompts.Length + p));
            wanted[p] = new GenerationRequest(
                prompts[p], Sampling(prompts[p].Length), random.NextUInt64(), settings.SamplesPerPrompt)
            { ReportsTempered = true };
        }

        return Grade(step, items, prompts, engine.Complete(wanted, finished, cancellation), cancellation);
    }

    /// <summary>A rollout whose completions are there already.</summary>
    public RolloutBatch Grade(long step, IReadOnlyList<(int[] Tokens, float[] Logprobs, FinishReason Reason)> completions)
    {
        if (completions.Count != settings.Completions)
        {
            throw UserError.Request("the saved rollout", $"has {completions.Count} completions", $"{settings.Completions}");
        }

        var (items, prompts) = Problems(step);
        return Grade(step, items, prompts, [.. completions.Select((completion, i) => new Completion(
            i / settings.SamplesPerPrompt, i % settings.SamplesPerPrompt, completion.Tokens, completion.Logprobs, completion.Reason))], default);
    }

    /// <inheritdoc/>
    public void Dispose() => engine.Dispose();

    private (TaskItem[] Items, int[][] Prompts) Problems(long step)
    {
        var items = new TaskItem[settings.PromptsPerStep];
        for (var p = 0; p < items.Length; p++)
        {
            items[p] = problems[step * items.Length + p];
        }

        return (items, [.. items.Select(PromptOf)]);
    }

    private RolloutBatch Grade(long step, TaskItem[] items, int[][] prompts, Completion[] completions, CancellationToken cancellation)
    {
        return new RolloutBatch(
            step, settings.SamplesPerPrompt, ParallelItems.Make(completions.Length, model.Device.Threads, Of, cancellation));

        Rollout Of(int index)
        {
            var p = index / settings.SamplesPerPrompt;
            var problem = step * settings.PromptsPerStep + p;
            var text = tokenizer.Decode(completions[index].TextTokens);
            return new Rollout(
                problem, items[p], prompts[p], completions[index], text,
                reward.Of(new RewardInput(items[p], text, problem, index % settings.SamplesPerPrompt)));
        }
    }

    private SamplingSettings Sampling(int promptLength) => new()
    {
        Temperature = (float)settings.Temperature,
        MaxNewTokens = settings.MaxNewTokens > 0 ? settings.MaxNewTokens : engine.MaxLength - promptLength,
    };

    private int[] PromptOf(TaskItem item)
    {
        var prompt = tokenizer.Encode(item.Prompt);
        var context = model.Config.MaxPositions;
        var (most, why) = settings.MaxPromptTokens > 0 && settings.MaxPromptTokens < context
            ? (settings.MaxPromptTokens, "rl.maxPromptTokens says so") : (context - 1, $"the model's context is {context} tokens");
        return prompt.Length <= most ? prompt
            : throw UserError.Request(item.Id, $"the prompt has {prompt.Length} tokens", $"at most {most}: {why}");
    }
}
