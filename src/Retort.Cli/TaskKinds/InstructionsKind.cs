using Retort.Tasks.Instructions;

namespace Retort.Cli.TaskKinds;

/// <summary>Instructions to write texts of known lengths.</summary>
internal sealed class InstructionsKind : TaskKind<InstructionSettings>
{
    public static InstructionsKind Instance { get; } = new();

    public override string Name => "instructions";

    protected override IReadOnlyDictionary<string, InstructionSettings> Named { get; } = new OrderedDictionary<string, InstructionSettings>
    {
        ["mixed"] = InstructionSettings.Mixed,
        ["visible"] = InstructionSettings.Visible,
        ["stories"] = InstructionSettings.Stories,
    };

    protected override InstructionSettings TrainingTask => InstructionSettings.Mixed;

    public override string WidestPreset => Presets[0];

    /// <summary>Room for the begin token, the longest prompt and the longest output; stories have their lengths at temperature 1 only.</summary>
    protected override TrainSettings<InstructionSettings> Training(InstructionSettings task) => new()
    {
        Task = task,
        Model = new TrainModelSettings { MaxPositions = 16 * ((1 + InstructionSettings.MaxPromptTokens + task.MaxOutputTokens + 15) / 16) },
        Evaluation = new TrainEvaluationSettings { Temperature = 1 },
    };

    /// <summary>Stories have no solution to look for, only their prompts to read; they count as solved if a story can be told.</summary>
    protected override KnownTask Create(InstructionSettings settings)
    {
        var task = new InstructionTask(settings);
        return new KnownPromptTask<InstructionItem>(
            task, task.Create, (path, most) => PromptLines.Read(path, most, task.FromPrompt), item => task.Verify(item, InstructionTask.Solve(item.Prompt) ?? item.Answer).Correct,
            (item, split) => new
            {
                id = item.Id,
                split,
                kind = item.Kind.ToString().ToLowerInvariant(),
                prompt = item.Prompt,
                answer = item.Answer,
                output_tokens = item.OutputTokens,
            });
    }
}
