using Retort.Core;
using Retort.Inference;
using Retort.Models;
using Retort.Tensors;
using Retort.Tensors.Cpu;
using Retort.Training;

namespace Retort.Recipes.Bench;

/// <summary>
/// The engine's speed end to end: what users run (<see cref="Trainer.Step"/>, <see cref="GenerationEngine.Step"/>) on
/// random weights and tokens, beside the machine's peak and bandwidth measured around it.
/// </summary>
public static class EngineBench
{
    /// <summary>Decode steps timed as one, the mean of their contexts being half the shape's.</summary>
    private const int DecodeSteps = 64;

    internal const ulong Seed = 1;

    /// <summary>Measures one after the other, each as it is asked for.</summary>
    public static IEnumerable<BenchResult> Run(BenchSettings settings, CancellationToken cancellation = default)
    {
        settings = settings.Validated();
        foreach (var threads in settings.Threads)
        {
            using var device = new CpuDevice(threads);
            var clock = new BenchClock(device, settings.Seconds, cancellation);
            if (settings.What.Contains("matmul"))
            {
                yield return MatMul(device, clock, settings.MatMulSize);
            }

            foreach (var shape in settings.What.Any(kind => kind is not "matmul" and not "rl") ? settings.Shapes : [])
            {
                if (settings.What.Contains("train"))
                {
                    using var trained = new Transformer(shape.Model, device);
                    trained.Initialize(Seed);
                    yield return Train(trained, clock, shape);
                }

                using var model = new Transformer(shape.Model, device, settings.Weights);
                model.Initialize(Seed);

                foreach (var batch in settings.What.Contains("decode") ? settings.DecodeBatches : [])
                {
                    yield return Decode(model, clock, shape, batch, settings.Kv);
                }

                if (settings.What.Contains("load"))
                {
                    yield return Load(model, clock, shape, settings.Kv);
                }

                if (settings.What.Contains("prefill"))
                {
                    yield return Prefill(model, clock, shape, settings.Kv);
                }

                foreach (var result in settings.What.Contains("positions") ? Positions(device, clock, shape, settings) : [])
                {
                    yield return result;
                }
            }

            if (settings.What.Contains("rl"))
            {
                foreach (var result in RlBench.Run(device, clock))
                {
                    yield return result;
                }
            }

            if (settings.Model is { } path)
            {
                using var model = ModelStore.Load(path, device, settings.Weights);
                yield return Greedy(model, clock, path, settings.GreedyTokens, settings.Kv);
            }
        }
    }

    /// <summary>Decoding by a model with a learned vector a position, then by one that also predicts its position ids and reads them back.</summary>
    private static IEnumerable<BenchResult> Positions(CpuDevice device, BenchClock clock, BenchShape shape, BenchSettings settings)
    {
        var config = shape.Model with { Position = PositionKind.Learned };
        using var plain = new Transformer(config, device, settings.Weights);
        using var predicting = new Transformer(config with { PredictsPositions = true }, device, settings.Weights);
        plain.Initialize(Seed);
        predicting.Initialize(Seed);
        foreach (var batch in settings.DecodeBatches)
        {
            yield return Decode(plain, clock, shape, batch, settings.Kv, "learned");
            yield return Decode(predicting, clock, shape, batch, settings.Kv, "predict");
        }
    }

    private static BenchResult MatMul(CpuDevice device, BenchClock clock, int size)
    {
        var x = device.Allocate(size, size, out var ownerX);
        var w = device.Allocate((int)(PanelMatrix.StorageLength(size, size) / PanelMatrix.PanelWidth), PanelMatrix.PanelWidth, out var ownerW);
        var y = device.Allocate(size, size, out var ownerY);
        using (ownerX)
        using (ownerW)
        using (ownerY)
        {
            // Ordinary numbers: zeros and subnormals may take another time.
            device.Fill(x, 0.5f);
            device.Fill(w, 0.25f);
            return clock.Measure(
                "matmul", $"{size}x{size}x{size}", size, 0, size, 1, 3L * size * size * sizeof(float), () => { },
                () => device.Linear(x, new PanelMatrix(w, size, size), default, default, y));
        }
    }

    private static BenchResult Train(Transformer model, BenchClock clock, BenchShape shape)
    {
        var tokens = new SequenceSet();
        for (var s = 0; s < 4 * shape.TrainBatch; s++)
        {
            tokens.Add(RandomTokens(shape.Vocabulary, shape.Context + 1, s));
        }

        var settings = new TrainerSettings
        {
            BatchSequences = shape.TrainBatch,
            Schedule = new LearningRateSchedule { PeakLearningRate = 1e-5, TotalSteps = 1_000_000 },
        };
        using var trainer = new Trainer(model, new Mixture(Seed, (tokens, 1)), settings);
        return clock.Measure(
            "train", shape.Name, shape.TrainBatch, shape.Context, shape.TrainBatch * shape.Context, 1,
            4 * WeightBytes(model), () => { }, () => trainer.Step());
    }

