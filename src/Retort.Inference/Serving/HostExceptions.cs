namespace Retort.Inference.Serving;

/// <summary>So much waits already that a request was not taken.</summary>
/// <param name="message">What is full.</param>
/// <param name="retryAfter">When there should be room, by the rate at which requests ended of late.</param>
public sealed class QueueFullException(string message, TimeSpan retryAfter) : Exception(message)
{
    /// <summary>When there should be room.</summary>
    public TimeSpan RetryAfter { get; } = retryAfter;
}

/// <summary>The host takes no more requests, or ended them because it was told to stop.</summary>
public sealed class HostStoppedException() : Exception("the engine is shutting down");

/// <summary>The engine failed; every request it had failed with it.</summary>
/// <param name="cause">What was thrown on its thread.</param>
public sealed class EngineFailedException(Exception cause) : Exception("the engine failed: " + cause.Message, cause);
