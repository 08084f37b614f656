using Retort.Core;
using Retort.Inference.Lengths;
using Retort.Models;
using Retort.Models.Tests;
using Retort.Tensors.Cpu;
using Retort.TinyModels;

namespace Retort.Inference.Tests.Lengths;

public sealed class TrainedPredictorTests : IDisposable
{
    private readonly CpuDevice device = new(1);
    private readonly TemporaryFolder folder = new();
    private readonly Transformer model;

    public TrainedPredictorTests() => model = TransformerCases.Build(TransformerCases.All["llama"], device);

    public void Dispose()
    {
        model.Dispose();
        device.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void A_saved_predictor_comes_back_with_the_same_bits()
    {
        var path = folder.File("model/predictor");
        using var saved = Sample();
        saved.Save(path, inner => File.WriteAllText(Path.Combine(inner, "more.txt"), "1"));
        saved.Save(path);
        Assert.Equal(["predictor.json", "predictor.safetensors"], Directory.EnumerateFiles(path).Select(Path.GetFileName).Order());
        using var loaded = TrainedPredictor.Load(path, model);
        Assert.Equal(saved.Record with { Layers = [], BinShares = [] }, loaded.Record with { Layers = [], BinShares = [] });
        Assert.Equal(saved.Record.BinShares, loaded.Record.BinShares);
        Assert.Equal(saved.Probe.Smoothing.Power, loaded.Probe.Smoothing.Power);
        Assert.Equal(saved.Record.Layers, loaded.Record.Layers);
        Assert.Equal(saved.Prompts.Predict([3, 4]), loaded.Prompts.Predict([3, 4]));
        Assert.Equal(TransformerCases.Bits(Weights(saved)), TransformerCases.Bits(Weights(loaded)));
        Assert.Equal(31.5, loaded.ConstantMean().Begin([1], 256, 0).Initial);
        Assert.Equal(loaded.Prompts.Predict([3, 4]), loaded.Trail().Begin([3, 4], 256, 0).Initial);
        Assert.Null(loaded.PromptOnly().CreateRefiner(1, 1));
        using var refiner = loaded.Trail().CreateRefiner(4, 4);
        Assert.NotNull(refiner);
    }

    [Fact]
    public void A_predictor_lies_in_a_folder_s_checkpoint_and_beside_a_file()
    {
        Assert.Equal(folder.File("x.bin.predictor"), TrainedPredictor.DefaultFolder(folder.File("x.bin")));
        Directory.CreateDirectory(folder.File("m"));
        Assert.Equal(folder.File("m/predictor"), TrainedPredictor.DefaultFolder(folder.File("m")));
    }

    [Theory]
    [InlineData("\"layer\": 1", "\"layer\": 2", "predictor.json: layer: is 2; expected 0 to 1: the model has 2 blocks")]
    [InlineData("\"layer\": 1", "\"layer\": -1", "predictor.json: layer: is -1")]
    [InlineData("\"bins\": 10", "\"bins\": 12", "predictor.json: bins: is 12; expected 10")]
    [InlineData("\"hidden_size\": 24", "\"hidden_size\": 48", "predictor.json: hidden_size: is 48; expected 24, the model's")]
    [InlineData("\"vocabulary_size\": 19", "\"vocabulary_size\": 20", "predictor.json: vocabulary_size: is 20; expected 19")]
    [InlineData("\"inner_size\": 6", "\"inner_size\": 60000", "predictor.json: inner_size: is 60000")]
    [InlineData("\"max_length\": 256", "\"max_length\": 9", "predictor.json: max_length: is 9")]
    [InlineData("\"max_length\": 256,", "", "predictor.json: is not a predictor's record")]
    [InlineData("\"max_length\": 256,", "\"max_length\": 256, \"more\": 1,", "predictor.json: is not a predictor's record")]
    [InlineData("\"max_length\": 256", "\"max_length\": \"long\"", "predictor.json: is not a predictor's record")]
    [InlineData("0.3,", "0,", "predictor.json: bin_shares: is [0, 0.2, ")]
    [InlineData("\"smoothing_power\": 0.2", "\"smoothing_power\": 2", "predictor.json: smoothing_power: is 2; expected above 0, at most 1")]
    [InlineData("{", "[", "predictor.json: is not a predictor's record")]
    public void A_record_that_does_not_fit_is_refused(string from, string to, string message)
    {
        var path = folder.File("predictor");
        using (var saved = Sample())
        {
            saved.Save(path);
        }

        var json = Path.Combine(path, PredictorRecord.FileName);
        var text = File.ReadAllText(json);
        Assert.Contains(from, text, StringComparison.Ordinal);
        File.WriteAllText(json, text.Replace(from, to, StringComparison.Ordinal));
        var error = Assert.Throws<UserError>(() => TrainedPredictor.Load(path, model));
        Assert.Equal(2, error.ExitCode);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_that_are_missing_or_cut_off_are_refused()
    {
        var path = folder.File("predictor");
        Assert.Contains("predictor.json: does not exist", Refusal(), StringComparison.Ordinal);
        using (var saved = Sample())
        {
            saved.Save(path);
        }

        var weights = Path.Combine(path, TrainedPredictor.WeightsName);
        var bytes = File.ReadAllBytes(weights);
        File.WriteAllBytes(weights, bytes[..^4]);
        Assert.Contains(TrainedPredictor.WeightsName, Refusal(), StringComparison.Ordinal);
        BitConverter.TryWriteBytes(bytes.AsSpan(bytes.Length - 4), float.NaN);
        File.WriteAllBytes(weights, bytes);
        Assert.Contains("expected finite weights", Refusal(), StringComparison.Ordinal);
        File.Delete(weights);
        Assert.Contains("does not exist", Refusal(), StringComparison.Ordinal);

        string Refusal() => Assert.Throws<UserError>(() => TrainedPredictor.Load(path, model)).Message;
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_told_before_the_work()
    {
        File.WriteAllText(folder.File("file"), "1");
        var error = Assert.Throws<UserError>(() => TrainedPredictor.RequireReplaceable(folder.File("file/deep/predictor")));
        Assert.Contains("cannot be written", error.Message, StringComparison.Ordinal);
        TrainedPredictor.RequireReplaceable(folder.File("new/deep/predictor"));
        Assert.Equal(["file"], Directory.EnumerateFileSystemEntries(folder.File("")).Select(Path.GetFileName));
    }

    [Fact]
    public void A_folder_of_something_else_is_not_touched()
    {
        Directory.CreateDirectory(folder.File("mine"));
        File.WriteAllText(folder.File("mine/notes.txt"), "1");
        using var predictor = Sample();
        Assert.Contains("holds files but no predictor", Assert.Throws<UserError>(() => predictor.Save(folder.File("mine"))).Message, StringComparison.Ordinal);
        Assert.Equal("1", File.ReadAllText(folder.File("mine/notes.txt")));
    }

    private static float[] Weights(TrainedPredictor predictor) =>
        TrainingPass.Read(predictor.Probe.Network.Device, predictor.Probe.Network.Parameters.Values);

    private TrainedPredictor Sample()
    {
        var (bins, features) = (new LengthBins(256), new PromptFeatures(model.Config.VocabularySize));
        double[] shares = [0.3, 0.2, 0.1, 0.1, 0.1, 0.08, 0.05, 0.04, 0.02, 0.01];
        var probe = new LengthProbe(1, bins, new BinClassifier(device, model.Config.HiddenSize, 6)) { Smoothing = new(shares, 0.2) };
        var network = new BinClassifier(device, features.Count, 6);
        probe.Network.Initialize(1, "probe");
        network.Initialize(1, "prompt");
        var prompts = new PromptLengthModel(features, bins, network);
        return new TrainedPredictor(
            new PredictorRecord
            {
                Layer = 1,
                MaxLength = 256,
                Bins = 10,
                HiddenSize = model.Config.HiddenSize,
                VocabularySize = model.Config.VocabularySize,
                InnerSize = 6,
                MeanLength = 31.5,
                BinShares = shares,
                SmoothingPower = 0.2,
                RefineEvery = 1,
                TrainedOn = new PredictorTraining
                {
                    Model = "m",
                    Data = "d",
                    Requests = 100,
                    ValidationRequests = 10,
                    HeldOutRequests = 10,
                    Samples = 1280,
                    MeanLength = 31,
                    CutOff = 0.01,
                    Seed = ulong.MaxValue,
                    Temperature = 1,
                    Epochs = 30,
                    LearningRate = 1e-3,
                },
                HeldOutMae = new PredictorErrors { ConstantMean = 5, PromptOnly = 4, Probe = 3, Smoothed = 2, Published = 2.5, TrueBin = 1 },
                Layers = [new LayerErrors(0, 3, 3.5, 3.25), new LayerErrors(1, 2, 2.5, 2.25)],
            },
            probe, prompts);
    }
}
