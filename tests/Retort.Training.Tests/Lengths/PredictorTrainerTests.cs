using System.Security.Cryptography;
using Retort.Core;
using Retort.Inference;
using Retort.Inference.Lengths;
using Retort.Inference.Tests.Lengths;
using Retort.Models.Tests;
using Retort.Tensors;
using Retort.Tensors.Cpu;
using Retort.TinyModels;
using Retort.Training.Lengths;

namespace Retort.Training.Tests.Lengths;

[Collection(nameof(Alone))]
public sealed class PredictorTrainerTests : IDisposable
{
    private static readonly PredictorSettings Settings = new()
    {
        MaxLength = 40,
        StepsPerRequest = 6,
        InnerSize = 8,
        Epochs = 4,
        ProbingRequests = 60,
        BatchSequences = 16,
        Sampling = new SamplingSettings { Temperature = 1 },
    };

    private static readonly int[][] Prompts = [.. Enumerable.Range(0, 120).Select(i => TransformerCases.Sequence(3 + i % 6, (ulong)i))];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_predictor_has_the_same_bits_on_any_number_of_threads_and_gives_its_memory_back()
    {
        var before = Storage.LiveBytes;
        var expected = Train("one", threads: 1, Settings);
        Assert.Equal(expected, Train("three", threads: 3, Settings with { BatchSequences = 5 }));
        Assert.NotEqual(expected, Train("other", threads: 2, Settings with { Seed = 2 }));
        Assert.Equal(before, Storage.LiveBytes);
    }

