using Retort.Inference.Kv;

namespace Retort.Inference;

/// <summary>
/// A submitted request and how far its samples are. The first sample prefills the prompt; the others, which join when that is done, share
/// all of it but the last token.
/// </summary>
internal sealed class RequestState(int index, GenerationRequest request, int maxLength, double arrivalSeconds)
{
    public int Index { get; } = index;

    public GenerationRequest Request { get; } = request;

    /// <summary>The prompt's keys, held for samples that have not begun.</summary>
    public SharedPrefix Prefix { get; } = new();

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
        var sequence = new Sequence(this, NumCreated)
        {
            Order = ((long)Index << 32) | (uint)NumCreated,
            ArrivalSeconds = arrivalSeconds,
            NumPromptTokens = Request.Prompt.Length,
            MaxLength = maxLength,
            Priority = Request.Priority,
            Prefix = Prefix,
        };
        NumCreated++;
        Live.Add(sequence);
        return sequence;
    }
}
