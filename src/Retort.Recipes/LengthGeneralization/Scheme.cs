using Retort.Models;
using Retort.Tasks;
using Retort.Training;

namespace Retort.Recipes.LengthGeneralization;

/// <summary>How a model knows where tokens stand (section 4 of the specification).</summary>
/// <param name="Name">Of files.</param>
/// <param name="Label">In tables and figures.</param>
/// <param name="Position">In the model.</param>
/// <param name="Ids">Of the tokens.</param>
/// <param name="Color">Place in the palette.</param>
internal sealed record Scheme(string Name, string Label, PositionKind Position, PositionScheme Ids, int Color)
{
    /// <summary>The model predicts the ids of what it writes.</summary>
    public bool Predicts { get; init; }

    /// <summary>How training changes ids; null: as the study's coupled ids are changed.</summary>
    public PositionJitterKind? Jitter { get; init; }

    /// <summary>Shown beside, no claim's own.</summary>
    public bool IsVariant { get; init; }

    /// <summary>Lambda: weight of the ids' loss.</summary>
    public float IdLossWeight { get; init; } = 1;

    /// <summary>Tokens that belong together have one id, which the task says.</summary>
    public static Scheme Coupled { get; } = new("coupled", "position coupling", PositionKind.Learned, PositionScheme.Coupled, 0);

    /// <summary>The same ids, which the model predicts as it writes (section 4.1).</summary>
    public static Scheme Predictive { get; } = Coupled with { Name = "predictive", Label = "predictive coupling", Color = 2, Predicts = true };

    /// <summary>Rotary.</summary>
    public static Scheme Rope { get; } = new("rope", "RoPE", PositionKind.Rope, PositionScheme.Consecutive, 1) { Jitter = PositionJitterKind.None };

    /// <summary>Nothing but the causal mask.</summary>
    public static Scheme NoPe { get; } = new("nope", "NoPE", PositionKind.None, PositionScheme.Consecutive, 5) { Jitter = PositionJitterKind.None };

    /// <summary>A bias that falls with the distance.</summary>
    public static Scheme Alibi { get; } = new("alibi", "ALiBi", PositionKind.Alibi, PositionScheme.Consecutive, 4) { Jitter = PositionJitterKind.None };

    /// <summary>A table of places, shifted at random in training.</summary>
    public static Scheme Learned { get; } =
        new("learned", "learned, random start", PositionKind.Learned, PositionScheme.Consecutive, 3) { Jitter = PositionJitterKind.Offset };

    /// <summary>Learned numbers by bucket of the distance.</summary>
    public static Scheme T5 { get; } =
        new("t5", "T5 bias", PositionKind.T5, PositionScheme.Consecutive, 6) { Jitter = PositionJitterKind.None, IsVariant = true };

    /// <summary>A learned function of the normalised distance.</summary>
    public static Scheme Fire { get; } =
        new("fire", "FIRE", PositionKind.Fire, PositionScheme.Consecutive, 7) { Jitter = PositionJitterKind.None, IsVariant = true };

    /// <summary>Rotary, its ids changed in training as the coupled ones are: what spreading alone does (randomised positions; PoSE).</summary>
    public static Scheme RopeSpread { get; } = Rope with { Name = "rope-spread", Label = "RoPE, ids as coupled ones change", Jitter = null, IsVariant = true };

    /// <summary>The same of a table of places.</summary>
    public static Scheme LearnedSpread { get; } = Learned with { Name = "learned-spread", Label = "learned, ids as coupled ones change", Jitter = null, IsVariant = true };

    /// <summary>Ids that are shifted only, as the literature's are.</summary>
    public static Scheme CoupledOffset { get; } =
        Coupled with { Name = "coupled-offset", Label = "position coupling, shifted ids", Jitter = PositionJitterKind.Offset, Color = 6, IsVariant = true };

    /// <summary>The same, predicted.</summary>
    public static Scheme PredictiveOffset { get; } =
        Predictive with { Name = "predictive-offset", Label = "predictive, shifted ids", Color = 5, Jitter = PositionJitterKind.Offset, IsVariant = true };

    /// <summary>Ids that are a sorted random subset of all there are (section 8.4).</summary>
    public static Scheme PredictiveSubset { get; } =
        Predictive with { Name = "predictive-subset", Label = "predictive, ids from all over", Color = 3, Jitter = PositionJitterKind.Subset, IsVariant = true };

    /// <summary>Ablation (c): ids begin at the same number always.</summary>
    public static Scheme PredictiveFixed { get; } =
        Predictive with { Name = "predictive-fixed", Label = "predictive, no offset", Color = 7, Jitter = PositionJitterKind.None, IsVariant = true };

    /// <summary>Ablation (a): the ids' loss counts a tenth.</summary>
    public static Scheme PredictiveLight { get; } =
        Predictive with { Name = "predictive-light", Label = "predictive, lambda 0.1", Color = 4, IdLossWeight = 0.1f, IsVariant = true };
}
