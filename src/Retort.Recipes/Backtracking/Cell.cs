using Retort.Core;
using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Recipes.Experiment;
using Retort.Tasks;
using Retort.Tasks.CountDown;
using Retort.Tasks.Sudoku;
using Retort.Training;
using Retort.Training.Rl;

namespace Retort.Recipes.Backtracking;

/// <summary>One kind of model of the study: what it is trained on, how large it is, how it is asked.</summary>
/// <param name="Name">In file names and tables, e.g. "countdown-direct".</param>
/// <param name="Task">The task in the variant the model learns.</param>
/// <param name="IsDirect">Sampled several times; otherwise it searches, greedily, once.</param>
/// <param name="Shape">Size.</param>
/// <param name="Study">Data and training of the task.</param>
public sealed record Cell(string Name, ITask Task, bool IsDirect, ModelShape Shape, StudySettings Study)
{
    /// <summary>The cell whose trained model reinforcement learning begins with; null: the model is trained from nothing.</summary>
    public string? StartsFrom { get; init; }

    /// <summary>How that model is improved.</summary>
    public RlSettings? Rl { get; init; }

    /// <summary>Context in tokens.</summary>
    public int Context => IsDirect ? Study.DirectContext : Study.SearchContext;

    /// <summary>How it is trained.</summary>
    public ModelTraining Training => IsDirect ? Study.Direct : Study.Search;

    /// <summary>Parts of its training data; direct answers are all of one length.</summary>
    public IReadOnlyList<LengthShare> Lengths => IsDirect ? [] : Study.Lengths;

    /// <summary>Every cell the recipe knows, by name.</summary>
    public static IReadOnlyDictionary<string, Cell> All(BacktrackingSettings settings)
    {
        Cell CountDown(string name, CountDownVariant variant, bool isDirect, ModelShape? shape = null, int contextFactor = 1) => new(
            "countdown-" + name, new CountDownTask(settings.CountDown with { Variant = variant }), isDirect,
            shape ?? settings.Main,
            settings.CountDownStudy with
            {
                SearchContext = contextFactor * settings.CountDownStudy.SearchContext,
                DirectContext = contextFactor * settings.CountDownStudy.DirectContext,
                Lengths = [.. settings.CountDownStudy.Lengths.Select(part => part with { MaxTokens = contextFactor * part.MaxTokens })],
                Budgets = [.. settings.CountDownStudy.Budgets.Select(budget => contextFactor * budget)],
            });
        Cell Sudoku(string name, SudokuSettings puzzles, SudokuVariant variant) => new(
            "sudoku-" + name, new SudokuTask(puzzles with { Variant = variant }), variant == SudokuVariant.Direct, settings.Main,
            settings.SudokuStudy);
        Cell[] cells =
        [
            CountDown("search", CountDownVariant.Backtracking, false),
            CountDown("direct", CountDownVariant.Direct, true),
            CountDown("search", CountDownVariant.Backtracking, false) with { Name = "countdown-search-rl", StartsFrom = "countdown-search", Rl = settings.SearchRl },
            CountDown("direct", CountDownVariant.Direct, true) with { Name = "countdown-direct-rl", StartsFrom = "countdown-direct", Rl = settings.DirectRl },
            CountDown("search-small", CountDownVariant.Backtracking, false, settings.Small),
            CountDown("direct-small", CountDownVariant.Direct, true, settings.Small),
            CountDown("mix", CountDownVariant.Mix, false),
            CountDown("think", CountDownVariant.Think, false),
            CountDown("stacked-search", CountDownVariant.Stacked, false, contextFactor: 2),
            CountDown("stacked-direct", CountDownVariant.StackedDirect, true, contextFactor: 2),
            Sudoku("search", settings.Sudoku, SudokuVariant.Backtracking),
            Sudoku("direct", settings.Sudoku, SudokuVariant.Direct),
            Sudoku("shallow-search", settings.ShallowSudoku, SudokuVariant.Backtracking),
            Sudoku("shallow-direct", settings.ShallowSudoku, SudokuVariant.Direct),
        ];
        return cells.ToDictionary(cell => cell.Name);
    }

    /// <summary>Looks for settings that only training or the first prompt would stumble over.</summary>
    /// <exception cref="UserError">The model has no such shape, or its context no room for an answer.</exception>
    public void Check()
    {
        var tokenizer = TaskDataset.TokenizerFor(Task);
        Config(tokenizer);
        var prompt = TaskDataset.LongestPrompt(Task, tokenizer);
        if (prompt + Windows.LeastRoom > Context)
        {
            throw UserError.Request(
                Name, $"prompts of {prompt} tokens leave no room for an answer in a context of {Context}",
                $"a {(IsDirect ? "directContext" : "searchContext")} of at least {prompt + Windows.LeastRoom}");
        }
    }

    /// <summary>The network's configuration.</summary>
    public ModelConfig Config(ITokenizer tokenizer) => Shape.Config(tokenizer, Context, ropeBase: 1e6, Name);

    /// <summary>The trainer's settings.</summary>
    public TrainerSettings TrainerSettings(ITokenizer tokenizer) => Training.TrainerSettings with
    {
        TargetWeights = Task is CountDownTask { Settings.Format: CountDownFormat.Compact } && !IsDirect && Study.MarkWeight != 1
            ? CompactTokens.LeafMarks.ToDictionary(mark => tokenizer.Encode(mark, addBos: false)[0], _ => (float)Study.MarkWeight)
            : null,
    };
}
