using System.Globalization;
using Retort.Models;
using Retort.Tasks.CountDown;
using Retort.Tensors;
using Retort.Tensors.Cpu;

namespace Retort.Training.Tests;

/// <summary>A short run whose every loss and gradient norm is kept in git, to the last bit.</summary>
public sealed class GoldenTests
{
    private const string Variable = "RETORT_RECORD_GOLDEN";

    [Fact]
    public void Twenty_steps_on_CountDown_are_those_of_the_file() => AssertRecorded("countdown.txt", Trajectory());

    /// <summary>Compares with a file of Golden/, or with RETORT_RECORD_GOLDEN=1 writes its lines under the comments it begins with.</summary>
    internal static void AssertRecorded(string name, IEnumerable<string> trajectory)
    {
        var path = Path.Combine(Repository(), "tests/Retort.Training.Tests/Golden", name);
        var lines = trajectory.ToArray();
        if (Environment.GetEnvironmentVariable(Variable) == "1")
        {
            var header = File.ReadLines(path).TakeWhile(line => line.StartsWith('#')).ToArray();
            File.WriteAllText(path, string.Concat(header.Concat(lines).Select(line => line + "\n")));
        }

        Assert.Equal(File.ReadLines(path).Where(line => !line.StartsWith('#')), lines);
    }

    /// <summary>Step, loss and gradient norm as the bits of doubles, then for people as decimals.</summary>
    private static IEnumerable<string> Trajectory()
    {
        var task = new CountDownTask();
        var tokenizer = TaskDataset.TokenizerFor(task);
        using var device = new CpuDevice(2);
        using var model = new Transformer(
            new ModelConfig
            {
                VocabularySize = tokenizer.VocabularySize,
                HiddenSize = 32,
                NumLayers = 2,
                NumHeads = 4,
                NumKvHeads = 2,
                IntermediateSize = 48,
                MaxPositions = 64,
            },
            device);
        model.Initialize(1);
        var data = TaskDataset.Build(task, tokenizer, 40, 64, threads: 2);
        var settings = new TrainerSettings
        {
            BatchSequences = 16,
            Schedule = new LearningRateSchedule { PeakLearningRate = 1e-2, WarmupSteps = 5, TotalSteps = 20 },
        };
        using var trainer = new Trainer(model, new Mixture(1, (data, 1)), settings);
        for (var i = 0; i < 20; i++)
        {
            var step = trainer.Step();
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{step.Step,2} {BitConverter.DoubleToInt64Bits(step.Loss):x16} {BitConverter.DoubleToInt64Bits(step.GradientNorm):x16} {step.Loss:F6} {step.GradientNorm:F6}");
        }
    }

    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Retort.slnx")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("no Retort.slnx above the test program");
        }

        return folder.FullName;
    }
}
