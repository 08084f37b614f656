using Retort.Core;
using Retort.Tensors;
using Retort.Tensors.Cpu;
using Retort.TinyModels;

namespace Retort.Training.Tests;

/// <summary>Completions that share their prompt's rows learn what completions by themselves learn.</summary>
public sealed class BranchTests
{
    public static MatrixTheoryData<string, bool> Cases => new(TransformerCases.All.Keys, [false, true]);

    [Theory, MemberData(nameof(Cases))]
    public void Branches_have_the_bits_of_sequences_of_their_own_and_their_gradient(string name, bool isLong)
    {
        const int groups = 5, branches = 3, maxLength = 20;
        using var device = new CpuDevice(2);
        using var model = TransformerCases.Build(TransformerCases.All[name], device);
        var (together, alone) = (Batch(groups, branches), Batch(groups * branches, 1));
        var random = CounterRandom.For(4, "branches");
        var pairs = new List<(int Together, int Alone)>();
        for (var g = 0; g < groups; g++)
        {
            var prompt = TransformerCases.Sequence(isLong ? 2 : 1 + random.NextInt32(8), random.NextUInt64());
            together.AddCommon(prompt.AsSpan(0, prompt.Length - 1));
            for (var b = 0; b < branches; b++)
            {
                var completion = TransformerCases.Sequence(isLong ? maxLength - 2 : 1 + random.NextInt32(10), random.NextUInt64());
                var row = together.AddBranch(prompt[^1], prompt.Length - 1, completion);
                var own = alone.Add([.. prompt, .. completion], prompt.Length) + prompt.Length - 1;
                pairs.AddRange(Enumerable.Range(0, completion.Length).Select(i => (row + i, own + i)));
            }
        }

        var (shared, sharedLosses) = Run(together, groups, branches);
        var (single, singleLosses) = Run(alone, groups * branches, 1);
        Assert.All(pairs, pair => Assert.Equal(singleLosses[pair.Alone], sharedLosses[pair.Together]));
        var largest = single.Max(Math.Abs);
        Assert.All(shared.Zip(single), pair => Assert.Equal(pair.Second, pair.First, 1e-5 * largest));

        GlobalBatch Batch(int sequences, int maxBranches) =>
            new(sequences, maxLength, 0, maxBranches, model.Config.VocabularySize);

        (float[] Gradient, float[] Losses) Run(GlobalBatch batch, int sequences, int maxBranches)
        {
            var settings = new TrainerSettings { BatchSequences = sequences, GradientShards = 4, MaxBranches = maxBranches };
            var losses = new RowLosses(batch.MaxRows);
            var plan = TrainingPlan.For(model.Config, settings, maxLength, device.NumLanes, rows => new RowLosses(rows));
            using var runner = new BatchRunner(model, settings, plan, losses);
            var gradient = runner.Run(batch);
            var values = new float[gradient.Length];
            device.Read(gradient, values);
            return (values, losses.Values);
        }
    }

    /// <summary>The sum of the rows' cross-entropies.</summary>
    private sealed class RowLosses(int maxRows) : Objective
    {
        public float[] Values { get; } = new float[maxRows];

        public override int NumColumns => 0;

        public override void Run(Models.Transformer model, Tape tape, MicroBatch batch)
        {
            var logits = model.Forward(tape, batch.Input);
            var losses = tape.Take(batch.NumRows, 1);
            tape.CrossEntropy(logits, batch.Targets, default, 0, 1, losses, default);
            tape.Device.Read(losses, Values.AsSpan(batch.FirstRow, batch.NumRows));
        }
    }
}
