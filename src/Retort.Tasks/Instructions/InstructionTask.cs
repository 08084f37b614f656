using Retort.Core;

namespace Retort.Tasks.Instructions;

/// <summary>
/// Short instructions whose outputs differ much in length: of some the prompt shows it, of some it follows from the prompt but only doing the
/// work shows it, of stories it is a draw (section 7.1 of the length-prediction study). Immutable; every member may be called from any
/// thread.
/// </summary>
public sealed class InstructionTask : ITask
{
    private const int MaxDraws = 100_000, TestPercent = 10, ValidationPercent = 5;

    private readonly double[] weights;
    private readonly ulong[] purposes = [.. Enum.GetNames<Split>().Select(name => CounterRandom.Hash("instructions/" + name))];

    /// <summary>Checks the settings (<see cref="UserError"/>) and builds the task.</summary>
    public InstructionTask(InstructionSettings? settings = null)
    {
        Settings = settings ?? new InstructionSettings();
        if (Settings.FindProblem() is { } problem)
        {
            throw UserError.Request($"task.{char.ToLowerInvariant(problem.Property[0])}{problem.Property[1..]}", problem.What, problem.Expected);
        }

        weights = Settings.Weights.InOrder;
    }

    /// <inheritdoc/>
    public string Name => "instructions";

    /// <summary>The settings.</summary>
    public InstructionSettings Settings { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Vocabulary => InstructionWords.Vocabulary;

    /// <inheritdoc/>
    TaskItem ITask.Create(Split split, long index) => Create(split, index);

    /// <summary>
    /// As <see cref="ITask.Create"/>, typed. The kind is drawn first; then prompts, until one belongs to the split. A hash of the prompt
    /// says to which one, so splits are disjoint for any seed; the indices of one split may repeat a prompt.
    /// </summary>
    /// <exception cref="UserError">The settings leave the kind no prompt.</exception>
    public InstructionItem Create(Split split, long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        var random = CounterRandom.For(Settings.Seed, purposes[(int)split], (ulong)index);
        var kind = DrawKind(ref random);
        for (var draw = 0; draw < MaxDraws; draw++)
        {
            var arguments = DrawArguments(kind, ref random);
            var prompt = string.Join(' ', [InstructionWords.Kinds[(int)kind], .. arguments, InstructionWords.Close]);
            if (arguments.Count <= InstructionSettings.MaxPromptTokens - 2 && SplitOf(prompt) == split
                && Demonstrate(prompt, ref random) is { } answer && answer.Count < Settings.MaxOutputTokens)
            {
                return new InstructionItem($"{split.ToString().ToLowerInvariant()}-{index}", prompt, string.Join(' ', answer), kind);
            }
        }

        throw UserError.Request($"task {Name}", $"no prompt of the kind '{InstructionWords.Kinds[(int)kind]}' in {MaxDraws} draws", "wider ranges");
    }

    /// <summary>A prompt from outside; of a story one is drawn, named by seed and prompt.</summary>
    /// <exception cref="UserError">The prompt is not of the grammar, or its answer is longer than the settings allow.</exception>
    public InstructionItem FromPrompt(string prompt, string id)
    {
        var random = CounterRandom.For(Settings.Seed, "instructions/outside", CounterRandom.Hash(prompt));
        var answer = Demonstrate(prompt, ref random)
            ?? throw UserError.Request(id, $"'{prompt}' is no instruction", "a prompt of the task, e.g. 'reverse a b c :'");
        return answer.Count < Settings.MaxOutputTokens
            ? new InstructionItem(id, prompt, string.Join(' ', answer), KindOf(prompt)!.Value)
            : throw UserError.Request(id, $"the output has {answer.Count + 1} tokens", $"at most task.maxOutputTokens = {Settings.MaxOutputTokens}");
    }

    /// <summary>The kind that a prompt's first word names; null if it names none.</summary>
    public static InstructionKind? KindOf(string prompt) =>
        new WordReader(prompt).PassOneOf(InstructionWords.Kinds) is >= 0 and var kind ? (InstructionKind)kind : null;

    /// <summary>The answer that follows from a prompt; null if it is a story's, is malformed, never halts or passes 4,095 words.</summary>
    public static string? Solve(string prompt) => Answer(prompt) is { } words ? string.Join(' ', words) : null;

    /// <summary>
    /// What follows from the prompt must come word for word; a story must be one of the grammar about the prompt's cast and things, of any length. The
    /// answer is the completion with single spaces, if all of it is words of the grammar.
    /// </summary>
    public Verdict Verify(TaskItem item, string completion)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(completion);
        var (reader, written) = (new WordReader(item.Prompt), new WordReader(completion));
        var correct = reader.Pass(InstructionWords.Kinds[(int)InstructionKind.Story])
            ? StoryGrammar.ReadPrompt(reader) is { } story && StoryGrammar.Accepts(story, written)
            : Solve(item.Prompt) is { } answer && answer == written.Canonical;
        return new Verdict(correct, written.Canonical);
    }

    /// <summary>The split of a prompt: a tenth of all is test, a twentieth validation.</summary>
    internal static Split SplitOf(string prompt) => (CounterRandom.Hash(prompt) % 100) switch
    {
        < TestPercent => Split.Test,
        < TestPercent + ValidationPercent => Split.Validation,
        _ => Split.Train,
    };

    private InstructionKind DrawKind(ref CounterRandom random)
    {
        var left = random.NextDouble() * weights.Sum();
        var kind = Array.FindLastIndex(weights, weight => weight > 0);
        for (var i = 0; i < kind; i++)
        {
            left -= weights[i];
            if (left < 0)
            {
                return (InstructionKind)i;
            }
        }

        return (InstructionKind)kind;
    }

    private List<string> DrawArguments(InstructionKind kind, ref CounterRandom random) => kind switch
    {
        InstructionKind.Expand => LoopProgram.Draw(Settings, ref random),
        InstructionKind.Walk => TickingAutomaton.Draw(Settings, ref random),
        InstructionKind.Story => StoryGrammar.DrawPrompt(ref random),
        _ => StringInstructions.Draw(kind, Settings, ref random),
    };

    private List<string>? Demonstrate(string prompt, ref CounterRandom random)
    {
        var reader = new WordReader(prompt);
        return reader.Pass(InstructionWords.Kinds[(int)InstructionKind.Story])
            ? StoryGrammar.ReadPrompt(reader) is { } story ? StoryGrammar.Draw(Settings, story, ref random) : null
            : Answer(prompt);
    }

    private static List<string>? Answer(string prompt)
    {
        var reader = new WordReader(prompt);
        return reader.PassOneOf(InstructionWords.Kinds) switch
        {
            -1 or (int)InstructionKind.Story => null,
            (int)InstructionKind.Expand => LoopProgram.Answer(reader, InstructionSettings.LongestOutputTokens - 1),
            (int)InstructionKind.Walk => TickingAutomaton.Answer(reader),
            var kind => StringInstructions.Answer((InstructionKind)kind, reader),
        };
    }
}
