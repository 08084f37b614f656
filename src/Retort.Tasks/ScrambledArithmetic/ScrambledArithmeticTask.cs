using System.Globalization;
using Retort.Core;

namespace Retort.Tasks.ScrambledArithmetic;

/// <summary>
/// A chain of calculations whose labelled steps stand in scrambled order, to be solved in one of three formats: a program, tagged code or natural
/// text (section 7.1 of the study of formats). Which one is the solver's choice: the prompt does not say. A hash of the chain says
/// which split it belongs to, so splits share no problem in any order of its steps. Immutable; any thread may call any member.
/// </summary>
public sealed class ScrambledArithmeticTask : ITask
{
    private const int MaxDraws = 100_000, TestPercent = 10, ValidationPercent = 5, NumFormats = 3;

    // Of all items of the training split and of the others: the formats' shares and, last, the background's.
    private readonly double[] trainShares, otherShares;

    /// <summary>Checks the settings (<see cref="UserError"/>) and builds the task.</summary>
    public ScrambledArithmeticTask(ScrambledArithmeticSettings? settings = null)
    {
        Settings = settings ?? new ScrambledArithmeticSettings();
        if (Settings.FindProblem() is { } problem)
        {
            throw UserError.Request($"task.{char.ToLowerInvariant(problem.Property[0])}{problem.Property[1..]}", problem.What, problem.Expected);
        }

        otherShares = Normalised([.. Enum.GetValues<ArithmeticFormat>().Select(format => Settings.Shares[format]), 0]);
        double[] weights = [.. otherShares.Select(share => share * (1 - Settings.Background))];
        (weights[0], weights[NumFormats]) = (weights[0] * Settings.ProgramCopies, Settings.Background);
        trainShares = Normalised(weights);
    }

    /// <inheritdoc/>
    public string Name => "scrambled-arithmetic";

    /// <summary>The settings.</summary>
    public ScrambledArithmeticSettings Settings { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Vocabulary => ArithmeticWords.Vocabulary;

    /// <inheritdoc/>
    TaskItem ITask.Create(Split split, long index) => Create(split, index);

    /// <summary>
    /// As <see cref="ITask.Create"/>, typed. In the training split programs have evenly spread places, of which so many in a row as there are copies hold the
    /// same item; what the other places hold is drawn. Only there are facts and corrupted demonstrations.
    /// </summary>
    /// <exception cref="UserError">The settings leave a split no problem.</exception>
    public ArithmeticItem Create(Split split, long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        var id = string.Create(CultureInfo.InvariantCulture, $"{Lower(split)}-{index}");
        var shares = split == Split.Train ? trainShares : otherShares;
        var rank = (long)Math.Floor(index * shares[0]);
        if ((long)Math.Floor((index + 1) * shares[0]) > rank)
        {
            return Solve(id, split, ArithmeticFormat.Program, split == Split.Train ? rank / Settings.ProgramCopies : rank);
        }

        var left = CounterRandom.For(Settings.Seed, $"{Name}/{Lower(split)}/pick", (ulong)index).NextDouble() * (1 - shares[0]);
        var pick = 1;
        while (pick < NumFormats && (left -= shares[pick]) >= 0)
        {
            pick++;
        }

        // A sum of shares may end below 1 by a rounding.
        pick = shares[pick] > 0 ? pick : Array.FindLastIndex(shares, share => share > 0);
        if (pick < NumFormats)
        {
            return Solve(id, split, (ArithmeticFormat)pick, index);
        }

        var random = CounterRandom.For(Settings.Seed, $"{Name}/facts", (ulong)index);
        var (prompt, answer) = ArithmeticFacts.Draw(Settings.FactsPerSequence, ref random);
        return new(id, prompt, answer, null, Settings.FactsPerSequence, false);
    }

    /// <summary>A problem from outside, with its solution as a program.</summary>
    /// <exception cref="UserError">The prompt is not of the grammar.</exception>
    public ArithmeticItem FromPrompt(string prompt, string id) => Chain.Read(prompt) is { } chain
        ? Item(id, prompt, chain, ArithmeticFormat.Program, false)
        : throw UserError.Request(id, $"'{prompt}' is no problem", "a prompt of the task, e.g. 'Q 2 : + 7 ; 1 : 5 ; 3 : x 2 ='");

    /// <summary>The right solution of a problem in a format, whatever its demonstration is; null if the prompt is no problem.</summary>
    public string? Solution(TaskItem item, ArithmeticFormat format)
    {
        ArgumentNullException.ThrowIfNull(item);
        return Chain.Read(item.Prompt) is { } chain ? Item(item.Id, item.Prompt, chain, format, false).Answer : null;
    }

    /// <summary>
    /// The format of a completion: one comparison with its first token, whatever follows and whether or not it is right. Null if it is of no
    /// format.
    /// </summary>
    public static ArithmeticFormat? FormatOf(string completion)
    {
        ArgumentNullException.ThrowIfNull(completion);
        return AnswerReader.FormatOf(completion);
    }

    /// <summary>
    /// Right if the completion's value is the chain's: a program is run, tagged code is computed or, if it cannot be, its output believed, and of
    /// natural text the last number counts. Facts are right if their value comes first. The answer is the value.
    /// </summary>
    public Verdict Verify(TaskItem item, string completion)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(completion);
        var (expected, value) = Chain.Read(item.Prompt) is { } chain
            ? (chain.Value, AnswerReader.ValueOf(completion))
            : (ArithmeticFacts.ValueOf(item.Prompt), ArithmeticSandbox.Evaluate(ArithmeticWords.Split(completion).FirstOrDefault("")));
        return new Verdict(value is not null && value == expected, value?.ToString(CultureInfo.InvariantCulture));
    }

    private ArithmeticItem Solve(string id, Split split, ArithmeticFormat format, long number)
    {
        var random = CounterRandom.For(Settings.Seed, $"{Name}/{Lower(split)}/{format}", (ulong)number);
        var corrupted = random.NextDouble() < Settings.Corruption[format] && split == Split.Train;
        var numSteps = random.NextInt32(Settings.Steps.Low, Settings.Steps.High);
        for (var draw = 0; draw < MaxDraws; draw++)
        {
            var chain = Chain.Draw(numSteps, ref random);
            int[] order = [.. Enumerable.Range(0, numSteps + 1)];
            if (SplitOf(chain.Prompt(order)) != split || (corrupted ? chain.Corrupt(ref random) : chain) is not { } written)
            {
                continue;
            }

            random.Shuffle(order.AsSpan());
            return Item(id, chain.Prompt(order), written, format, corrupted);
        }

        throw UserError.Request($"task {Name}", $"no problem of the split '{Lower(split)}' in {MaxDraws} draws", "more steps");
    }

    private ArithmeticItem Item(string id, string prompt, Chain written, ArithmeticFormat format, bool corrupted) => new(
        id, prompt, AnswerWriter.Write(format, written, Settings.ProgramRepeatsPrompt ? string.Join(' ', ArithmeticWords.Split(prompt)[1..^1]) : null),
        format, written.Steps.Count, corrupted);

    private static string Lower(Split split) => split.ToString().ToLowerInvariant();

    /// <summary>The split of a problem, by its prompt with the steps in order: a tenth of all is test, a twentieth validation.</summary>
    private static Split SplitOf(string ordered) => (CounterRandom.Hash(ordered) % 100) switch
    {
        < TestPercent => Split.Test,
        < TestPercent + ValidationPercent => Split.Validation,
        _ => Split.Train,
    };

    private static double[] Normalised(double[] weights)
    {
        var total = weights.Sum();
        return [.. weights.Select(weight => weight / total)];
    }
}