    internal static BenchResult Decode(Transformer model, BenchClock clock, BenchShape shape, int batch, KvFormat kv, string what = "decode")
    {
        // The first drawn token belongs to the prompts' own step; the steps timed see prompt + 1 .. prompt + steps keys.
        var steps = Math.Min(DecodeSteps, shape.Context - 2);
        var prompt = Math.Max(1, (shape.Context - steps) / 2);
        using var engine = new GenerationEngine(model, new EngineSettings { MaxSequences = batch, PrefillTokens = batch * prompt, KvFormat = kv });
        var sampling = new SamplingSettings { MaxNewTokens = steps + 1 };
        return clock.Measure(
            what, shape.Name, batch, shape.Context / 2, (long)batch * steps, steps,
            WeightBytes(model) + (long)batch * KvBytes(model, shape.Context / 2, kv), Prepare, Steps);

        void Prepare()
        {
            for (var s = 0; s < batch; s++)
            {
                engine.Submit(new GenerationRequest(RandomTokens(shape.Vocabulary, prompt, s), sampling, Seed));
            }

            engine.Step();
        }

        void Steps()
        {
            for (var step = 0; step < steps; step++)
            {
                engine.Step();
            }
        }
    }

    /// <summary>
    /// Steps of a busy server: 8 places, 64 live requests of many lengths, prompts read in between. Tokens are all that are fed; the
    /// mean context is near that of the decode rows, with whose batch of 8 it is to be compared.
    /// </summary>
    private static BenchResult Load(Transformer model, BenchClock clock, BenchShape shape, KvFormat kv)
    {
        const int places = 8, live = 64, settleSteps = 8;
        using var engine = new GenerationEngine(model, new EngineSettings { MaxSequences = places, KvFormat = kv });
        var requests = new List<int>();
        Prepare();
        var before = engine.NumFed;
        Steps();
        var fed = engine.NumFed - before;
        return clock.Measure(
            "load", shape.Name, places, shape.Context / 2, fed, DecodeSteps,
            WeightBytes(model) + places * KvBytes(model, shape.Context / 2, kv), Prepare, Steps);

        void Prepare()
        {
            requests.ForEach(engine.Cancel);
            requests.Clear();
            for (var i = 0; i < live; i++)
            {
                var prompt = shape.Context / 4 + 13 * i % (shape.Context / 4);
                var output = shape.Context / 16 + 29 * i % (shape.Context / 3);
                requests.Add(engine.Submit(new GenerationRequest(
                    RandomTokens(shape.Vocabulary, prompt, i), new SamplingSettings { MaxNewTokens = output }, Seed)));
            }

            for (var step = 0; step < settleSteps; step++)
            {
                engine.Step();
            }
        }

        void Steps()
        {
            for (var step = 0; step < DecodeSteps; step++)
            {
                engine.Step();
            }
        }
    }

    private static BenchResult Prefill(Transformer model, BenchClock clock, BenchShape shape, KvFormat kv)
    {
        var prompt = shape.Context - 1;
        using var engine = new GenerationEngine(model, new EngineSettings { MaxSequences = 1, PrefillTokens = shape.Context, KvFormat = kv });
        var request = new GenerationRequest(RandomTokens(shape.Vocabulary, prompt, 0), new SamplingSettings { MaxNewTokens = 1 }, Seed);
        return clock.Measure(
            "prefill", shape.Name, 1, prompt, prompt, 1, WeightBytes(model) + KvBytes(model, prompt, kv),
            () => engine.Submit(request), () => engine.Step());
    }

    private static BenchResult Greedy(Transformer model, BenchClock clock, string path, int maxNewTokens, KvFormat kv)
    {
        using var engine = new GenerationEngine(model, new EngineSettings { MaxSequences = 1, KvFormat = kv });
        var count = Math.Min(maxNewTokens, engine.MaxLength - 1);
        var prompt = new[] { model.Config.BosTokenId ?? 0 };
        var request = new GenerationRequest(prompt, new SamplingSettings { Temperature = 0, MaxNewTokens = count }, Seed);
        return clock.Measure(
            "decode", Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(path)), 1, count / 2, count, count,
            WeightBytes(model) + KvBytes(model, count / 2, kv), () => engine.Submit(request), () => engine.Run());
    }

    private static long WeightBytes(Transformer model) => model.Parameters.FlatLength * sizeof(float);

    private static long KvBytes(Transformer model, int tokens, KvFormat kv) =>
        2L * model.Config.NumLayers * model.Config.KeyValueSize * tokens * (kv == KvFormat.BFloat16 ? 2 : sizeof(float));

    internal static int[] RandomTokens(int vocabulary, int count, int index)
    {
        var random = CounterRandom.For(Seed, "bench/tokens", (ulong)index);
        var tokens = new int[count];
        for (var i = 0; i < count; i++)
        {
            tokens[i] = random.NextInt32(vocabulary);
        }

        return tokens;
    }
}
