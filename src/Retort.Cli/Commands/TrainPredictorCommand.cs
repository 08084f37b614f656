using System.CommandLine;
using System.Globalization;
using Retort.Cli.Progress;
using Retort.Core;
using Retort.Inference.Lengths;
using Retort.Recipes.Figures;
using Retort.Tensors.Cpu;
using Retort.Training.Lengths;

namespace Retort.Cli.Commands;

/// <summary><c>retort train predictor</c>: the completion lengths of a model, read from its own hidden states.</summary>
internal sealed class TrainPredictorCommand : Command
{
    private static readonly PredictorSettings Defaults = new();

    private readonly CliHost host;
    private readonly SampleOptions sampling = new("1", "256");
    private readonly ComputeOptions compute = new();
    private readonly Option<string?> data = new("--data")
    {
        HelpName = "FILE",
        Description = "Prompts: one a line, or JSON objects with a \"prompt\".",
    };

    private readonly Option<string?> layers = new("--layers")
    {
        HelpName = "A,B",
        Description = "Blocks to look at, counted from 0, or all; the best is taken. [default: all]",
    };

    private readonly Option<int?> maxLength = NumberOption.Whole("--max-length", LengthBins.Count, 1 << 24,
        $"Longest completion in tokens, cut into {LengthBins.Count} bins. [default: {Defaults.MaxLength}, or what the model's context allows]");

    private readonly Option<int?> requests = NumberOption.Whole("--requests", 1, 1 << 24,
        "Completions to generate; above the number of prompts they come again with other draws. [default: one a prompt]");

    private readonly Option<int?> steps = NumberOption.Whole("--steps-per-request", 1, 1 << 16,
        $"Hidden vectors to learn from a completion, in the mean. [default: {Defaults.StepsPerRequest}]");

    private readonly Option<int?> epochs = NumberOption.Whole("--epochs", 1, 1 << 16,
        $"Passes over the vectors; the one with the least validation error is kept. [default: {Defaults.Epochs}]");

    private readonly Option<int?> inner = NumberOption.Whole("--inner", 1, 1 << 16,
        $"Width of the classifiers' hidden layer. [default: {Defaults.InnerSize}]");

    private readonly Option<float?> learningRate = NumberOption.Real("--learning-rate", value => value is > 0 and < 10, "above 0, below 10",
        $"Of the probes' first step; falls to 0 along half a cosine. [default: {Defaults.LearningRate.ToString(CultureInfo.InvariantCulture)}]");

    public TrainPredictorCommand(CliHost host)
        : base("predictor", "Train a predictor of completion lengths: the model completes the prompts,\n"
            + "classifiers learn the remaining length from the hidden states of each block,\n"
            + "the best block is kept. A tenth of the prompts validates, a tenth is held out\n"
            + "for the errors shown.")
    {
        this.host = host;
        compute.Out.Description = "Folder to write. [default: MODEL/predictor, or FILE.bin.predictor]";
        compute.Seed.Description = "Seed of every random number; equal seeds give equal bits. [default: 1]";
        compute.DryRun.Description = "Print requests, memory, FLOPs and expected time; compute nothing.";
        foreach (Option option in (Option[])
        [
            sampling.Model, data, layers, maxLength, requests, steps, sampling.Temperature, sampling.TopK, sampling.TopP, sampling.MinP,
            epochs, inner, learningRate, sampling.Batch, compute.Threads, compute.Seed, compute.Out, compute.DryRun, compute.Json,
        ])
        {
            Options.Add(option);
        }

        SetAction(Invoke);
    }

    private int Invoke(ParseResult parsed)
    {
        var file = parsed.GetValue(data) ?? throw UserError.Request("train predictor", "--data is missing", "--data FILE with prompts");
        var path = parsed.GetValue(sampling.Model) ?? throw UserError.Request("train predictor", "--model is missing", "--model FOLDER or FILE.bin");
        using var model = LoadedModel.Open(path, compute.ReadThreads(parsed));
        var settings = Read(parsed, model.Transformer.Config.MaxPositions).Validated(model.Transformer.Config.NumLayers, "train predictor");
        var folder = parsed.GetValue(compute.Out) ?? TrainedPredictor.DefaultFolder(model.Path);
        TrainedPredictor.RequireReplaceable(folder);
        var prompts = SamplePrompts.Read(file).Select(prompt => prompt.Encode(model)).ToList();
        PredictorTrainer.RequireParts(prompts, settings, file);
        var json = parsed.GetValue(compute.Json);
        if (parsed.GetValue(compute.DryRun))
        {
            Write(PredictorPrice.Of(model.Transformer.Config, prompts, settings), model.Transformer.Device.Threads, json);
            return 0;
        }

        using var predictor = PredictorTrainer.Run(
            model.Transformer, prompts, model.StopTokens, settings, path, file, host.CreateProgress(json), cancellation: host.Cancellation);
        var figure = LayerErrorsFigure.Of(predictor.Record);
        predictor.Save(folder, inner =>
        {
            AtomicFile.WriteText(Path.Combine(inner, figure.Name + ".svg"), FigureRenderer.Svg(figure));
            AtomicFile.Write(Path.Combine(inner, figure.Name + ".png"), stream => stream.Write(FigureRenderer.Png(figure)));
        });
        Write(predictor.Record, folder, json);
        return 0;
    }

