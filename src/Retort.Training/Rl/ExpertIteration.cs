using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Retort.Core;
using Retort.Inference;
using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Tasks;

namespace Retort.Training.Rl;

/// <summary>What one round of expert iteration did.</summary>
/// <param name="Round">From 1.</param>
/// <param name="Reward">Mean reward of the samples, those without one left out.</param>
/// <param name="Solved">Share of problems of which a sample was kept.</param>
/// <param name="Kept">Completions that were learned from.</param>
/// <param name="SampleFlops">Work of the sampling that was done now, not read back.</param>
/// <param name="LearnFlops">The same of the learning.</param>
/// <param name="SampleSeconds">Time of the sampling that was done now.</param>
/// <param name="LearnSeconds">The same of the learning.</param>
public sealed record ExpertRound(
    int Round, double Reward, double Solved, int Kept, long SampleFlops, long LearnFlops, double SampleSeconds, double LearnSeconds);

/// <summary>What expert iteration does besides its rounds.</summary>
public sealed record ExpertIterationOptions
{
    /// <summary>
    /// Where samples and checkpoints of each round go (<c>round-1/</c>, ...), so that a killed run goes on where it was, in the middle of
    /// the sampling too; null: nothing is kept.
    /// </summary>
    public string? Folder { get; init; }

    /// <summary>Tokens that end a completion; null: the tokenizer's.</summary>
    public IReadOnlyList<int>? StopTokens { get; init; }

    /// <summary>Which position ids tokens have, in sampling and in learning; null: their places.</summary>
    public TaskPositions? Positions { get; init; }

    /// <summary>Saved with the models.</summary>
    public Action<string>? AddFiles { get; init; }

    /// <summary>Called after each round.</summary>
    public Action<ExpertRound>? Rounded { get; init; }

    /// <summary>Called before the first round with 0 and after each with its number; for evaluations.</summary>
    public Action<int>? Evaluate { get; init; }

    /// <summary>What the phases are called on the screen.</summary>
    public string Name { get; init; } = "expert iteration";

    /// <summary>Where progress is shown.</summary>
    public IProgressReporter Progress { get; init; } = SilentProgress.Instance;
}

/// <summary>
/// Expert iteration, the filtered kind (Zelikman et al. 2022; Gulcehre et al. 2023): complete every problem, keep what is correct, drop
/// repeats, learn from it as from demonstrations. The prompt is read, not learned.
/// </summary>
public static class ExpertIteration
{
    /// <summary>Problems completed and written down at a time: what a killed run may lose.</summary>
    private const int ChunkProblems = 64;

    /// <summary>Takes <paramref name="model"/> through all rounds. Cancelled, it keeps what is finished, then throws.</summary>
    public static void Run(
        Transformer model, ITokenizer tokenizer, IReadOnlyList<TaskItem> problems, IReward reward, ExpertIterationSettings settings, ulong seed,
        ExpertIterationOptions options, CancellationToken cancellation = default)
    {
        var prompts = ParallelItems.Make(problems.Count, model.Device.Threads, i => tokenizer.Encode(problems[i].Prompt), cancellation);
        var start = new float[model.Parameters.FlatLength];
        model.Device.Read(model.Parameters.Values, start);
        options.Evaluate?.Invoke(0);
        for (var round = 1; round <= settings.Rounds; round++)
        {
            var folder = options.Folder is null ? null : Path.Combine(options.Folder, $"round-{round}");
            var (began, before) = (Stopwatch.GetTimestamp(), model.Device.Work.Flops);
            var samples = Sample(model, tokenizer, problems, prompts, reward, settings, seed, round, folder, options, cancellation);
            var data = new SequenceSet();
            foreach (var (problem, kept) in samples.SelectMany((sample, problem) => sample.Kept.Select(tokens => (problem, tokens))))
            {
                data.Add(
                    [.. prompts[problem], .. kept], prompts[problem].Length,
                    options.Positions?.OfCompletion(problems[problem], prompts[problem].Length + kept.Length));
            }

            var (drawn, sampled) = (Stopwatch.GetTimestamp(), model.Device.Work.Flops);
            Refit(model, tokenizer, data, settings, seed, round, start, folder, options, cancellation);
            var rewarded = samples.Sum(sample => sample.Rewarded);
            options.Rounded?.Invoke(new ExpertRound(
                round, rewarded == 0 ? 0 : samples.Sum(sample => sample.Reward) / rewarded,
                samples.Count(sample => sample.Kept.Count > 0) / (double)problems.Count, data.Count,
                sampled - before, model.Device.Work.Flops - sampled,
                Stopwatch.GetElapsedTime(began, drawn).TotalSeconds, Stopwatch.GetElapsedTime(drawn).TotalSeconds));
            options.Evaluate?.Invoke(round);
        }
    }

