using System.Globalization;
using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Tasks;
using Retort.Tasks.GraphConnectivity;
using Retort.Training;

namespace Retort.Recipes.GraphConnectivity;

/// <summary>What a trained model learns from next (A7).</summary>
internal enum FurtherTraining
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Its own chains that are evidence.</summary>
    Verified,

    /// <summary>Its own chains, whatever they are: a control.</summary>
    Unverified,

    /// <summary>As many steps on demonstrations as <see cref="Verified"/> took: a control.</summary>
    Demonstrations,
}

/// <summary>One kind of model: what it was taught on which graphs, and how large it is.</summary>
/// <param name="Depth">Blocks of its bridges.</param>
/// <param name="Strategy">The chains it was taught.</param>
/// <param name="NumLayers">Its own blocks.</param>
/// <param name="WalkSteps">Bound of the walks it was taught; 0: no walks.</param>
/// <param name="Further">What it learned from afterwards.</param>
internal sealed record GraphModel(int Depth, ChainStrategy Strategy, int NumLayers, int WalkSteps = 0, FurtherTraining Further = FurtherTraining.None)
{
    /// <summary>The strategies of every depth: one long chain, and two short ones.</summary>
    public static readonly ChainStrategy[] Compared = [ChainStrategy.DfsBacktracking, ChainStrategy.Path, ChainStrategy.ShortestPath];

    /// <summary>Of files and tables: "d2-path".</summary>
    public string Name => string.Create(
        CultureInfo.InvariantCulture,
        $"d{Depth}-{(WalkSteps > 0 ? "walk" + WalkSteps : StrategyName(Strategy))}{(HasOwnDepth ? $"-layers{NumLayers}" : "")}{(Further == FurtherTraining.None ? "" : "-" + Further.ToString().ToLowerInvariant())}");

    /// <summary>It has another number of layers than the study's models.</summary>
    public bool HasOwnDepth { get; init; }

    /// <summary>Of one seed's files.</summary>
    public string FileName(ulong seed) => string.Create(CultureInfo.InvariantCulture, $"{Name}-seed{seed}");

    /// <summary>In figures.</summary>
    public static string Label(ChainStrategy strategy) => strategy switch
    {
        ChainStrategy.DfsBacktracking => "search, backtracking written",
        ChainStrategy.Dfs => "search",
        ChainStrategy.Path => "path",
        ChainStrategy.ShortestPath => "shortest path",
        _ => "walk",
    };

    /// <summary>Models that a claim compares.</summary>
    public static IReadOnlyList<GraphModel> Of(string claim, GraphStudySettings settings)
    {
        var layers = settings.Model.NumLayers;
        GraphModel Main(ChainStrategy strategy) => new(settings.Depth, strategy, layers);
        GraphModel[] main = [.. Compared.Select(Main)];
        GraphModel[] deep = [.. settings.Depths.SelectMany(depth => Compared.Select(strategy => new GraphModel(depth, strategy, layers)))];
        return claim switch
        {
            "A1" or "A6" => main,
            "A2" or "A5" => deep,
            "A3" or "A4" => [main[0]],
            "A7" => [Main(ChainStrategy.Path), .. Enum.GetValues<FurtherTraining>().Skip(1).Select(further => Main(ChainStrategy.Path) with { Further = further })],
            "A8" => [main[0], Main(ChainStrategy.Dfs), new(settings.Depth, ChainStrategy.Dfs, settings.DeeperLayers) { HasOwnDepth = true }],
            "A9" => [main[0], .. settings.WalkSteps.Select(steps => new GraphModel(settings.Depth, ChainStrategy.Walk, layers, steps))],
            _ => [],
        };
    }

    /// <summary>The task it learns.</summary>
    public GraphConnectivityTask Task(GraphStudySettings settings) => new(settings.TaskOf(Depth, Strategy, WalkSteps));

    /// <summary>
    /// The network. Its context has room for the longest search of its depth, whatever it is taught: a model may come to write more than that. An edge is one
    /// token with the sum of its ends' embeddings where edges are tokens, and has no position.
    /// </summary>
    public ModelConfig Config(GraphStudySettings settings, ITokenizer tokenizer)
    {
        var room = new GraphConnectivityTask(settings.TaskOf(Depth, ChainStrategy.DfsBacktracking));
        var pairs = TaskDataset.PairsOf(room, tokenizer);
        var isToken = settings.Task.Edges == EdgeFormat.Token;
        return ((settings.Model with { NumLayers = NumLayers }).Config(tokenizer, room.Settings.MaxTokens, 10_000, "model") with
        {
            Family = ModelFamily.Llama,
            QkvBias = false,
            TiedEmbeddings = isToken,
            VocabularySize = tokenizer.VocabularySize - (pairs?.Count ?? 0),
            PairTokens = pairs,
            Position = isToken ? PositionKind.Learned : PositionKind.Rope,
            NumPositionIds = room.MaxPositionId(Ids(settings)) + 2,
        }).Validated("model");
    }

    /// <summary>Which position ids tokens have.</summary>
    public static PositionScheme Ids(GraphStudySettings settings) =>
        settings.Task.Edges == EdgeFormat.Token ? PositionScheme.Coupled : PositionScheme.Consecutive;

    /// <summary>
    /// Optimiser steps: as many answer tokens as the searching model of the depth has (section 2.5), so that shorter chains come more often.
    /// </summary>
    public int Steps(GraphStudySettings settings)
    {
        var steps = settings.SearchSteps[settings.Depths.ToList().IndexOf(Depth)];
        var search = new GraphModel(Depth, ChainStrategy.DfsBacktracking, NumLayers);
        return (int)Math.Max(1, Math.Round(steps * search.MeanAnswerTokens(settings) / MeanAnswerTokens(settings)));
    }

    /// <summary>Tokens of an answer, its end token included, on average.</summary>
    public double MeanAnswerTokens(GraphStudySettings settings)
    {
        const int looked = 512;
        var task = Task(settings);
        return Enumerable.Range(0, looked).Average(i => task.Create(Split.Train, i).Chain.Count) + GraphFrameTokens;
    }

    private const int GraphFrameTokens = 10;

    private static string StrategyName(ChainStrategy strategy) => char.ToLowerInvariant(strategy.ToString()[0]) + strategy.ToString()[1..];
}
