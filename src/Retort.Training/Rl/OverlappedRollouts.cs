using System.Runtime.ExceptionServices;
using Retort.Core;
using Retort.Inference;
using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Tensors.Cpu;

namespace Retort.Training.Rl;

/// <summary>
/// While a rollout is learned from, the next is generated on a copy of the weights as they were before: one step stale, and the same
/// bits whoever is faster. A checkpoint holds the rollout that is under way, since its weights are gone.
/// </summary>
internal sealed class OverlappedRollouts : IRolloutSource
{
    private const string FileName = "rollout.bin";

    private readonly Transformer model, copy;
    private readonly CpuDevice device;
    private readonly RolloutWorker worker;
    private readonly long steps;
    private readonly float[] weights;
    private readonly CancellationTokenSource stop = new();
    private (Task<(RolloutBatch Batch, long Flops)> Rollout, int Staleness)? pending;

    public OverlappedRollouts(
        Transformer model, ITokenizer tokenizer, ProblemFeed problems, IReward reward, RlSettings settings, ulong seed,
        IReadOnlyList<int> stopTokens)
    {
        this.model = model;
        device = new CpuDevice(Math.Max(1, model.Device.Threads / 2));
        copy = new Transformer(model.Config, device);
        weights = new float[model.Parameters.FlatLength];
        worker = new RolloutWorker(copy, tokenizer, problems, reward, settings, seed, stopTokens);
        steps = settings.Steps;
    }

    /// <inheritdoc/>
    public (RolloutBatch Batch, int Staleness, long Flops) Next(long step, Action<int>? finished, CancellationToken cancellation)
    {
        if (pending is null)
        {
            Begin(step, staleness: 0);
        }

        var (task, staleness) = pending!.Value;
        var (batch, flops) = WaitFor(task, cancellation);
        pending = null;
        if (step + 1 < steps)
        {
            Begin(step + 1, staleness: 1);
        }

        return (batch, staleness, flops);
    }

    /// <inheritdoc/>
    public void Save(string folder)
    {
        // One that failed is generated again, and fails again.
        if (pending is not { } under || !under.Rollout.ContinueWith(task => task.IsCompletedSuccessfully, TaskScheduler.Default).Result)
        {
            return;
        }

        using var stream = File.Create(Path.Combine(folder, FileName));
        using var writer = new BinaryWriter(stream);
        var (batch, flops) = under.Rollout.Result;
        writer.Write(batch.Step);
        writer.Write(under.Staleness);
        writer.Write(flops);
        writer.Write(batch.Samples.Count);
        foreach (var completion in batch.Samples.Select(sample => sample.Completion))
        {
            var (tokens, logprobs) = (completion.Tokens, completion.Logprobs);
            writer.Write((byte)completion.FinishReason);
            writer.Write(tokens.Length);
            for (var t = 0; t < tokens.Length; t++)
            {
                writer.Write(tokens[t]);
                writer.Write(logprobs[t]);
            }
        }
    }

    /// <inheritdoc/>
    public void Restore(string folder, long step)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            return;
        }

        try
        {
            using var reader = new BinaryReader(File.OpenRead(path));
            var (of, staleness, flops) = (reader.ReadInt64(), reader.ReadInt32(), reader.ReadInt64());
            var completions = new (int[] Tokens, float[] Logprobs, FinishReason Reason)[reader.ReadInt32()];
            for (var i = 0; i < completions.Length; i++)
            {
                var reason = (FinishReason)reader.ReadByte();
                var (tokens, logprobs) = (new int[reader.ReadInt32()], Array.Empty<float>());
                logprobs = new float[tokens.Length];
                for (var t = 0; t < tokens.Length; t++)
                {
                    (tokens[t], logprobs[t]) = (reader.ReadInt32(), reader.ReadSingle());
                }

                completions[i] = (tokens, logprobs, reason);
            }

            if (of != step)
            {
                throw UserError.Request(path, $"is the rollout of step {of}", $"that of step {step}");
            }

            pending = (Task.FromResult((worker.Grade(step, completions), flops)), staleness);
        }
        catch (Exception fault) when (fault is IOException or OverflowException or OutOfMemoryException)
        {
            throw UserError.Request(path, $"is not a rollout ({fault.Message})", "the file this program wrote");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        stop.Cancel();
        try
        {
            pending?.Rollout.Wait();
        }
        catch (AggregateException)
        {
            // Stopped, or failed: nobody waits for it any more.
        }

        worker.Dispose();
        copy.Dispose();
        device.Dispose();
        stop.Dispose();
    }

    private static T WaitFor<T>(Task<T> task, CancellationToken cancellation)
    {
        try
        {
            task.Wait(cancellation);
        }
        catch (AggregateException fault)
        {
            ExceptionDispatchInfo.Throw(fault.InnerException!);
        }

        return task.Result;
    }

    private void Begin(long step, int staleness)
    {
        model.Device.Read(model.Parameters.Values, weights);
        device.Write(copy.Parameters.Values, weights);
        copy.Parameters.Changed();
        pending = (Task.Run(() =>
        {
            var before = worker.Flops;
            return (worker.Collect(step, null, stop.Token), worker.Flops - before);
        }), staleness);
    }
}
