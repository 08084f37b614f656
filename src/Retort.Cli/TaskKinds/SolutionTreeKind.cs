using Retort.Models;
using Retort.Tasks;
using Retort.Tasks.SolutionTree;
using Retort.Tensors;

namespace Retort.Cli.TaskKinds;

/// <summary>The solution tree.</summary>
internal sealed class SolutionTreeKind : TaskKind<SolutionTreeSettings>
{
    public static SolutionTreeKind Instance { get; } = new();

    public override string Name => "solution-tree";

    protected override IReadOnlyDictionary<string, SolutionTreeSettings> Named { get; } = new OrderedDictionary<string, SolutionTreeSettings>
    {
        ["wall"] = SolutionTreeSettings.Wall,
        ["breaks"] = SolutionTreeSettings.Breaks,
        ["base"] = SolutionTreeSettings.Base,
    };

    protected override SolutionTreeSettings TrainingTask => SolutionTreeSettings.Wall;

    public override string WidestPreset => Presets[0];

    /// <summary>The desk-sized study's pretraining: one epoch, linear to zero.</summary>
    protected override TrainSettings<SolutionTreeSettings> Training(SolutionTreeSettings task) => new()
    {
        Task = task,
        Data = new TrainDataSettings { Problems = 96_000 },
        Model = new TrainModelSettings
        {
            Family = ModelFamily.Qwen2,
            HiddenSize = 64,
            NumHeads = 2,
            IntermediateSize = 256,
            QkvBias = true,
            TiedEmbeddings = false,
            MaxPositions = 16 * ((task.MaxTokens + 15) / 16),
        },
        Training = new TrainStepSettings
        {
            Steps = 1500,
            LearningRate = 2e-3,
            Schedule = ScheduleShape.Linear,
            WarmupSteps = 75,
            FinalFraction = 0,
            WeightDecay = 0,
        },
    };

    protected override Split RlSplit => Split.Validation;

    /// <summary>The world's tables solve every prompt.</summary>
    protected override KnownTask Create(SolutionTreeSettings settings)
    {
        var task = new SolutionTreeTask(settings);
        return new KnownPromptTask<SolutionTreeItem>(
            task, task.Create, (path, most) => PromptLines.Read(path, most, task.FromPrompt), item => task.Verify(new TaskItem(item.Id, item.Prompt, ""), item.Answer).Correct,
            (item, split) => new { id = item.Id, split, prompt = item.Prompt, answer = item.Answer, states = item.States, actions = item.Actions });
    }
}