    [Fact]
    public void The_record_tells_what_was_done()
    {
        using var device = new CpuDevice(2);
        using var model = TransformerCases.Build(TransformerCases.All["llama"], device);
        HeldOutErrors? errors = null;
        using var predictor = PredictorTrainer.Run(
            model, Prompts, [0], Settings, "m", "d", measured: held => errors = held, cancellation: TestContext.Current.CancellationToken);
        var record = predictor.Record;
        Assert.Equal(record.HeldOutMae.Smoothed, errors!.Mean(errors.Smoothed));
        Assert.Equal(record.TrainedOn.HeldOutRequests, errors.Steps.Length);
        Assert.Equal(errors.Steps.Sum(), errors.PromptBins.Sum(row => row.Sum()));
        Assert.Equal([0, 1], record.Layers.Select(layer => layer.Layer));
        Assert.Equal(record.Layer, record.Layers.MinBy(layer => layer.Validation)!.Layer);
        Assert.Equal((120, 24, 19, 8, 40, 10), (record.TrainedOn.Requests, record.HiddenSize, record.VocabularySize, record.InnerSize, record.MaxLength, record.Bins));
        Assert.Equal(1, record.BinShares.Sum(), 1e-12);
        Assert.InRange(record.TrainedOn.HeldOutRequests, 4, 24);
        Assert.InRange(record.TrainedOn.ValidationRequests, 4, 24);
        Assert.InRange(record.TrainedOn.Samples, 120 * 0.5, 120 * 6);
        Assert.InRange(record.TrainedOn.CutOff, 0.01, 0.5);
        // A bin is 4 tokens wide: its middle is 0, 1 or 2 away, and clamped at the end.
        Assert.InRange(record.HeldOutMae.TrueBin, 0.3, 1.5);
        Assert.All((double[])[record.HeldOutMae.ConstantMean, record.HeldOutMae.PromptOnly, record.HeldOutMae.Probe, record.HeldOutMae.Smoothed, record.HeldOutMae.Published],
            error => Assert.InRange(error, record.HeldOutMae.TrueBin, 20));
        using var one = PredictorTrainer.Run(
            model, Prompts, [0], Settings with { Layers = [1], Epochs = 1 }, "m", "d", cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(1, Assert.Single(one.Record.Layers).Layer);
    }

    [Fact]
    public void The_smoothing_with_the_least_error_is_chosen()
    {
        using var device = new CpuDevice(2);
        using var model = TransformerCases.Build(TransformerCases.All["qwen2"], device);
        var bins = new LengthBins(40);
        using var probe = new LengthProbe(1, bins, new BinClassifier(device, model.Config.HiddenSize, 8));
        probe.Network.Initialize(1, "probe");
        var requests = ServedRequest.Serve(model, Prompts[..20], [0], Settings, SilentProgress.Instance, TestContext.Current.CancellationToken);
        var candidates = SmoothingChoice.Candidates(requests, bins, 2);
        var evaluation = new PredictorEvaluation([probe], candidates, bins, Settings);
        using var replay = new HiddenReplay(model, requests.Max(request => request.NumFed));
        evaluation.Run(replay, requests, SilentProgress.Instance, TestContext.Current.CancellationToken);
        var best = SmoothingChoice.Best(candidates, evaluation);
        double[] errors = [.. candidates.Select((_, i) => evaluation.Smoothed(0, i).Sum())];
        Assert.Equal(errors.Min(), errors[candidates.Index().First(candidate => candidate.Item == best).Index]);
        Assert.True(errors.Distinct().Count() > 1);
        // A share is what was counted, with one more step for each bin.
        var steps = requests.Sum(request => request.Length);
        Assert.Equal((1.0 + requests.Sum(request => Math.Min(request.Length, 3))) / (10 + steps), best.Smoothing.Shares[0], 1e-12);
    }

    [Fact]
    public void The_errors_measured_are_those_of_the_estimates_served()
    {
        using var device = new CpuDevice(2);
        using var model = TransformerCases.Build(TransformerCases.All["qwen2"], device);
        var bins = new LengthBins(40);
        var smoothing = new BinSmoothing([0.3, 0.2, 0.1, 0.1, 0.1, 0.08, 0.05, 0.04, 0.02, 0.01], 0.3);
        using var probe = new LengthProbe(1, bins, new BinClassifier(device, model.Config.HiddenSize, 8)) { Smoothing = smoothing };
        probe.Network.Initialize(1, "probe");
        var requests = ServedRequest.Serve(
            model, Prompts[..20], [0], Settings, SilentProgress.Instance, TestContext.Current.CancellationToken);
        var (smoothed, steps) = (0.0, 0);
        using (var driver = new StepDriver(model, probe))
        {
            foreach (var request in requests)
            {
                int[] fed = [.. request.Prompt, .. request.Completion[..^1]];
                var sequence = new DrivenSequence(fed, request.Prompt.Length, new LengthBelief(1, request.MaxNewTokens)) { Pages = [0, 1, 2, 3, 4, 5, 6, 7] };
                driver.Finish(sequence, chunk: 3);
                Assert.Equal(Enumerable.Range(0, request.Length), sequence.Trace.Keys);
                smoothed += sequence.Trace.Sum(pair => Math.Abs(pair.Value - (request.Length - pair.Key)));
                steps += request.Length;
            }
        }

        var evaluation = new PredictorEvaluation([probe], [new(smoothing, 1), new(BinSmoothing.Published, 1)], bins, Settings);
        using (var replay = new HiddenReplay(model, requests.Max(request => request.NumFed)))
        {
            evaluation.Run(replay, requests, SilentProgress.Instance, TestContext.Current.CancellationToken);
        }

        Assert.Equal(requests.Length, evaluation.Smoothed(0, 0).Length);
        Assert.Equal(smoothed / steps, evaluation.Smoothed(0, 0).Sum() / steps, 1e-12);
        Assert.NotEqual(evaluation.Raw(0), evaluation.Smoothed(0, 0));
        Assert.NotEqual(evaluation.Smoothed(0, 1), evaluation.Smoothed(0, 0));
        Assert.Equal(steps, evaluation.Bins.Counts.Sum(row => row.Sum()));
    }

    [Fact]
    public void Requests_with_equal_prompts_are_for_the_same_part()
    {
        var parts = Prompts.Select(prompt => new ServedRequest(0, prompt, [1], 1, false).Part).ToArray();
        Assert.Equal(parts, Prompts.Select((prompt, i) => new ServedRequest(i, [.. prompt], [2, 3], 9, true).Part));
        Assert.Equal(3, parts.Distinct().Count());
    }

    [Fact]
    public void Sampled_steps_are_the_prompt_s_end_and_the_same_share_of_every_requests_others_each_once()
    {
        using var device = new CpuDevice(1);
        var requests = Enumerable.Range(0, 5).Select(i => new ServedRequest(i, [1, 2], [.. Enumerable.Range(0, 1 + 7 * i)], 40, false)).ToList();
        using var store = new VectorStore(device, 4, [2, 5], requests, Settings);
        Assert.Equal([1, 3, 6, 9, 11], requests.Select(request => Enumerable.Range(0, store.Count).Count(i => store[i].Request == request)));
        foreach (var group in Enumerable.Range(0, store.Count).Select(i => store[i]).GroupBy(sample => sample.Request))
        {
            var steps = group.Select(sample => sample.Step).ToList();
            Assert.Equal(0, steps[0]);
            Assert.Equal(steps.Distinct().Order(), steps);
            Assert.InRange(steps[^1], 0, group.Key.Length - 1);
        }
    }

    [Fact]
    public void A_classifier_learns_what_its_features_tell()
    {
        using var device = new CpuDevice(2);
        var bins = new LengthBins(100);
        var data = new LinearData(bins);
        var settings = Settings with { Epochs = 20, InnerSize = 16, LearningRate = 5e-3 };
        var epochs = 0;
        var trained = ClassifierTraining.Run(device, data, "test", bins, settings, () => epochs++, TestContext.Current.CancellationToken);
        Assert.Equal(20, epochs);
        // Without the features: 25.
        Assert.InRange(trained.ValidationError, 0, 12);
    }

    [Fact]
    public void A_network_over_standardised_features_becomes_one_over_features()
    {
        using var device = new CpuDevice(1);
        using var network = new BinClassifier(device, 3, 5);
        network.Initialize(1, "absorb");
        var expected = Logits(network, [(1.5f - 1) * 2, (-4f - 2) * 0.25f, 0]);
        network.Absorb([1, 2, 7], [2, 0.25, 0]);
        var found = Logits(network, [1.5f, -4, 123]);
        Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }

    [Fact]
    public void Too_few_prompts_are_told()
    {
        using var device = new CpuDevice(1);
        using var model = TransformerCases.Build(TransformerCases.All["llama"], device);
        var error = Assert.Throws<UserError>(() => PredictorTrainer.Run(
            model, Prompts[..1], [0], Settings with { Requests = 7 }, "m", "prompts.txt", cancellation: TestContext.Current.CancellationToken));
        Assert.StartsWith("prompts.txt: gives 7 requests, of which none is for", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_price_is_an_upper_bound_of_what_is_taken()
    {
        var before = Storage.LiveBytes;
        using var device = new CpuDevice(1);
        using var model = TransformerCases.Build(TransformerCases.All["llama"], device);
        var price = PredictorPrice.Of(model.Config, Prompts, Settings);
        Assert.Equal((120, 2, 720L, 6L * 120 * 24 * 4), (price.Requests, price.Layers, price.Samples, price.VectorBytes));
        var most = 0L;
        using var predictor = PredictorTrainer.Run(
            model, Prompts, [0], Settings, "m", "d", new Watch(() => most = Math.Max(most, Storage.LiveBytes - before)),
            cancellation: TestContext.Current.CancellationToken);
        // The price leaves out the networks' own training state and the last rounding to cache lines.
        Assert.InRange(most, price.PeakBytes / 2, price.PeakBytes + (1 << 20));
        Assert.InRange(device.Work.Flops, price.ServingFlops / 20, price.ServingFlops + price.TrainingFlops);
    }

    private static float[] Logits(BinClassifier network, float[] features)
    {
        using var tape = new Tape(network.Device, network.Parameters, 1 << 12, isRecording: false);
        var row = tape.Take(1, features.Length);
        network.Device.Write(row, features);
        return TrainingPass.Read(network.Device, network.Forward(tape, tape.Input(row)).Value);
    }

    private string Train(string name, int threads, PredictorSettings settings)
    {
        using var device = new CpuDevice(threads);
        using var model = TransformerCases.Build(TransformerCases.All["llama"], device);
        using var predictor = PredictorTrainer.Run(model, Prompts, [0], settings, "m", "d", cancellation: TestContext.Current.CancellationToken);
        predictor.Save(folder.File(name));
        return string.Join(' ', Directory.EnumerateFiles(folder.File(name)).Order().Select(file => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))));
    }

    /// <summary>The label is a sum of two of four features.</summary>
    private sealed class LinearData(LengthBins bins) : ClassifierData
    {
        private readonly float[][] rows = [.. Enumerable.Range(0, 1200).Select(i =>
        {
            var random = CounterRandom.For(1, "linear data", (ulong)i);
            return Enumerable.Range(0, 4).Select(_ => random.NextSingle()).ToArray();
        })];

        public override int NumInputs => 4;

        public override int[] Training { get; } = [.. Enumerable.Range(0, 1000)];

        public override int[] Validation { get; } = [.. Enumerable.Range(1000, 200)];

        public override int Label(int sample) => bins.Label((int)Length(sample));

        public override void Fill(Tape tape, ReadOnlySpan<int> samples, Tensor destination)
        {
            for (var i = 0; i < samples.Length; i++)
            {
                tape.Device.Write(destination.Slice(i, 1), rows[samples[i]]);
            }
        }

        public override (double Sum, int Steps) Error(int sample, double expected) => (Math.Abs(expected - Length(sample)), 1);

        private double Length(int sample) => 100 * (rows[sample][0] > 0.5 ? 0.5 * rows[sample][1] : 0.5 + 0.5 * rows[sample][2]);
    }

    /// <summary>Looks at something whenever progress is reported.</summary>
    private sealed class Watch(Action look) : IProgressReporter, IProgressPhase
    {
        public IProgressPhase Begin(string name, long total, string unit)
        {
            look();
            return this;
        }

        public void Note(string text)
        {
        }

        public void Report(long completed, Func<string>? metrics = null) => look();

        public void Dispose()
        {
        }
    }
}
