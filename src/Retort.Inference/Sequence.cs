using Retort.Core;
using Retort.Inference.Lengths;
using Retort.Inference.Scheduling;

namespace Retort.Inference;

/// <summary>A sample being completed. What decides its tokens is here, not in its place in the batch, so that losing one changes nothing.</summary>
internal sealed class Sequence : ScheduledSequence
{
    private static readonly ulong SamplePurpose = CounterRandom.Hash("generation/sample");

    private readonly bool predictsIds;
    private int[]? tokens, ids;
    private float[]? logprobs;

    /// <summary>A sample; with <paramref name="predictsIds"/> the model says its new tokens' position ids.</summary>
    public Sequence(RequestState request, int sample, LengthBelief belief, bool predictsIds)
    {
        (Request, Sample, Belief, this.predictsIds) = (request, sample, belief, predictsIds);
        SharesKeys = !predictsIds && request.Request.PositionIds is null;
        Random = CounterRandom.For(request.Request.Seed, SamplePurpose, (ulong)sample);
    }

    /// <summary>What is being completed.</summary>
    public RequestState Request { get; }

    /// <summary>Which of its samples.</summary>
    public int Sample { get; }

    /// <summary>What is believed of its length.</summary>
    public LengthBelief Belief { get; private set; }

    /// <summary>This sample's own stream of random numbers.</summary>
    public CounterRandom Random;

    /// <inheritdoc/>
    public override ReadOnlySpan<int> KnownTokens => tokens is null ? Request.Request.Prompt : tokens.AsSpan(0, NumPromptTokens + NumGenerated);

    /// <summary>Drawn tokens.</summary>
    public int[] NewTokens => tokens![NumPromptTokens..(NumPromptTokens + NumGenerated)];

    /// <summary>Their log-probabilities.</summary>
    public float[] NewLogprobs => logprobs![..NumGenerated];

    /// <summary>Position ids of the drawn tokens; null where they are places in the sequence.</summary>
    public int[]? NewIds => ids?[NumPromptTokens..(NumPromptTokens + NumGenerated)];

    /// <summary>Position id of token <paramref name="index"/>.</summary>
    public int IdAt(int index) => ids is null ? index : ids[index];

    /// <summary>Takes memory for its tokens: when it first runs, since many may wait. False: it has begun before.</summary>
    public bool TryBegin()
    {
        if (tokens is not null)
        {
            return false;
        }

        (tokens, logprobs) = (new int[MaxLength], new float[MaxLength - NumPromptTokens]);
        Request.Request.Prompt.CopyTo(tokens, 0);
        if (!SharesKeys)
        {
            ids = new int[MaxLength];
            var given = Request.Request.PositionIds;
            for (var i = 0; i < NumPromptTokens; i++)
            {
                ids[i] = given is null ? i : given[i];
            }
        }

        Request.NumBegun++;
        return true;
    }

    /// <summary>Before its first token: takes over what a sibling has read from the prompt, if one has.</summary>
    public bool SharesPromptBelief()
    {
        if (NumGenerated > 0 || Request.PromptBelief is not { } belief)
        {
            return false;
        }

        Belief = belief.Copy();
        return true;
    }

    /// <summary>Adds a drawn token; <paramref name="predictedId"/> is its position id where the model says it.</summary>
    public void Add(int token, float logprob, int predictedId)
    {
        var index = NumPromptTokens + NumGenerated;
        tokens![index] = token;
        if (ids is not null)
        {
            var given = Request.Request.PositionIds;
            ids[index] = index < given?.Length ? given[index] : predictsIds ? predictedId : ids[index - 1] + 1;
        }

        logprobs![NumGenerated++] = logprob;
        PredictedRemaining = Belief.Remaining(NumGenerated);
    }
}
