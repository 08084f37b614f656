using Retort.Core;
using Retort.Recipes.Experiment;
using Retort.Tasks;
using Retort.Tasks.Parity;
using Retort.Tasks.VariableAssignment;

namespace Retort.Recipes.LengthGeneralization;

/// <summary>Everything that decides a run of the study.</summary>
public sealed record LengthGeneralizationSettings : ICheckedSettings
{
    /// <summary>Seeds of weights and of the data's order.</summary>
    [Doc("Seeds of weights and of the data's order")]
    public IReadOnlyList<ulong> Seeds { get; init; } = [1];

    /// <summary>Parity with a scratchpad, at the lengths trained on.</summary>
    [Doc("Parity with a scratchpad, at the lengths trained on")]
    public ParitySettings Parity { get; init; } = new() { Length = new(1, 12), LongWeight = 2 };

    /// <summary>Its models.</summary>
    [Doc("Models of parity")]
    public ScratchpadSettings ParityModels { get; init; } = new() { TestLengths = [12, 24] };

    /// <summary>Variable assignment, at the lengths trained on.</summary>
    [Doc("Variable assignment, at the lengths trained on")]
    public VariableAssignmentSettings Variables { get; init; } = new() { Length = new(2, 12), LongWeight = 1 };

    /// <summary>Its models.</summary>
    [Doc("Models of variable assignment")]
    public ScratchpadSettings VariableModels { get; init; } = new() { TestLengths = [12, 18] };

    /// <summary>Whether coupling is trained in other ways beside.</summary>
    [Doc("Whether coupling is trained with other ids and weights of their loss beside, and parity with T5's bias, FIRE and plain ids changed as the coupled ones are")]
    public bool Ablations { get; init; } = true;

    /// <summary>Sequences decoded together.</summary>
    [Doc("Sequences decoded together", Unit = "sequences"), Positive]
    public int DecodeSequences { get; init; } = 128;

    /// <inheritdoc/>
    public SettingProblem? FindProblem() =>
        SeedList.FindProblem(nameof(Seeds), Seeds)
        ?? Lengths(nameof(ParityModels), ParityModels, Parity.Length, 2)
        ?? Lengths(nameof(VariableModels), VariableModels, Variables.Length, 1.5)
        ?? (Variables.NumNames < VariableModels.TestLengths[^1] + 2
            ? new(nameof(Variables), $"has {Variables.NumNames} names", $"at least {VariableModels.TestLengths[^1] + 2}, for {VariableModels.TestLengths[^1]} lines")
            : null);

    private static SettingProblem? Lengths(string property, ScratchpadSettings models, IntRange trained, double judged) =>
        models.TestLengths.Zip(models.TestLengths.Skip(1)).Any(pair => pair.First >= pair.Second) || models.TestLengths.Count == 0
            ? new(property, "testLengths do not ascend", "lengths, each larger than the one before")
        : models.TestLengths[0] < trained.Low ? new(property, $"asks length {models.TestLengths[0]}", $"at least {trained.Low}")
        : !models.TestLengths.Contains(trained.High)
            ? new(property, $"testLengths lack {trained.High}", "the longest length trained on among them: guards look at it")
        : !models.TestLengths.Any(length => length == judged * trained.High)
            ? new(property, FormattableString.Invariant($"testLengths lack {judged * trained.High}"),
                FormattableString.Invariant($"{judged} times the longest length trained on among them: claims look at it"))
        : null;
}
