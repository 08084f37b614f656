namespace Retort.Inference.Scheduling;

/// <summary>What one step may hold.</summary>
/// <param name="MaxSequences">Places in the batch.</param>
/// <param name="MaxTokens">Tokens fed in a step, at least one a place: decode rows are served first, the rest goes to prompts.</param>
/// <param name="WatermarkPages">Pages that stay free when a sequence is let in beside others, so that those can grow.</param>
public readonly record struct SchedulerLimits(int MaxSequences, int MaxTokens, int WatermarkPages = 0);
