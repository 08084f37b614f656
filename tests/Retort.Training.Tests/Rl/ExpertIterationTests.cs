using System.Text.Json;
using Retort.Tasks;
using Retort.Tensors.Cpu;
using Retort.Training.Rl;

namespace Retort.Training.Tests.Rl;

public sealed class ExpertIterationTests : IDisposable
{
    private readonly string folder = Path.Combine(
        Path.GetTempPath(), $"retort-expert-{Environment.ProcessId}-{Interlocked.Increment(ref count)}");

    private static int count;

    private static ExpertIterationSettings Settings { get; } = new()
    {
        Rounds = 3,
        SamplesPerPrompt = 8,
        MaxNewTokens = 8,
        Threshold = 0.6,
        BatchSequences = 16,
        LearningRate = 1e-2,
        Epochs = 3,
    };

    private static IReadOnlyList<TaskItem> Problems { get; } =
        [.. Enumerable.Range(0, 150).Select(i => new TaskItem($"{i}", string.Join(' ', $"{i:000}".Select(digit => "abcdeabcde"[digit - '0'])), ""))];

    public void Dispose()
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Rounds_raise_the_reward()
    {
        var rounds = new List<ExpertRound>();
        Run(Settings with { Rounds = 4, Refit = RefitStart.Last }, new() { Rounded = rounds.Add });
        Assert.Equal([1, 2, 3, 4], rounds.Select(round => round.Round));
        Assert.InRange(rounds[3].Reward, rounds[0].Reward + 0.15, 1);
        Assert.InRange(rounds[0].Kept, 20, 150 * 8);
    }

    [Fact]
    public void A_run_broken_off_in_the_middle_of_the_sampling_goes_on_with_the_same_bits()
    {
        var unbroken = Run(Settings, new());
        using var source = new CancellationTokenSource();
        var calls = 0;
        var broken = new BrokenOff(() =>
        {
            // In the second chunk of the second round.
            if (Interlocked.Increment(ref calls) == 150 * 8 + 64 * 8 + 100)
            {
                source.Cancel();
            }
        });
        Assert.ThrowsAny<OperationCanceledException>(() => Run(Settings, new() { Folder = folder }, broken, source.Token));
        Assert.Equal(64, File.ReadAllLines(Path.Combine(folder, "round-2", "samples.jsonl")).Length);
        // A line that a crash tore.
        File.AppendAllText(Path.Combine(folder, "round-2", "samples.jsonl"), "{\"Rew");
        Assert.Equal(unbroken, Run(Settings, new() { Folder = folder }));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Kept_are_whole_completions_each_once_if_asked_for(bool deduplicate)
    {
        Run(Settings with { Rounds = 1, Deduplicate = deduplicate }, new() { Folder = folder });
        var kept = File.ReadLines(Path.Combine(folder, "round-1", "samples.jsonl"))
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("Kept").EnumerateArray()
                .Select(completion => completion.EnumerateArray().Select(token => token.GetInt32()).ToArray()).ToArray())
            .ToArray();
        var rewards = new TinyRl.LetterReward();
        for (var p = 0; p < kept.Length; p++)
        {
            Assert.All(kept[p], tokens => Assert.Equal(TinyRl.Tokenizer.EosId, tokens[^1]));
            Assert.All(kept[p], tokens => Assert.InRange(rewards.Of(new(Problems[p], TinyRl.Tokenizer.Decode(tokens.AsSpan(0, tokens.Length - 1)), p, 0)), Settings.Threshold, 1));
        }

        Assert.Equal(deduplicate, kept.All(group => group.Select(tokens => string.Join(' ', tokens)).Distinct().Count() == group.Length));
    }

    [Fact]
    public void The_base_is_refitted_or_the_last_model()
    {
        // With steps this small two rounds go twice as far as one, if the second begins where the first ended.
        var settings = Settings with { Rounds = 2, LearningRate = 1e-6 };
        using var device = new CpuDevice(1);
        using var start = TinyRl.NewModel(device);
        var from = Weights(start);
        double[] far = [.. new[] { settings with { Rounds = 1 }, settings with { Refit = RefitStart.Base }, settings with { Refit = RefitStart.Last } }
            .Select(one => Math.Sqrt(Run(one, new()).Zip(from).Sum(pair => Math.Pow(pair.First - (double)pair.Second, 2))))];
        Assert.InRange(far[1] / far[0], 0.7, 1.3);
        Assert.InRange(far[2] / far[0], 1.5, 2.5);
    }

    [Fact]
    public void Where_nothing_is_correct_the_model_stays_as_it_is()
    {
        var rounds = new List<ExpertRound>();
        using var device = new CpuDevice(1);
        using var model = TinyRl.NewModel(device);
        var before = Weights(model);
        ExpertIteration.Run(
            model, TinyRl.Tokenizer, Problems, new TinyRl.LetterReward(), Settings with { Threshold = 2, Rounds = 1 }, 1,
            new() { Rounded = rounds.Add }, TestContext.Current.CancellationToken);
        Assert.Equal((0, 0.0), (rounds[0].Kept, rounds[0].Solved));
        Assert.Equal(before, Weights(model));
    }

    private static float[] Run(
        ExpertIterationSettings settings, ExpertIterationOptions options, IReward? reward = null, CancellationToken? cancellation = null)
    {
        using var device = new CpuDevice(2);
        using var model = TinyRl.NewModel(device);
        ExpertIteration.Run(
            model, TinyRl.Tokenizer, Problems, reward ?? new TinyRl.LetterReward(), settings, 1, options,
            cancellation ?? TestContext.Current.CancellationToken);
        return Weights(model);
    }

    private static float[] Weights(Models.Transformer model)
    {
        var values = new float[model.Parameters.FlatLength];
        model.Device.Read(model.Parameters.Values, values);
        return values;
    }

    private sealed class BrokenOff(Action called) : IReward
    {
        public double Of(in RewardInput input)
        {
            called();
            return new TinyRl.LetterReward().Of(input);
        }
    }
}