    private PredictorSettings Read(ParseResult parsed, int context) => new()
    {
        // Bins beyond what the model can write would be empty, and all its lengths in the first ones.
        MaxLength = parsed.GetValue(maxLength) is not { } length ? Math.Min(Defaults.MaxLength, context - 1) : length < context ? length
            : throw UserError.Request("train predictor", $"--max-length is {length}", $"at most {context - 1}: the model's context is {context} tokens"),
        Sampling = sampling.Read(parsed, Defaults.Sampling.Temperature, Defaults.MaxLength),
        Requests = parsed.GetValue(requests) ?? Defaults.Requests,
        Layers = Layers(parsed.GetValue(layers)),
        StepsPerRequest = parsed.GetValue(steps) ?? Defaults.StepsPerRequest,
        InnerSize = parsed.GetValue(inner) ?? Defaults.InnerSize,
        Epochs = parsed.GetValue(epochs) ?? Defaults.Epochs,
        LearningRate = parsed.GetValue(learningRate) ?? Defaults.LearningRate,
        BatchSequences = sampling.ReadBatch(parsed),
        Seed = parsed.GetValue(compute.Seed) ?? Defaults.Seed,
    };

    private static int[]? Layers(string? list) => list is null or "all" ? null
        : [.. list.Split(',', StringSplitOptions.TrimEntries).Select(word =>
            int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var layer)
                ? layer
                : throw UserError.Request("train predictor", $"--layers has '{word}'", "all, or blocks counted from 0, separated by commas"))];

    private void Write(PredictorRecord record, string folder, bool json)
    {
        if (json)
        {
            host.Output.WriteLine(JsonText.Of(new
            {
                Path = folder,
                record.Layer,
                record.MaxLength,
                record.InnerSize,
                record.MeanLength,
                record.TrainedOn,
                record.HeldOutMae,
                record.Layers,
            }));
            return;
        }

        var (errors, trained) = (record.HeldOutMae, record.TrainedOn);
        host.Output.WriteLine($"Mean absolute error of the remaining length in tokens,\nover all decode steps of {trained.HeldOutRequests} held-out requests");
        host.Output.WriteLine();
        TextTable.Write(host.Output, host.Width,
        [
            ["block", "validation", "each step", "smoothed"],
            .. record.Layers.Select(layer => (IReadOnlyList<string>)[
                layer.Layer.ToString(CultureInfo.InvariantCulture) + (layer.Layer == record.Layer ? " *" : ""),
                Tokens(layer.Validation), Tokens(layer.Probe), Tokens(layer.Smoothed)]),
        ]);
        host.Output.WriteLine();
        TextTable.Write(host.Output, host.Width,
        [
            ["mean length, counted down", Tokens(errors.ConstantMean)],
            ["prompt alone, counted down", Tokens(errors.PromptOnly)],
            [$"block {record.Layer}, each step by itself", Tokens(errors.Probe)],
            [$"block {record.Layer}, smoothed (power {record.SmoothingPower.ToString(CultureInfo.InvariantCulture)})", Tokens(errors.Smoothed)],
            [$"block {record.Layer}, smoothed by the published rule", Tokens(errors.Published)],
            ["the true bin's middle", Tokens(errors.TrueBin)],
        ]);
        host.Output.WriteLine();
        TextTable.Write(host.Output, host.Width,
        [
            ["predictor", folder],
            ["learned from", string.Create(CultureInfo.InvariantCulture,
                $"{trained.Requests:N0} completions, {trained.MeanLength:0.0} tokens in the mean, "
                + $"{100 * trained.CutOff:0.0} % cut off at the limit")],
        ]);
    }

    private void Write(PredictorPrice price, int threads, bool json)
    {
        // Serving a batch reads weights more than it computes: a tenth of peak is what small models reach.
        const double expectedShare = 0.1;
        var peak = MachineMeter.PeakGflops(threads);
        var seconds = (price.ServingFlops + price.TrainingFlops) / (1e9 * peak * expectedShare);
        if (json)
        {
            host.Output.WriteLine(JsonText.Of(new
            {
                price.Requests,
                price.Layers,
                price.Samples,
                price.VectorBytes,
                price.PeakBytes,
                price.ServingFlops,
                price.TrainingFlops,
                PeakGflops = peak,
                ExpectedSeconds = seconds,
            }));
            return;
        }

        TextTable.Write(host.Output, host.Width,
        [
            ["requests", price.Requests.ToString("N0", CultureInfo.InvariantCulture)],
            ["hidden vectors", $"at most {Amounts.Of(price.Samples)} a block, {price.Layers} blocks: {Amounts.Of(price.VectorBytes)}B"],
            ["peak memory", $"at most {Amounts.Of(price.PeakBytes)}B beside the runtime"],
            ["FLOPs", string.Create(CultureInfo.InvariantCulture,
                $"at most {price.ServingFlops:0.00e0} of completions, {price.TrainingFlops:0.00e0} of training")],
            ["expected time", $"at most {Amounts.Of(TimeSpan.FromSeconds(Math.Min(seconds, 1e9)))}, at {expectedShare:P0} of "
                + $"{peak.ToString("0", CultureInfo.InvariantCulture)} GFLOP/s"],
        ]);
    }

    private static string Tokens(double error) => error.ToString("0.00", CultureInfo.InvariantCulture);
}
