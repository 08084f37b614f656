using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Retort.Core;
using Retort.Models;
using Retort.Tensors;
using Retort.Tensors.Cpu;
using Retort.TinyModels;

namespace Retort.Training.Tests;

/// <summary>A short training run of a tiny model on ragged random sequences, and all of its bits.</summary>
internal sealed class TinyRun : IDisposable
{
    private readonly CpuDevice device;

    public TinyRun(string name = "llama", TrainerSettings? settings = null, int threads = 2)
    {
        device = new CpuDevice(threads);
        Model = TransformerCases.Build(TransformerCases.All[name], device);
        Trainer = new Trainer(Model, Data(), settings ?? Settings);
    }

    public static TrainerSettings Settings { get; } = new()
    {
        BatchSequences = 24,
        ZLoss = 1e-3f,
        Schedule = new LearningRateSchedule { PeakLearningRate = 1e-2, TotalSteps = 20, WarmupSteps = 2 },
    };

    public Transformer Model { get; }

    public Trainer Trainer { get; }

    /// <summary>Loss and gradient norm of each step, as bits.</summary>
    public List<(long Step, long Loss, long Norm)> Steps { get; } = [];

    /// <summary>SHA-256 of weights and moments.</summary>
    public string Hash
    {
        get
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            foreach (var tensor in new[] { Model.Parameters.Values, Trainer.Optimizer.M, Trainer.Optimizer.V })
            {
                hash.AppendData(MemoryMarshal.AsBytes<float>(TrainingPass.Read(device, tensor)));
            }

            return Convert.ToHexString(hash.GetHashAndReset());
        }
    }

    /// <summary>Two sets of random sequences, of 2 to 30 and 2 to 12 tokens, of which a random end is learned.</summary>
    public static Mixture Data()
    {
        return new Mixture(5, (Set(1, 13, 30), 2), (Set(2, 7, 12), 1));

        static SequenceSet Set(ulong index, int count, int maxLength)
        {
            var random = CounterRandom.For(2, "tiny run", index);
            var set = new SequenceSet();
            for (var i = 0; i < count; i++)
            {
                var length = 2 + random.NextInt32(maxLength - 1);
                set.Add(TransformerCases.Sequence(length, random.NextUInt64()), 1 + random.NextInt32(length - 1));
            }

            return set;
        }
    }

    public void Take(int steps)
    {
        for (var i = 0; i < steps; i++)
        {
            Note(Trainer.Step());
        }
    }

    public void Note(StepResult result) => Steps.Add(
        (result.Step, BitConverter.DoubleToInt64Bits(result.Loss), BitConverter.DoubleToInt64Bits(result.GradientNorm)));

    public void Dispose()
    {
        Trainer.Dispose();
        Model.Dispose();
        device.Dispose();
    }
}
