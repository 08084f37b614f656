using Retort.Cli.TaskKinds;
using System.Globalization;
using Retort.Cli.Progress;
using Retort.Core;
using Retort.Inference;
using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Tasks;
using Retort.Tensors.Cpu;
using Retort.Training;

namespace Retort.Cli.Commands;

/// <summary>What a training run will cost, from the model's own code on a device that only counts.</summary>
/// <param name="Parameters">Trained numbers.</param>
/// <param name="NonEmbeddingParameters">Of these, not in embeddings.</param>
/// <param name="Tokens">Tokens trained on, about: the mean length is that of the first problems.</param>
/// <param name="Flops">Of training, likewise.</param>
/// <param name="PeakBytes">Memory: training, data, the engine of evaluations, the runtime.</param>
/// <param name="PeakGflops">What this machine can do now, measured.</param>
/// <param name="Seconds">Expected duration of training.</param>
internal sealed record TrainPrice(
    long Parameters, long NonEmbeddingParameters, long Tokens, long Flops, long PeakBytes, double PeakGflops, double Seconds)
{
    private const int ProblemsLookedAt = 2048;

    /// <summary>The share of peak that small models reach, for the expected time.</summary>
    private const double ExpectedShare = 0.4;

    /// <summary>The runtime with this program loaded.</summary>
    private const long RuntimeBytes = 90L << 20;

    public static TrainPrice Of(ResolvedTraining resolved, int threads)
    {
        var (settings, task) = (resolved.Settings, resolved.Task.Task);
        var tokenizer = TaskDataset.TokenizerFor(task);
        var config = settings.Model.ToConfig(task, tokenizer);
        RequireRoom(task, tokenizer, config);
        var looked = Math.Min(ProblemsLookedAt, settings.Data.Problems);
        var sample = Data(settings.Data, task, tokenizer, looked, config, threads);
        var trainer = settings.Training.ToTrainer();
        var meanLength = (int)Math.Max(2, (sample.NumTokens + sample.Count - 1) / sample.Count);
        var step = TrainingPlan.For(config, trainer, meanLength, threads).StepWork;
        var scale = settings.Data.Problems / (double)looked;
        var dataBytes = (long)(scale * sample.Bytes);
        var engineBytes = GenerationEngine.Bytes(config, EngineFor(settings.Evaluation, config));
        var peak = MachineMeter.PeakGflops(threads);
        var flops = step.Flops * settings.Training.Steps;
        return new TrainPrice(
            config.ParameterCount.Total, config.ParameterCount.NonEmbedding,
            (long)settings.Training.Steps * settings.Training.BatchSequences * (meanLength - 1), flops,
            TrainingPlan.For(config, trainer, sample.MaxLength, threads).TotalBytes + dataBytes + engineBytes + RuntimeBytes,
            peak, flops / (1e9 * peak * ExpectedShare));
    }

    /// <summary>The first problems as training sequences.</summary>
    public static SequenceSet Data(
        TrainDataSettings data, ITask task, ITokenizer tokenizer, int problems, ModelConfig config, int threads,
        IProgressReporter? progress = null, CancellationToken cancellation = default) => data.AnswersOnly
        ? TaskDataset.BuildAnswers(
            task, tokenizer, problems, config.MaxPositions, threads, new TaskPositions(task, data.Positions), progress, cancellation)
        : TaskDataset.Build(task, tokenizer, problems, config.MaxPositions, threads, data.MaxWindows, progress, cancellation);

    /// <summary>The engine evaluations run on.</summary>
    public static EngineSettings EngineFor(TrainEvaluationSettings evaluation, ModelConfig config) =>
        new() { MaxSequences = evaluation.Batch, MaxLength = config.MaxPositions };

    /// <summary>A prompt must leave room for an answer.</summary>
    public static void RequireRoom(ITask task, ITokenizer tokenizer, ModelConfig config)
    {
        var length = TaskDataset.LongestPrompt(task, tokenizer);
        if (length + Training.Windows.LeastRoom > config.MaxPositions)
        {
            throw UserError.Request("model.maxPositions", $"is {config.MaxPositions}, and prompts of {task.Name} have {length} tokens", $"at least {2 * length}");
        }
    }

    public void Write(CliHost host, string yaml, bool json)
    {
        if (json)
        {
            host.Output.WriteLine(JsonText.Of(new
            {
                Config = yaml,
                Parameters,
                NonEmbeddingParameters,
                Tokens,
                Flops,
                PeakBytes,
                PeakGflops,
                ExpectedSeconds = Seconds,
            }));
            return;
        }

        host.Output.WriteLine(yaml);
        TextTable.Write(host.Output, host.Width,
        [
            ["parameters", string.Create(CultureInfo.InvariantCulture, $"{Parameters:N0} ({NonEmbeddingParameters:N0} without embeddings)")],
            ["tokens", "about " + Amounts.Of(Tokens)],
            ["training FLOPs", "about " + Flops.ToString("0.00e0", CultureInfo.InvariantCulture)],
            ["peak memory", "about " + Amounts.Of(PeakBytes) + "B"],
            ["expected time", $"about {Amounts.Of(TimeSpan.FromSeconds(Math.Min(Seconds, 1e9)))}, at {ExpectedShare:P0} of {PeakGflops.ToString("0", CultureInfo.InvariantCulture)} GFLOP/s; evaluations apart"],
        ]);
    }
}
