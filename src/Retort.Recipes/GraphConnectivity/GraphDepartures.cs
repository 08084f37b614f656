using Retort.Tasks.GraphConnectivity;

namespace Retort.Recipes.GraphConnectivity;

/// <summary>How a run of some settings differs from the paper, a line each: as honest as a methods section.</summary>
internal static class GraphDepartures
{
    /// <summary>The lines that are true of these settings.</summary>
    public static IReadOnlyList<string> Of(GraphStudySettings settings)
    {
        (bool Applies, string Line)[] lines =
        [
            (settings.Task.Edges == EdgeFormat.Token, "An edge is one input token, the sum of its ends' embeddings, without order or position; the paper lists both ends of every edge as text. No claim is about the prompt."),
            (true, "Search is taught with its backtracking written out (the paper's variant for shallow models), so that each step is a move to a neighbour; search without it is A8's."),
            (settings.Depths[^1] < 5, $"Bridges have {string.Join(", ", settings.Depths)} blocks of the paper's (3, 5, 3), claims on one depth look at {settings.Depth}; the paper's are 1 to 5 and mostly 5."),
            (settings.Model.NumLayers < 4, $"Models have {settings.Model.NumLayers} layers (A8's deeper one {settings.DeeperLayers}); the paper's have 4, and 2 for A8."),
            (settings.Model.QueryKeyNorm, "Queries and keys are normalised, embeddings are tied to the output head, chains have learned positions shifted at random in training; the paper's models are rotary, untied and not normalised."),
            (settings.SearchSteps[^1] < 10_000, "Models see some ten thousand times fewer tokens than the paper's 200 epochs of 500,000 problems; the learning rate is not swept by strategy."),
            (true, "Two layers look some hops ahead within a step: short chains do better than blind ones (the paper's do too, at 4 layers). The ordering is judged, not the blind rate."),
            (true, "Accuracy at S and N is of samples at temperature 1 for N = 1 too, where the paper takes the greedy chain."),
            (settings.SelfTraining.Rounds * settings.SelfProblems < 500_000, $"Self-training draws one sample of {settings.SelfProblems:N0} problems in each of {settings.SelfTraining.Rounds} rounds; the paper of 500,000. Copies are dropped, the last model goes on."),
            (true, "The test of T3 is the random depth-first search; the theorem is about every algorithm of a restricted query model."),
            (settings.Seeds.Count == 1, "One seed: intervals are over problems only."),
        ];
        return [.. lines.Where(line => line.Applies).Select(line => line.Line)];
    }
}
