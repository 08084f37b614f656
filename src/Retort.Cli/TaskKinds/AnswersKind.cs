using Retort.Tasks.Answers;

namespace Retort.Cli.TaskKinds;

/// <summary>A user's own problems with answers.</summary>
internal sealed class AnswersKind : TaskKind<AnswerSettings>
{
    public static AnswersKind Instance { get; } = new();

    public override string Name => "answers";

    protected override IReadOnlyDictionary<string, AnswerSettings> Named { get; } = new OrderedDictionary<string, AnswerSettings>
    {
        ["numbers"] = new AnswerSettings(),
        ["texts"] = new AnswerSettings { Rule = new AnswerRule { Kind = AnswerKind.Text } },
    };

    protected override AnswerSettings TrainingTask => Named["numbers"];

    public override string WidestPreset => Presets[0];

    protected override TrainSettings<AnswerSettings> Training(AnswerSettings task) => new() { Task = task };

    protected override KnownTask Create(AnswerSettings settings) => new KnownAnswers(new AnswerTask(settings));
}
