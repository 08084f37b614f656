using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using Retort.Inference;
using Retort.Tensors;
using Retort.TinyModels;

namespace Retort.Training.Tests;

/// <summary>
/// The test program run again as a child, to be killed or to run with other instructions: when <see cref="Variable"/>
/// names a job, the program does that and nothing else.
/// </summary>
internal static class ChildProgram
{
    public const int KilledSteps = 60;
    private const string Variable = "RETORT_TEST_CHILD";

    /// <summary>Starts a child; its standard output is read by the caller.</summary>
    public static Process Start(string job, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", typeof(ChildProgram).Assembly.Location]) { RedirectStandardOutput = true };
        start.Environment[Variable] = job;
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>A short training run and some completions, hashed: what must not depend on the machine.</summary>
    public static string TrajectoryHash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var name in TransformerCases.All.Keys)
        {
            using var run = new TinyRun(name, TinyRun.Settings with { BatchSequences = 4 });
            run.Take(2);
            hash.AppendData(Convert.FromHexString(run.Hash));
            run.Steps.ForEach(step => hash.AppendData(BitConverter.GetBytes(step.Loss ^ (step.Norm << 1))));
            using var engine = new GenerationEngine(run.Model, new EngineSettings { MaxSequences = 2, PrefillTokens = 5 });
            engine.Completed = completion =>
            {
                hash.AppendData(MemoryMarshal.AsBytes<int>(completion.Tokens));
                hash.AppendData(MemoryMarshal.AsBytes<float>(completion.Logprobs));
            };
            engine.Submit(new GenerationRequest(TransformerCases.Sequence(20, 1), new SamplingSettings { Temperature = 0, MaxNewTokens = 5 }, 1));
            engine.Submit(new GenerationRequest([3], new SamplingSettings { TopP = 0.9f, MaxNewTokens = 8 }, 2, NumSamples: 2));
            engine.Run();
            using var rounded = TransformerCases.Build(TransformerCases.All[name], run.Model.Device, WeightFormat.BFloat16);
            foreach (var chunk in new[] { 20, 1 })
            {
                var logits = GenerationPass.Logits(rounded, TransformerCases.Sequence(20, 1), chunk, KvFormat.BFloat16);
                hash.AppendData(MemoryMarshal.AsBytes<float>(logits));
            }
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    [ModuleInitializer]
    internal static void RunIfChild()
    {
        var job = Environment.GetEnvironmentVariable(Variable);
        if (job == "trajectory")
        {
            Console.WriteLine(
                $"{Vector128.IsHardwareAccelerated} {Vector256.IsHardwareAccelerated} {Vector512.IsHardwareAccelerated} {TrajectoryHash()}");
            Environment.Exit(0);
        }
        else if (job is not null)
        {
            Train(job);
            Environment.Exit(0);
        }
    }

    /// <summary>Trains with a checkpoint after every step, telling each step; at the end the hash.</summary>
    private static void Train(string folder)
    {
        using var run = new TinyRun();
        var options = new TrainingLoopOptions
        {
            Checkpoint = new TrainingCheckpoint(folder),
            CheckpointEvery = 1,
            Stepped = result => Console.WriteLine($"step {result.Step}"),
        };
        TrainingLoop.Run(run.Model, run.Trainer, KilledSteps, options);
        Console.WriteLine(run.Hash);
    }
}
