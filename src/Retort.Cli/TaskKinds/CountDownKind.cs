using Retort.Tasks.CountDown;

namespace Retort.Cli.TaskKinds;

/// <summary>CountDown, searched or answered directly.</summary>
internal sealed class CountDownKind : TaskKind<CountDownSettings>
{
    public static CountDownKind Instance { get; } = new();

    public override string Name => "countdown";

    protected override IReadOnlyDictionary<string, CountDownSettings> Named { get; } = new OrderedDictionary<string, CountDownSettings>
    {
        ["compact"] = new CountDownSettings(),
        ["paper"] = CountDownSettings.Paper,
    };

    protected override CountDownSettings TrainingTask { get; } = new() { NumberCount = 3 };

    protected override TrainSettings<CountDownSettings> Training(CountDownSettings task) => new()
    {
        Task = task,
        Model = new TrainModelSettings { MaxPositions = task.Format == CountDownFormat.Paper ? 4096 : 256 },
    };

    protected override KnownTask Create(CountDownSettings settings) => new KnownCountDown(new CountDownTask(settings));
}
