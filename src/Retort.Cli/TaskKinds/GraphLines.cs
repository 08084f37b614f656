using System.Text.Json;
using Retort.Core;
using Retort.Tasks.GraphConnectivity;

namespace Retort.Cli.TaskKinds;

/// <summary>A user's own graphs: prompts of the task, or edges, a source and two targets.</summary>
internal static class GraphLines
{
    private const string Expected =
        "objects with \"prompt\", or with \"edges\": [[3, 17], ...], \"source\": 3 and \"targets\": [4, 9], one a line";

    /// <summary>At most so many problems; one that is not what the task promises is an error that names its line.</summary>
    public static GraphConnectivityItem[] Read(string path, int? most, GraphConnectivityTask task) =>
        [.. InputFile.ReadObjects(path, Expected).Take(most ?? int.MaxValue).Select(line =>
            PromptLines.TextOf(line.Fields) is { } prompt ? task.FromPrompt(prompt, line.Where) : FromEdges(line.Fields, line.Where, task))];

    private static GraphConnectivityItem FromEdges(JsonElement fields, string where, GraphConnectivityTask task)
    {
        if (!fields.TryGetProperty("edges", out var edges) || edges.ValueKind != JsonValueKind.Array
            || !fields.TryGetProperty("source", out var source) || Whole(source) is not { } from
            || !fields.TryGetProperty("targets", out var targets) || Pair(targets) is not { } ends)
        {
            throw UserError.Request(where, "has no \"prompt\", and not all of \"edges\", \"source\" and \"targets\"", Expected);
        }

        var pairs = edges.EnumerateArray().Select((edge, i) => Pair(edge)
            ?? throw UserError.Request(where, $"edge {i + 1} is {edge.GetRawText()}", "two vertices, such as [3, 17]"));
        return task.FromEdges([.. pairs], from, ends.A, ends.B, where);
    }

    private static (int A, int B)? Pair(JsonElement pair) =>
        pair.ValueKind == JsonValueKind.Array && pair.GetArrayLength() == 2 && Whole(pair[0]) is { } a && Whole(pair[1]) is { } b ? (a, b) : null;

    private static int? Whole(JsonElement number) => number.ValueKind == JsonValueKind.Number && number.TryGetInt32(out var value) ? value : null;
}
