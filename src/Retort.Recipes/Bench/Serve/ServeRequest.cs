using Retort.Core;

namespace Retort.Recipes.Bench.Serve;

/// <summary>One request of a run.</summary>
/// <param name="DueSeconds">When it is to be sent, from the run's start, whatever became of those before it.</param>
/// <param name="Prompt">Text to complete, or what the user says in a chat.</param>
/// <param name="MaxTokens">Longest answer in tokens.</param>
public sealed record ServeRequest(double DueSeconds, string Prompt, int MaxTokens);

/// <summary>Whole numbers to draw from, both ends included.</summary>
/// <param name="Low">The least.</param>
/// <param name="High">The most.</param>
public readonly record struct WholeRange(int Low, int High)
{
    /// <summary>Each with equal probability.</summary>
    public int Draw(ref CounterRandom random) => random.NextInt32(Low, High);

    /// <summary>"5" or "5..9".</summary>
    public override string ToString() => Low == High ? $"{Low}" : $"{Low}..{High}";
}
