using Retort.Core;
using Retort.Models;
using Retort.Tensors;

namespace Retort.Training.Rl;

/// <summary>
/// The updates from one rollout. After the first rollout learning allocates no managed memory; its bits do not depend on threads or
/// micro-batches.
/// </summary>
internal sealed class PolicyLearner : IDisposable
{
    private readonly RlSettings settings;
    private readonly TrainerSettings trainer;
    private readonly ulong seed, orderPurpose = CounterRandom.Hash("rl/updates");
    private readonly GlobalBatch batch;
    private readonly PolicyObjective objective;
    private readonly BatchRunner runner;
    private readonly int[] order;
    private readonly int maxNewTokens;

    public PolicyLearner(Transformer model, RlSettings settings, int maxLength, ulong seed)
    {
        (this.settings, this.seed) = (settings, seed);
        var groups = settings.PromptsPerStep / settings.UpdatesPerPass;
        trainer = settings.TrainerFor(groups, maxLength);
        maxNewTokens = settings.MaxNewTokens > 0 ? settings.MaxNewTokens : maxLength;
        var plan = PlanOf(model.Config, settings, maxLength, model.Device.NumLanes);
        batch = new GlobalBatch(groups, maxLength, Experience.NumColumns + 1, settings.SamplesPerPrompt);
        objective = new PolicyObjective(settings, batch.MaxRows);
        runner = new BatchRunner(model, trainer, plan, objective);
        Optimizer = new AdamWOptimizer(model.Device, model.Parameters, trainer.Optimizer);
        order = new int[settings.PromptsPerStep];
    }

    public AdamWOptimizer Optimizer { get; }

    /// <summary>What one update needs; sequences of at most <paramref name="maxLength"/> tokens.</summary>
    public static TrainingPlan PlanOf(ModelConfig config, RlSettings settings, int maxLength, int lanes) => TrainingPlan.For(
        config, settings.TrainerFor(settings.PromptsPerStep / settings.UpdatesPerPass, maxLength), maxLength, lanes,
        rows => new PolicyObjective(settings, rows), settings.Algorithm == RlAlgorithm.Ppo);

    /// <summary>All passes over the experience of step <paramref name="step"/>.</summary>
    public LearningTally Learn(Experience experience, long step)
    {
        var tally = default(LearningTally);
        var perUpdate = order.Length / settings.UpdatesPerPass;
        for (var pass = 0; pass < settings.Passes; pass++)
        {
            Shuffle(step * settings.Passes + pass);
            for (var update = 0; update < settings.UpdatesPerPass; update++)
            {
                Fill(experience, order.AsSpan(update * perUpdate, perUpdate));
                var gradient = runner.Run(batch);
                var learningRate = trainer.Schedule.At(Optimizer.Steps);
                tally.Add(Optimizer.Step(gradient, learningRate), learningRate, batch, objective);
            }
        }

        return tally;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        runner.Dispose();
        Optimizer.Dispose();
    }

    /// <summary>A pass in one update needs no order.</summary>
    private void Shuffle(long pass)
    {
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        if (settings.UpdatesPerPass > 1)
        {
            var random = CounterRandom.For(seed, orderPurpose, (ulong)pass);
            random.Shuffle<int>(order);
        }
    }

    /// <summary>The groups of one update, each token with its share of the loss.</summary>
    private void Fill(Experience experience, ReadOnlySpan<int> groups)
    {
        batch.Clear();
        var (numLearned, numTokens) = (0, 0L);
        foreach (var group in groups)
        {
            for (var completion = First(group); completion < First(group + 1); completion++)
            {
                numLearned += experience.IsMasked(completion) ? 0 : 1;
                numTokens += experience.IsMasked(completion) ? 0 : experience.Length(completion);
            }
        }

        foreach (var group in groups)
        {
            var row = batch.Add(experience.Batch, group);
            batch.Column((int)ExperienceColumn.Weight).Slice(row).Clear();
            batch.Column(Experience.NumColumns).Slice(row).Clear();
            for (var completion = First(group); completion < First(group + 1); completion++)
            {
                if (experience.IsMasked(completion))
                {
                    continue;
                }

                var length = experience.Length(completion);
                var share = settings.LossAverage switch
                {
                    LossAverage.Token => 1.0 / numTokens,
                    LossAverage.Constant => 1.0 / ((double)numLearned * maxNewTokens),
                    _ => 1.0 / ((double)numLearned * length),
                };
                var first = row + experience.FirstRow(completion) - experience.Batch.SequenceStarts[group];
                batch.Column((int)ExperienceColumn.Weight).Slice(first, length).Fill((float)share);
                batch.Column(Experience.NumColumns).Slice(first, length).Fill((float)(settings.ValueCoefficient * share));
            }
        }

        int First(int group) => group * settings.SamplesPerPrompt;
    }
}
