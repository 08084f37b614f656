namespace Retort.Inference.Serving;

/// <summary>An engine between two steps.</summary>
public readonly record struct EngineStatistics
{
    /// <summary>Sequences that have begun: they hold memory and are fed.</summary>
    public int Running { get; init; }

    /// <summary>Sequences that have not begun.</summary>
    public int Waiting { get; init; }

    /// <summary>Sequences that had begun and were put aside.</summary>
    public int Paused { get; init; }

    /// <summary>Blocks of the key/value cache that requests hold.</summary>
    public int UsedBlocks { get; init; }

    /// <summary>Blocks of the key/value cache.</summary>
    public int NumBlocks { get; init; }

    /// <summary>Times that a sequence was put aside.</summary>
    public long Preemptions { get; init; }

    /// <summary>Tokens fed once more because their keys were let go.</summary>
    public long RecomputedTokens { get; init; }

    /// <summary>Prompt tokens looked for in the prefix cache.</summary>
    public long PrefixQueries { get; init; }

    /// <summary>Prompt tokens found there.</summary>
    public long PrefixHits { get; init; }
}
