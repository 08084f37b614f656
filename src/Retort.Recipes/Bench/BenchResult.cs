using System.Text.Json;
using System.Text.Json.Serialization;

namespace Retort.Recipes.Bench;

/// <summary>One measurement.</summary>
/// <param name="What">matmul, train, decode, load, prefill, or rl with its parts rollout and learn.</param>
/// <param name="Shape">The model's name, or the product's sizes.</param>
/// <param name="Batch">Sequences together; rows of a product.</param>
/// <param name="Context">Tokens of a training sequence or a prompt; mean context of a decode step.</param>
/// <param name="Threads">Threads the engine was given.</param>
/// <param name="TokensPerSecond">Tokens trained, drawn or read a second (rows of a product), from the median time.</param>
/// <param name="Gflops">Model FLOPs a second (the engine's own count), 10^9.</param>
/// <param name="FractionOfPeak">Of <paramref name="PeakGflops"/>.</param>
/// <param name="FractionOfRoofline">
/// FLOPs / peak + (weight and KV bytes) / bandwidth, over the time taken; null where phases of different bounds are timed as one.
/// </param>
/// <param name="PeakGflops">An FMA-only loop on as many threads, just before or after (the better of both).</param>
/// <param name="BandwidthGbs">A read sweep over a buffer of the same working set on as many threads, 10^9 bytes a second.</param>
/// <param name="MicrosecondsPerStep">Median time of a step, a prompt or a product.</param>
/// <param name="FlopPerCycle">Of the FMA loop, a core.</param>
/// <param name="Flag">What makes the figures doubtful; null: nothing seen.</param>
public sealed record BenchResult(
    string What, string Shape, int Batch, int Context, int Threads, double TokensPerSecond, double Gflops,
    double FractionOfPeak, double? FractionOfRoofline, double PeakGflops, double BandwidthGbs, double MicrosecondsPerStep,
    double FlopPerCycle, string? Flag)
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>One JSON object on one line.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Options);
}
