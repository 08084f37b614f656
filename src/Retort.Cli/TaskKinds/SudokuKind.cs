using Retort.Tasks.Sudoku;

namespace Retort.Cli.TaskKinds;

/// <summary>Sudoku.</summary>
internal sealed class SudokuKind : TaskKind<SudokuSettings>
{
    public static SudokuKind Instance { get; } = new();

    public override string Name => "sudoku";

    protected override IReadOnlyDictionary<string, SudokuSettings> Named { get; } = new OrderedDictionary<string, SudokuSettings>
    {
        ["hard6x6"] = SudokuSettings.Hard6x6,
        ["plain6x6"] = SudokuSettings.Plain6x6,
        ["medium6x6"] = SudokuSettings.Medium6x6,
        ["shallow6x6"] = SudokuSettings.Shallow6x6,
        ["shallow4x4"] = SudokuSettings.Shallow4x4,
        ["paper"] = SudokuSettings.Paper,
    };

    protected override SudokuSettings TrainingTask => SudokuSettings.Shallow4x4;

    protected override TrainSettings<SudokuSettings> Training(SudokuSettings task) => new()
    {
        Task = task,
        Model = new TrainModelSettings { MaxPositions = task.Format == SudokuFormat.Paper ? 4096 : task.Size == 4 ? 128 : 512 },
    };

    protected override KnownTask Create(SudokuSettings settings) => new KnownSudoku(new SudokuTask(settings));
}
