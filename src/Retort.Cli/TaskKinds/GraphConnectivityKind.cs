using Retort.Tasks.GraphConnectivity;

namespace Retort.Cli.TaskKinds;

/// <summary>Graph connectivity.</summary>
internal sealed class GraphConnectivityKind : TaskKind<GraphConnectivitySettings>
{
    public static GraphConnectivityKind Instance { get; } = new();

    public override string Name => "graph-connectivity";

    protected override IReadOnlyDictionary<string, GraphConnectivitySettings> Named { get; } = new OrderedDictionary<string, GraphConnectivitySettings>
    {
        ["bridge"] = new GraphConnectivitySettings { Strategy = ChainStrategy.DfsBacktracking },
        ["twoPath"] = GraphConnectivitySettings.TwoPath,
        ["paper"] = GraphConnectivitySettings.Paper,
    };

    protected override GraphConnectivitySettings TrainingTask => Named["bridge"];

    /// <summary>The desk-sized study's model; its problems are fresh at every step.</summary>
    protected override TrainSettings<GraphConnectivitySettings> Training(GraphConnectivitySettings task) => new()
    {
        Task = task,
        Data = new TrainDataSettings { Problems = 200_000 },
        Model = new TrainModelSettings
        {
            HiddenSize = 64,
            NumLayers = 2,
            NumHeads = 4,
            IntermediateSize = 256,
            TiedEmbeddings = false,
            MaxPositions = 16 * ((task.MaxTokens + 15) / 16),
        },
    };

    protected override KnownTask Create(GraphConnectivitySettings settings)
    {
        var task = new GraphConnectivityTask(settings);
        return new KnownPromptTask<GraphConnectivityItem>(
            task, task.Create, (path, most) => GraphLines.Read(path, most, task), item => task.Verify(item, item.Answer) is { Correct: true, Proof: true },
            (item, split) => new
            {
                id = item.Id,
                split,
                prompt = item.Prompt,
                answer = item.Answer,
                source = item.Graph.Source,
                target = item.Graph.Target,
                false_target = item.Graph.FalseTarget,
                edges = item.Graph.Edges.Select(edge => new[] { edge.A, edge.B }),
                chain = item.Chain,
            });
    }
}
