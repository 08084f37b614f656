using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Retort.Core;
using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Tasks;
using Retort.Tensors.Cpu;
using Retort.Training.Rl;

namespace Retort.Training.Tests.Rl;

/// <summary>
/// A tiny policy that learns to repeat a letter: prompts of one to four letters, completions of at most eight, the reward being the
/// share of the completion's letters that are the prompt's last.
/// </summary>
internal sealed class TinyRl : IDisposable
{
    private readonly CpuDevice device;

    public TinyRl(RlSettings? settings = null, int threads = 2, IReward? reward = null, Transformer? reference = null)
    {
        Settings = settings ?? TinyRl.Default;
        device = new CpuDevice(threads);
        Model = NewModel(device, Settings.Algorithm == RlAlgorithm.Ppo);
        Trainer = new RlTrainer(Model, Tokenizer, Feed(), reward ?? new LetterReward(), Settings, seed: 3, reference);
    }

    public static RlSettings Default { get; } = new()
    {
        Steps = 6,
        PromptsPerStep = 6,
        SamplesPerPrompt = 4,
        MaxNewTokens = 8,
        DecodeSequences = 10,
        LearningRate = 1e-2,
        Passes = 2,
        UpdatesPerPass = 2,
        KlCoefficient = 0.01,
        EntropyCoefficient = 0.001,
    };

    public static ITokenizer Tokenizer { get; } = WordLevelTokenizer.ForWords(["a", "b", "c", "d", "e"]);

    public RlSettings Settings { get; }

    public Transformer Model { get; }

    public RlTrainer Trainer { get; }

    /// <summary>What was told of each step, times apart.</summary>
    public List<string> Steps { get; } = [];

    /// <summary>SHA-256 of weights and moments.</summary>
    public string Hash
    {
        get
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            foreach (var tensor in new[] { Model.Parameters.Values, Trainer.Optimizer.M, Trainer.Optimizer.V })
            {
                var values = new float[tensor.Length];
                device.Read(tensor, values);
                hash.AppendData(MemoryMarshal.AsBytes<float>(values));
            }

            return Convert.ToHexString(hash.GetHashAndReset());
        }
    }

    public static Transformer NewModel(CpuDevice device, bool hasValueHead = false, int hiddenSize = 32)
    {
        var model = new Transformer(
            new ModelConfig
            {
                VocabularySize = Tokenizer.VocabularySize,
                HiddenSize = hiddenSize,
                NumLayers = 2,
                NumHeads = 2,
                IntermediateSize = 48,
                MaxPositions = 16,
                TiedEmbeddings = false,
            }, device, hasValueHead: hasValueHead);
        model.Initialize(7);
        return model;
    }

    public static int LongestPrompt => Problems.Max(problem => Tokenizer.Encode(problem.Prompt).Length);

    private static IEnumerable<TaskItem> Problems => Enumerable.Range(0, 9).Select(Problem);

    public static ProblemFeed Feed() => new([.. Problems], seed: 5);

    public RlStep Take(int steps = 1)
    {
        RlStep step = null!;
        for (var i = 0; i < steps; i++)
        {
            Note(step = Trainer.Step(TestContext.Current.CancellationToken));
        }

        return step;
    }

    public void Note(RlStep step) => Steps.Add(
        $"{step.Step} {step.Reward:R} {step.Loss:R} {step.ValueLoss:R} {step.GradientNorm:R} {step.Entropy:R} {step.Kl:R} {step.Ratio:R} {step.ClipFraction:R} "
        + string.Join('|', step.Rollouts.Samples.Select(sample => sample.Text)));

    public void Dispose()
    {
        Trainer.Dispose();
        Model.Dispose();
        device.Dispose();
    }

    private static TaskItem Problem(int number)
    {
        var random = CounterRandom.For(1, "letters", (ulong)number);
        var letters = Enumerable.Range(0, 1 + random.NextInt32(4)).Select(_ => "abcde"[random.NextInt32(5)]).ToArray();
        return new TaskItem($"{number}", string.Join(' ', letters), "");
    }

    /// <summary>The share of letters that are the prompt's last.</summary>
    public sealed class LetterReward : IReward
    {
        public double Of(in RewardInput input)
        {
            var (wanted, words) = (input.Item.Prompt[^1], input.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries));
            return words.Length == 0 ? 0 : words.Count(word => word[0] == wanted) / (double)words.Length;
        }
    }
}
