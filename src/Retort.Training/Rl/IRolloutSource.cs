namespace Retort.Training.Rl;

/// <summary>Where rollouts come from.</summary>
internal interface IRolloutSource : IDisposable
{
    /// <summary>Rollout number <paramref name="step"/>, how many steps its weights lie behind, and the counted work of generating it.</summary>
    (RolloutBatch Batch, int Staleness, long Flops) Next(long step, Action<int>? finished, CancellationToken cancellation);

    /// <summary>Puts what a resumed run needs beside a checkpoint.</summary>
    void Save(string folder);

    /// <summary>Reads it back.</summary>
    void Restore(string folder, long step);
}

/// <summary>Each rollout is generated when it is wanted, on the weights that will learn from it. A resumed run generates it again.</summary>
internal sealed class FreshRollouts(RolloutWorker worker) : IRolloutSource
{
    /// <inheritdoc/>
    public (RolloutBatch Batch, int Staleness, long Flops) Next(long step, Action<int>? finished, CancellationToken cancellation)
    {
        var before = worker.Flops;
        return (worker.Collect(step, finished, cancellation), 0, worker.Flops - before);
    }

    /// <inheritdoc/>
    public void Save(string folder)
    {
    }

    /// <inheritdoc/>
    public void Restore(string folder, long step)
    {
    }

    /// <inheritdoc/>
    public void Dispose() => worker.Dispose();
}
