using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Tasks;
using Retort.Tasks.Lengths;
using Retort.Tasks.Parity;
using Retort.Tasks.VariableAssignment;
using Retort.Training;

namespace Retort.Recipes.LengthGeneralization;

/// <summary>A task with a scratchpad: trained at some lengths, asked at these and longer ones.</summary>
/// <param name="name">Of files.</param>
/// <param name="title">In tables and figures.</param>
/// <param name="settings">How models are trained and asked.</param>
/// <param name="judged">The length that claims look at, over the longest trained on.</param>
/// <param name="trained">Lengths trained on.</param>
/// <param name="taskOf">The task at given lengths.</param>
internal sealed class Study(
    string name, string title, ScratchpadSettings settings, double judged, IntRange trained, Func<IntRange, ILengthTask> taskOf)
{
    /// <summary>Names of the studies.</summary>
    public const string Parity = "parity", Variables = "variables";

    /// <summary>Of files.</summary>
    public string Name => name;

    /// <summary>In tables and figures.</summary>
    public string Title => title;

    /// <summary>How models are trained and asked.</summary>
    public ScratchpadSettings Settings => settings;

    /// <summary>Lengths trained on.</summary>
    public IntRange Trained => trained;

    /// <summary>The length that claims look at.</summary>
    public int Judged => (int)(judged * trained.High);

    /// <summary>Lengths asked that were trained on.</summary>
    public IEnumerable<int> InRange => settings.TestLengths.Where(length => length <= trained.High);

    /// <summary>The task that models learn.</summary>
    public ILengthTask Task { get; } = taskOf(trained);

    /// <summary>A study of the settings.</summary>
    public static Study Of(string name, LengthGeneralizationSettings settings) => name == Parity
        ? new(name, "parity with scratchpad", settings.ParityModels, 2, settings.Parity.Length, range => new ParityTask(settings.Parity with { Length = range }))
        : new(name, "variable assignment", settings.VariableModels, 1.5, settings.Variables.Length,
            range => new VariableAssignmentTask(settings.Variables with { Length = range }));

    /// <summary>The task at one length.</summary>
    public ILengthTask At(int length) => taskOf(new(length, length));

    /// <summary>A scheme's model, with room for the longest test.</summary>
    public ModelConfig Config(Scheme scheme, ITokenizer tokenizer)
    {
        var longest = At(settings.TestLengths[^1]);
        var config = settings.Model.Config(tokenizer, longest.MaxTokens, 10_000, $"{name}Models.model");
        return (config with
        {
            Position = scheme.Position,
            PredictsPositions = scheme.Predicts,
            NumPositionIds = scheme.Ids == PositionScheme.Coupled ? longest.MaxPositionId(PositionScheme.Coupled) + 1 + settings.SpareIds : longest.MaxTokens,
        }).Validated($"{name}Models.model");
    }

    /// <summary>How a scheme's model is trained.</summary>
    public TrainerSettings Trainer(Scheme scheme) => settings.Training.TrainerSettings with
    {
        PositionJitter = scheme.Jitter ?? settings.CoupledJitter,
        PositionLossWeight = scheme.IdLossWeight,
    };
}

/// <summary>One kind of model: a task and a scheme.</summary>
/// <param name="Study">Name of the study.</param>
/// <param name="Scheme">The scheme.</param>
internal sealed record ModelKind(string Study, Scheme Scheme)
{
    /// <summary>Encodings that know nothing of the task.</summary>
    public static readonly Scheme[] Standard = [Scheme.Rope, Scheme.NoPe, Scheme.Alibi, Scheme.Learned];

    /// <summary>Those that variable assignment is tried with (figure 5).</summary>
    public static readonly Scheme[] StandardOfVariables = [Scheme.Rope, Scheme.Learned];

    private static readonly Scheme[]
        OtherOfParity = [Scheme.T5, Scheme.Fire, Scheme.CoupledOffset, Scheme.RopeSpread, Scheme.LearnedSpread],
        OtherPredictive = [Scheme.PredictiveFixed, Scheme.PredictiveOffset, Scheme.PredictiveSubset, Scheme.PredictiveLight];

    /// <summary>"parity-rope".</summary>
    public string Name => $"{Study}-{Scheme.Name}";

    /// <summary>Files of one seed's model.</summary>
    public string FileName(ulong seed) => $"{Name}-seed{seed}";

    /// <summary>The cells that a claim is judged by; what it only shows beside is among them.</summary>
    public static IReadOnlyList<ModelKind> Of(string claim, LengthGeneralizationSettings settings) => claim switch
    {
        "B4" => [Parity(Scheme.Coupled), .. Standard.Select(Parity), .. (settings.Ablations ? OtherOfParity : []).Select(Parity)],
        "B5" => [Variables(Scheme.Predictive), .. (settings.Ablations ? OtherPredictive : []).Select(Variables)],
        "B6" => [Parity(Scheme.Predictive), .. Standard.Select(Parity), .. (settings.Ablations ? [Scheme.PredictiveOffset] : Array.Empty<Scheme>()).Select(Parity)],
        "B6b" => [Variables(Scheme.Predictive), .. StandardOfVariables.Select(Variables)],
        _ => [],
    };

    private static ModelKind Parity(Scheme scheme) => new(LengthGeneralization.Study.Parity, scheme);

    private static ModelKind Variables(Scheme scheme) => new(LengthGeneralization.Study.Variables, scheme);
}
