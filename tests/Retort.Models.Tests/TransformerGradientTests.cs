using Retort.Core;
using Retort.Tensors.Cpu;
using Retort.TinyModels;

namespace Retort.Models.Tests;

/// <summary>Losses and gradients of whole models, through the tape, against their definition in double.</summary>
public sealed class TransformerGradientTests
{
    private const double Step = 1e-5;
    private const float ZLoss = 0.01f;

    public static TheoryData<string> Cases => [.. TransformerCases.All.Keys];

    [Theory, MemberData(nameof(Cases))]
    public void Losses_and_gradients_are_those_of_the_definition_in_double(string name)
    {
        var config = TransformerCases.All[name];
        using var device = new CpuDevice(2);
        using var model = TransformerCases.Build(config, device);
        int[][] sequences = [TransformerCases.Sequence(6, 1), TransformerCases.Sequence(2, 2), TransformerCases.Sequence(9, 3)];
        var rowWeights = new float[14];
        var random = CounterRandom.For(1, "row weights");
        foreach (ref var weight in rowWeights.AsSpan())
        {
            weight = 0.2f + random.NextSingle();
        }

        var weights = new Dictionary<string, double[]>();
        foreach (var tensor in model.NamedTensors)
        {
            var values = new float[tensor.Rows * tensor.Columns];
            tensor.Read(device, model.Parameters.Values, values);
            weights[tensor.Name] = Array.ConvertAll(values, value => (double)value);
        }

        var pass = TrainingPass.Of(model, sequences, rowWeights, ZLoss);
        var exact = new TransformerInDouble(config, weights);
        var expected = RowLosses();
        for (var row = 0; row < expected.Length; row++)
        {
            Assert.Equal(expected[row], pass.Losses[row], 2e-6 * (1 + Math.Abs(expected[row])));
        }

        foreach (var (tensor, values) in weights)
        {
            var gradient = pass.Gradients[tensor];
            // float32 sums of terms as large as the largest gradient of the tensor: about 2^-24 of it an operation.
            var tolerance = 2e-5 * (1e-3 + gradient.Max(Math.Abs));
            foreach (var i in Enumerable.Range(0, values.Length).OrderBy(_ => random.NextUInt32()).Take(10))
            {
                var at = values[i];
                values[i] = at + Step;
                var above = RowLosses().Sum();
                values[i] = at - Step;
                var below = RowLosses().Sum();
                values[i] = at;
                var difference = (above - below) / (2 * Step);
                Assert.True(
                    Math.Abs(difference - gradient[i]) <= tolerance, $"{tensor}[{i}]: {difference} expected, {gradient[i]} found");
            }
        }

        double[] RowLosses() => [.. sequences.SelectMany(sequence => exact.Losses(sequence, ZLoss)).Zip(rowWeights, (loss, w) => w * loss)];
    }
}
