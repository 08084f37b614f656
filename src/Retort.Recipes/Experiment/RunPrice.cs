using System.Text.Json;

namespace Retort.Recipes.Experiment;

/// <summary>What a run would cost, all seeds together; the time in words too, with what it takes for granted.</summary>
internal sealed record RunPrice(double Flops, long PeakBytes, double Seconds, string Time)
{
    /// <summary>A dry run's plan: the configuration, the recipe's own lines (in the JSON its own parts), the price.</summary>
    public RecipeOutcome Plan(
        string preset, string yaml, IEnumerable<ulong> seeds, IEnumerable<string> lines, params (string Name, object Value)[] parts)
    {
        string[] text =
        [
            yaml, .. lines,
            $"seeds          {string.Join(", ", seeds)}",
            FormattableString.Invariant($"FLOPs          {Flops:0.00e0}"),
            FormattableString.Invariant($"peak memory    {PeakBytes >> 20:N0} MB"),
            $"expected time  {Time}", "",
        ];
        var json = new OrderedDictionary<string, object>(
        [
            new("preset", preset), new("config", yaml), .. parts.Select(part => KeyValuePair.Create(part.Name, part.Value)),
            new("flops", Flops), new("peak_bytes", PeakBytes), new("expected_seconds", Math.Round(Seconds)),
        ]);
        return new(false, string.Join(Environment.NewLine, text), JsonSerializer.Serialize(json));
    }
}