    /// <summary>What the round drew of every problem; what a file has already is not drawn again.</summary>
    private static List<ProblemSamples> Sample(
        Transformer model, ITokenizer tokenizer, IReadOnlyList<TaskItem> problems, int[][] prompts, IReward reward,
        ExpertIterationSettings settings, ulong seed, int round, string? folder, ExpertIterationOptions options, CancellationToken cancellation)
    {
        var path = folder is null ? null : Path.Combine(folder, "samples.jsonl");
        var samples = path is not null && File.Exists(path) ? Read(path, problems.Count) : [];
        if (samples.Count == problems.Count)
        {
            return samples;
        }

        using var engine = new GenerationEngine(model, new EngineSettings
        {
            MaxSequences = (int)Math.Min(settings.DecodeSequences, (long)settings.SamplesPerPrompt * problems.Count),
            MaxLength = EngineSettings.LengthFor(model.Config, prompts, settings.MaxNewTokens),
            StopTokens = options.StopTokens ?? (tokenizer.EosId is { } end ? [end] : []),
        });
        using var phase = options.Progress.Begin($"{options.Name}, round {round}: sample", problems.Count, "problems");
        while (samples.Count < problems.Count)
        {
            var (first, count) = (samples.Count, Math.Min(ChunkProblems, problems.Count - samples.Count));
            var chunk = Draw(model, engine, tokenizer, problems, prompts, reward, settings, seed, round, first, count, options.Positions, cancellation);
            if (path is not null)
            {
                Directory.CreateDirectory(folder!);
                File.AppendAllLines(path, chunk.Select(sample => JsonSerializer.Serialize(sample)), new UTF8Encoding(false));
            }

            samples.AddRange(chunk);
            phase.Report(samples.Count);
        }

        return samples;
    }

    private static ProblemSamples[] Draw(
        Transformer model, GenerationEngine engine, ITokenizer tokenizer, IReadOnlyList<TaskItem> problems, int[][] prompts, IReward reward,
        ExpertIterationSettings settings, ulong seed, int round, int first, int count, TaskPositions? positions,
        CancellationToken cancellation)
    {
        var sampling = new SamplingSettings
        {
            Temperature = (float)settings.Temperature,
            TopP = (float)settings.TopP,
            MaxNewTokens = settings.MaxNewTokens > 0 ? settings.MaxNewTokens : engine.MaxLength,
        };
        var wanted = new GenerationRequest[count];
        for (var i = 0; i < count; i++)
        {
            var random = CounterRandom.For(seed, $"expert iteration/round {round}", (ulong)(first + i));
            wanted[i] = new GenerationRequest(prompts[first + i], sampling, random.NextUInt64(), settings.SamplesPerPrompt)
            {
                PositionIds = positions?.OfRequest(problems[first + i], prompts[first + i].Length, model.Config.PredictsPositions),
            };
        }

        var completions = engine.Complete(wanted, cancellation: cancellation);
        return ParallelItems.Make(count, model.Device.Threads, i =>
        {
            var (kept, seen, total, rewarded) = (new List<int[]>(), new HashSet<string>(StringComparer.Ordinal), 0.0, 0);
            for (var s = 0; s < settings.SamplesPerPrompt; s++)
            {
                var completion = completions[i * settings.SamplesPerPrompt + s];
                var text = tokenizer.Decode(completion.TextTokens);
                var worth = reward.Of(new RewardInput(problems[first + i], text, first + i, s));
                (total, rewarded) = double.IsNaN(worth) ? (total, rewarded) : (total + worth, rewarded + 1);
                // One that was cut off does not say where it ends.
                if (worth >= settings.Threshold && completion.FinishReason == FinishReason.Stop
                    && (!settings.Deduplicate || seen.Add(string.Join(' ', completion.Tokens))))
                {
                    kept.Add(completion.Tokens);
                }
            }

            return new ProblemSamples(total, rewarded, kept);
        }, cancellation);
    }

    /// <summary>Learns from the kept samples.</summary>
    private static void Refit(
        Transformer model, ITokenizer tokenizer, SequenceSet data, ExpertIterationSettings settings, ulong seed, int round, float[] start,
        string? folder, ExpertIterationOptions options, CancellationToken cancellation)
    {
        if (data.Count == 0)
        {
            options.Progress.Note($"{options.Name}, round {round}: no completion was kept; the model stays as it is");
            return;
        }

        if (settings.Refit == RefitStart.Base)
        {
            model.Device.Write(model.Parameters.Values, start);
            model.Parameters.Changed();
        }

        var trainerSettings = settings.TrainerFor(data.Count);
        var mixtureSeed = CounterRandom.For(seed, "expert iteration/refit", (ulong)round).NextUInt64();
        using var trainer = new Trainer(model, new Mixture(mixtureSeed, (data, 1)), trainerSettings);
        TrainingLoop.Run(model, trainer, trainerSettings.Schedule.TotalSteps, new TrainingLoopOptions
        {
            Name = $"{options.Name}, round {round}: learn",
            Checkpoint = folder is null ? null : new TrainingCheckpoint(folder, options.AddFiles),
            Tokenizer = tokenizer,
            Progress = options.Progress,
        }, cancellation);
    }

    /// <summary>Reads what a round has drawn; a line torn by a crash is dropped and drawn again.</summary>
    private static List<ProblemSamples> Read(string path, int most)
    {
        var samples = new List<ProblemSamples>();
        var text = File.ReadAllText(path);
        var whole = text[..(text.LastIndexOf('\n') + 1)];
        if (whole.Length < text.Length)
        {
            AtomicFile.WriteText(path, whole);
        }

        try
        {
            samples.AddRange(whole.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => JsonSerializer.Deserialize<ProblemSamples>(line) ?? throw new JsonException("an empty line")));
        }
        catch (JsonException fault)
        {
            throw UserError.Request(path, $"line {samples.Count + 1} is not a sample ({fault.Message})", "the file this program wrote");
        }

        return samples.Count <= most ? samples
            : throw UserError.Request(path, $"has samples of {samples.Count} problems", $"at most {most}: the run's own problems");
    }

    /// <summary>What was drawn of one problem.</summary>
    /// <param name="Reward">Sum of the rewards.</param>
    /// <param name="Rewarded">Samples that have one.</param>
    /// <param name="Kept">Tokens of the completions to learn from.</param>
    private sealed record ProblemSamples(double Reward, int Rewarded, IReadOnlyList<int[]> Kept);
}
