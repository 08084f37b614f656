using Retort.Core;
using Retort.Inference.Lengths;
using Retort.Tensors;

namespace Retort.Training.Lengths;

/// <summary>A trained network's weights, as its parameters lie in memory, and the epoch they are of.</summary>
internal sealed record TrainedNetwork(float[] Values, int Epoch, double ValidationError);

/// <summary>
/// Trains a <see cref="BinClassifier"/>: cross-entropy on the bins, AdamW, half a cosine; of all epochs the one with the least
/// validation error in tokens is kept. On one device, without threads of its own, so that several run side by side.
/// </summary>
internal sealed class ClassifierTraining : IDisposable
{
    private readonly ClassifierData data;
    private readonly PredictorSettings settings;
    private readonly LengthBins bins;
    private readonly Device device;
    private readonly BinClassifier network;
    private readonly Tape learning, judging;
    private readonly AdamWOptimizer optimizer;
    private readonly Tensor gradient;
    private readonly Storage gradientOwner;
    private readonly int[] labels;

    private ClassifierTraining(Device device, ClassifierData data, LengthBins bins, PredictorSettings settings)
    {
        (this.device, this.data, this.bins, this.settings) = (device, data, bins, settings);
        labels = new int[settings.BatchVectors];
        network = new BinClassifier(device, data.NumInputs, settings.InnerSize);
        var forward = BinClassifier.ForwardBytes(data.NumInputs, settings.InnerSize, settings.BatchVectors);
        learning = new Tape(device, network.Parameters, 2 * forward + 8 * (settings.BatchVectors * sizeof(float) + Storage.Alignment), isRecording: true);
        judging = new Tape(device, network.Parameters, forward, isRecording: false);
        optimizer = new AdamWOptimizer(device, network.Parameters, new AdamWSettings { Beta2 = 0.999f, WeightDecay = settings.WeightDecay });
        gradient = network.Parameters.AllocateGradient(device, out gradientOwner);
    }

    /// <summary>Trains the network called <paramref name="name"/>, which names its random numbers too.</summary>
    public static TrainedNetwork Run(
        Device device, ClassifierData data, string name, LengthBins bins, PredictorSettings settings, Action epochDone, CancellationToken cancellation)
    {
        using var training = new ClassifierTraining(device, data, bins, settings);
        return training.Run(name, epochDone, cancellation);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        gradientOwner.Dispose();
        optimizer.Dispose();
        judging.Dispose();
        learning.Dispose();
        network.Dispose();
    }

    private TrainedNetwork Run(string name, Action epochDone, CancellationToken cancellation)
    {
        network.Initialize(settings.Seed, name);
        var order = (int[])data.Training.Clone();
        var steps = (order.Length + settings.BatchVectors - 1) / settings.BatchVectors;
        var schedule = new LearningRateSchedule
        {
            PeakLearningRate = settings.LearningRate,
            FinalFraction = 0,
            TotalSteps = (long)settings.Epochs * steps,
        };
        TrainedNetwork? best = null;
        var values = new float[network.Parameters.FlatLength];
        for (var epoch = 0; epoch < settings.Epochs; epoch++)
        {
            cancellation.ThrowIfCancellationRequested();
            var random = CounterRandom.For(settings.Seed, "predictor/order/" + name, (ulong)epoch);
            random.Shuffle(order.AsSpan());
            for (var first = 0; first < order.Length; first += settings.BatchVectors)
            {
                Learn(order.AsSpan(first, Math.Min(settings.BatchVectors, order.Length - first)), schedule.At(optimizer.Steps));
            }

            var error = Judge();
            if (best is null || error < best.ValidationError)
            {
                device.Read(network.Parameters.Values, values);
                best = new TrainedNetwork(values, epoch, error);
            }

            epochDone();
        }

        device.Write(network.Parameters.Values, values);
        if (data.Standardisation is { } standardisation)
        {
            network.Absorb(standardisation.Mean, standardisation.Scale);
            device.Read(network.Parameters.Values, values);
        }

        return best!;
    }

    private void Learn(ReadOnlySpan<int> samples, double learningRate)
    {
        learning.Reset();
        var (targets, shards) = (learning.TakeInts(samples.Length), learning.TakeInts(2));
        for (var i = 0; i < samples.Length; i++)
        {
            labels[i] = data.Label(samples[i]);
        }

        device.Write(targets, labels.AsSpan(0, samples.Length));
        device.Write(shards, [0, samples.Length]);
        var losses = learning.Take(samples.Length, 1);
        learning.CrossEntropy(Forward(learning, samples), targets, default, 0, 1f / samples.Length, losses, default);
        learning.Backward(gradient, new GradientShards(shards, ContinueChain: false));
        optimizer.Step(gradient, learningRate);
    }

    /// <summary>The mean absolute error in tokens over the validation rows.</summary>
    private double Judge()
    {
        var (sum, count) = (0.0, 0L);
        var logits = new float[settings.BatchVectors * LengthBins.Count];
        Span<double> probabilities = stackalloc double[LengthBins.Count];
        for (var first = 0; first < data.Validation.Length; first += settings.BatchVectors)
        {
            var samples = data.Validation.AsSpan(first, Math.Min(settings.BatchVectors, data.Validation.Length - first));
            judging.Reset();
            device.Read(Forward(judging, samples).Value, logits.AsSpan(0, samples.Length * LengthBins.Count));
            for (var i = 0; i < samples.Length; i++)
            {
                BinClassifier.Softmax(logits.AsSpan(i * LengthBins.Count, LengthBins.Count), probabilities);
                var (error, steps) = data.Error(samples[i], bins.Mean(probabilities));
                sum += error;
                count += steps;
            }
        }

        return sum / count;
    }

    private Variable Forward(Tape tape, ReadOnlySpan<int> samples)
    {
        var features = tape.Take(samples.Length, data.NumInputs);
        data.Fill(tape, samples, features);
        return network.Forward(tape, tape.Input(features));
    }
}
