using Retort.Inference.Kv;
using Retort.Inference.Lengths;

namespace Retort.Inference;

/// <summary>
/// A submitted request and how far its samples are. The first sample prefills the prompt; the others, which join when that is done, share
/// all of it but the last token.
/// </summary>
internal sealed class RequestState(int index, GenerationRequest request, int maxLength, bool predictsIds, double arrivalSeconds)
{
    public int Index { get; } = index;

    public GenerationRequest Request { get; } = request;

    /// <summary>The prompt's keys, held for samples that have not begun.</summary>
    public SharedPrefix Prefix { get; } = new();

    /// <summary>What was believed of its length when it arrived.</summary>
    public LengthBelief Belief { get; set; } = null!;

    /// <summary>What was believed when the first sample had read the prompt; the others, which read no more than its end, take it over.</summary>
    public LengthBelief? PromptBelief { get; set; }

    /// <summary>Tokens that samples share.</summary>
    public int PrefixLength => Request.Prompt.Length - 1;

    /// <summary>Live samples.</summary>
    public List<Sequence> Live { get; } = [];

    /// <summary>Samples that exist.</summary>
    public int NumCreated { get; private set; }

    /// <summary>Samples that have had a place.</summary>
    public int NumBegun { get; set; }

    /// <summary>The next sample.</summary>
    public Sequence Create()
    {
        var belief = (PromptBelief ?? Belief).Copy();
        var sequence = new Sequence(this, NumCreated, belief, predictsIds)
        {
            Order = ((long)Index << 32) | (uint)NumCreated,
            ArrivalSeconds = arrivalSeconds,
            NumPromptTokens = Request.Prompt.Length,
            MaxLength = maxLength,
            Priority = Request.Priority,
            PredictedLength = belief.Initial,
            PredictedRemaining = belief.Remaining(0),
            Prefix = Prefix,
        };
        NumCreated++;
        Live.Add(sequence);
        return sequence;
    }
}
