using Retort.Core;

namespace Retort.Tasks.Instructions;

/// <summary>How often each kind is drawn, in proportion.</summary>
public sealed record InstructionWeights : ICheckedSettings
{
    /// <summary>Repeat a string.</summary>
    [Doc("Repeat a string"), Range(0, 1000)]
    public double Repeat { get; init; } = 1;

    /// <summary>Count from one number to another.</summary>
    [Doc("Count from one number to another"), Range(0, 1000)]
    public double Count { get; init; } = 1;

    /// <summary>Spell digits.</summary>
    [Doc("Spell a number digit by digit"), Range(0, 1000)]
    public double Spell { get; init; } = 1;

    /// <summary>Reverse a string.</summary>
    [Doc("Reverse a string"), Range(0, 1000)]
    public double Reverse { get; init; } = 1;

    /// <summary>Sort a string.</summary>
    [Doc("Sort a string"), Range(0, 1000)]
    public double Sort { get; init; } = 1;

    /// <summary>Run a program of loops.</summary>
    [Doc("Expand a program of nested loops"), Range(0, 1000)]
    public double Expand { get; init; } = 1.5;

    /// <summary>Walk an automaton.</summary>
    [Doc("Walk an automaton to its halt"), Range(0, 1000)]
    public double Walk { get; init; } = 1;

    /// <summary>Tell a story.</summary>
    [Doc("Tell a story of random length"), Range(0, 1000)]
    public double Story { get; init; } = 3.5;

    /// <inheritdoc/>
    public SettingProblem? FindProblem() =>
        Array.Exists(InOrder, weight => weight is not (>= 0 and <= 1000)) ? new(nameof(Story), "a weight is out of range", "weights in 0..1000")
        : InOrder.Sum() > 0 ? null : new(nameof(Story), "all weights are 0", "one above 0");

    internal double[] InOrder => [Repeat, Count, Spell, Reverse, Sort, Expand, Walk, Story];
}

/// <summary>
/// Everything that decides which instructions the task makes. At the defaults outputs have 2 to 256 tokens, 50 to 70 in the mean, with
/// a squared coefficient of variation of 1 to 2 (section 7.1 of the length-prediction study).
/// </summary>
public sealed record InstructionSettings : ICheckedSettings
{
    /// <summary>The longest prompt that is made, in tokens.</summary>
    public const int MaxPromptTokens = 48;

    /// <summary>The longest output that can be asked for.</summary>
    internal const int LongestOutputTokens = 4096;

    /// <summary>All kinds.</summary>
    public static InstructionSettings Mixed { get; } = new();

    /// <summary>The kinds whose length the prompt shows.</summary>
    public static InstructionSettings Visible { get; } = new() { Weights = new() { Expand = 0, Walk = 0, Story = 0 } };

    /// <summary>Stories alone: length is a draw.</summary>
    public static InstructionSettings Stories { get; } = new()
    {
        Weights = new() { Repeat = 0, Count = 0, Spell = 0, Reverse = 0, Sort = 0, Expand = 0, Walk = 0 },
    };

    /// <summary>Names the streams of instructions. Which split a prompt belongs to does not depend on it.</summary>
    [Doc("Seed of the task's instructions")]
    public ulong Seed { get; init; } = 1;

    /// <summary>The mixture.</summary>
    [Doc("How often each kind is drawn, in proportion")]
    public InstructionWeights Weights { get; init; } = new();

    /// <summary>No answer is longer, its end token counted.</summary>
    [Doc("Longest output, end token counted", Unit = "tokens"), Range(32, LongestOutputTokens)]
    public int MaxOutputTokens { get; init; } = 256;

    /// <summary>Letters of a string to repeat, reverse or sort; no letter comes twice.</summary>
    [Doc("Letters of a string, lowest to highest", Unit = "letters")]
    public IntRange StringLength { get; init; } = new(2, 24);

