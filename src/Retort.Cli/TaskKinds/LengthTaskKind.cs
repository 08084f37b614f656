using Retort.Models;
using Retort.Tasks;
using Retort.Tasks.Arithmetic;
using Retort.Tasks.Copy;
using Retort.Tasks.Lengths;
using Retort.Tasks.Parity;
using Retort.Tasks.VariableAssignment;
using Retort.Training;

namespace Retort.Cli.TaskKinds;

/// <summary>Tasks whose problems have a length. A model of theirs has room for problems four times as long as those it learns from.</summary>
/// <param name="name">The task's name.</param>
/// <param name="named">Its presets.</param>
/// <param name="create">The task of some settings.</param>
internal sealed class LengthTaskKind<TSettings>(
    string name, OrderedDictionary<string, TSettings> named, Func<TSettings, LengthTask<TSettings>> create) : TaskKind<TSettings>
    where TSettings : ILengthSettings
{
    private const int LongestTested = 4;

    public override string Name => name;

    public override string WidestPreset => Presets[0];

    protected override IReadOnlyDictionary<string, TSettings> Named => named;

    protected override TSettings TrainingTask => named.Values.First();

    /// <summary>Coupled ids, shifted at random; where they do not follow from the prompt, the model predicts them.</summary>
    protected override TrainSettings<TSettings> Training(TSettings task)
    {
        var made = create(task);
        return new()
        {
            Task = task,
            Data = new TrainDataSettings { Problems = 100_000, AnswersOnly = true, Positions = PositionScheme.Coupled },
            Model = new TrainModelSettings
            {
                HiddenSize = 64,
                NumLayers = 2,
                NumHeads = 4,
                IntermediateSize = 256,
                TiedEmbeddings = false,
                Position = PositionKind.Learned,
                PredictsPositions = !made.KnowsAnswerIds(PositionScheme.Coupled),
                NumPositionIds = LongestTested * made.MaxPositionId(PositionScheme.Coupled) + 1,
                MaxPositions = 16 * ((LongestTested * made.MaxTokens + 15) / 16),
            },
            Training = new TrainStepSettings { Steps = 2000, PositionJitter = PositionJitterKind.Offset },
        };
    }

    protected override KnownTask Create(TSettings settings)
    {
        var task = create(settings);
        return new KnownPromptTask<LengthItem>(
            task, task.Create, (path, most) => PromptLines.Read(path, most, task.FromPrompt), item => task.Verify(item, item.Answer).Correct,
            (item, split) => new
            {
                id = item.Id,
                split,
                prompt = item.Prompt,
                answer = item.Answer,
                length = item.Length,
                coupled_ids = task.PositionIds(item, PositionScheme.Coupled),
            });
    }
}

/// <summary>The tasks of the study of length generalization that have coupled position ids.</summary>
internal static class LengthTaskKinds
{
    public static TaskKind Parity { get; } = new LengthTaskKind<ParitySettings>(
        "parity", new() { ["forward"] = new(), ["reversed"] = new() { Reversed = true } }, settings => new ParityTask(settings));

    public static TaskKind Copy { get; } = new LengthTaskKind<CopySettings>(
        "copy", new() { ["short"] = new(), ["paper"] = CopySettings.Paper }, settings => new CopyTask(settings));

    public static TaskKind Addition { get; } = new LengthTaskKind<AdditionSettings>(
        "addition", new() { ["short"] = new(), ["paper"] = AdditionSettings.Paper }, settings => new AdditionTask(settings));

    public static TaskKind Multiplication { get; } = new LengthTaskKind<MultiplicationSettings>(
        "multiplication", new() { ["twoDigits"] = new() }, settings => new MultiplicationTask(settings));

    public static TaskKind VariableAssignment { get; } = new LengthTaskKind<VariableAssignmentSettings>(
        "variable-assignment", new() { ["chains"] = new() }, settings => new VariableAssignmentTask(settings));

    public static IReadOnlyList<TaskKind> All { get; } = [Parity, Copy, Addition, Multiplication, VariableAssignment];
}
