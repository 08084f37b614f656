using Retort.Tasks;
using Retort.Tasks.ScrambledArithmetic;

namespace Retort.Cli.TaskKinds;

/// <summary>Scrambled arithmetic.</summary>
internal sealed class ScrambledArithmeticKind : TaskKind<ScrambledArithmeticSettings>
{
    public static ScrambledArithmeticKind Instance { get; } = new();

    public override string Name => "scrambled-arithmetic";

    protected override IReadOnlyDictionary<string, ScrambledArithmeticSettings> Named { get; } = new OrderedDictionary<string, ScrambledArithmeticSettings>
    {
        ["equal"] = ScrambledArithmeticSettings.Equal,
        ["normal"] = ScrambledArithmeticSettings.Normal,
        ["failure"] = ScrambledArithmeticSettings.Failure,
    };

    protected override ScrambledArithmeticSettings TrainingTask => ScrambledArithmeticSettings.Equal;

    public override string WidestPreset => Presets[0];

    /// <summary>The small model of the study; which format it answers in is a draw, so it is tried at temperature 1.</summary>
    protected override TrainSettings<ScrambledArithmeticSettings> Training(ScrambledArithmeticSettings task) => new()
    {
        Task = task,
        Model = new TrainModelSettings
        {
            HiddenSize = 64,
            NumLayers = 2,
            NumHeads = 2,
            IntermediateSize = 192,
            MaxPositions = 16 * ((task.MaxSequenceTokens + 15) / 16),
        },
        Evaluation = new TrainEvaluationSettings { Temperature = 1 },
    };

    protected override Split RlSplit => Split.Validation;

    /// <summary>Each problem is solved in every format.</summary>
    protected override KnownTask Create(ScrambledArithmeticSettings settings)
    {
        var task = new ScrambledArithmeticTask(settings);
        return new KnownPromptTask<ArithmeticItem>(
            task, task.Create, (path, most) => PromptLines.Read(path, most, task.FromPrompt),
            item => Enum.GetValues<ArithmeticFormat>().All(format => task.Solution(item, format) is { } solution && task.Verify(item, solution).Correct),
            (item, split) => new
            {
                id = item.Id,
                split,
                format = item.Format?.ToString().ToLowerInvariant(),
                prompt = item.Prompt,
                answer = item.Answer,
                steps = item.NumSteps,
                corrupted = item.IsCorrupted,
            });
    }
}