    /// <summary>Rounds of a repetition.</summary>
    [Doc("Rounds of a repetition", Unit = "rounds")]
    public IntRange RepeatRounds { get; init; } = new(2, 9);

    /// <summary>Digits to spell.</summary>
    [Doc("Digits of a number to spell", Unit = "digits")]
    public IntRange Digits { get; init; } = new(3, 9);

    /// <summary>How many numbers are counted at most; fewer are more frequent.</summary>
    [Doc("Most numbers that are counted", Unit = "numbers"), Range(1, 100)]
    public int MaxCounted { get; init; } = 80;

    /// <summary>Rounds of one loop of a program.</summary>
    [Doc("Rounds of a program's loop", Unit = "rounds")]
    public IntRange LoopRounds { get; init; } = new(2, 5);

    /// <summary>Loops within loops.</summary>
    [Doc("Deepest nesting of a program's loops", Unit = "loops"), Range(1, 4)]
    public int Nesting { get; init; } = 2;

    /// <summary>States of an automaton; the walk passes 1 to all of them.</summary>
    [Doc("States of an automaton", Unit = "states")]
    public IntRange States { get; init; } = new(6, 15);

    /// <summary>Ticks that an automaton stays in a state.</summary>
    [Doc("Ticks spent in a state", Unit = "ticks")]
    public IntRange Ticks { get; init; } = new(1, 9);

    /// <summary>Probability that a story has another chapter; it says their number at its beginning, at most 9.</summary>
    [Doc("Probability of another chapter"), Range(0, 0.99)]
    public double ChapterContinuation { get; init; } = 0.75;

    /// <summary>Probability that another sentence follows in the shortest mood.</summary>
    [Doc("Probability of another sentence in the mood 'brief'"), Range(0, 0.99)]
    public double BriefContinuation { get; init; } = 0.6;

    /// <summary>Probability that another sentence follows in the longest mood; the other moods lie between, evenly.</summary>
    [Doc("Probability of another sentence in the mood 'epic'"), Range(0, 0.99)]
    public double EpicContinuation { get; init; } = 0.92;

    /// <inheritdoc/>
    public SettingProblem? FindProblem() =>
        Weights.FindProblem() is { } wrong ? new(nameof(Weights), wrong.What, wrong.Expected)
        : Outside(MaxOutputTokens, 32, LongestOutputTokens) ? new(nameof(MaxOutputTokens), $"is {MaxOutputTokens}", $"in 32..{LongestOutputTokens}")
        : Outside(MaxCounted, 1, 100) ? new(nameof(MaxCounted), $"is {MaxCounted}", "in 1..100")
        : Outside(Nesting, 1, 4) ? new(nameof(Nesting), $"is {Nesting}", "in 1..4")
        : Within(nameof(StringLength), StringLength, 26) ?? Within(nameof(RepeatRounds), RepeatRounds, 9) ?? Within(nameof(Digits), Digits, 40)
        ?? Within(nameof(LoopRounds), LoopRounds, 9) ?? Within(nameof(States), States, 15) ?? Within(nameof(Ticks), Ticks, 9)
        ?? Chance(nameof(ChapterContinuation), ChapterContinuation) ?? Chance(nameof(BriefContinuation), BriefContinuation)
        ?? Chance(nameof(EpicContinuation), EpicContinuation);

    /// <summary>Probability of another sentence in a mood, by its place among the moods.</summary>
    internal double Continuation(int mood) =>
        BriefContinuation + (EpicContinuation - BriefContinuation) * mood / (InstructionWords.Moods.Length - 1);

    private static bool Outside(int value, int low, int high) => value < low || value > high;

    private static SettingProblem? Within(string property, IntRange value, int high) =>
        value.Low <= value.High && value.Low >= 1 && value.High <= high ? null : new(property, $"is {value}", $"a range within 1..{high}");

    private static SettingProblem? Chance(string property, double value) =>
        value is >= 0 and <= 0.99 ? null : new(property, $"is {value}", "in 0..0.99");
}
