using Retort.Core;
using Retort.Inference.Lengths;
using Retort.Inference.Scheduling;

namespace Retort.Inference;

/// <summary>A sample being completed. What decides its tokens is here, not in its place in the batch, so that losing one changes nothing.</summary>
internal sealed class Sequence : ScheduledSequence
{
    private static readonly ulong SamplePurpose = CounterRandom.Hash("generation/sample");

    private int[]? tokens;
    private float[]? logprobs;

    public Sequence(RequestState request, int sample, LengthBelief belief)
    {
        (Request, Sample, Belief) = (request, sample, belief);
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

    /// <summary>Takes memory for its tokens: when it first runs, since many may wait. False: it has begun before.</summary>
    public bool TryBegin()
    {
        if (tokens is not null)
        {
            return false;
        }

        (tokens, logprobs) = (new int[MaxLength], new float[MaxLength - NumPromptTokens]);
        Request.Request.Prompt.CopyTo(tokens, 0);
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

    /// <summary>Adds a drawn token.</summary>
    public void Add(int token, float logprob)
    {
        tokens![NumPromptTokens + NumGenerated] = token;
        logprobs![NumGenerated++] = logprob;
        PredictedRemaining = Belief.Remaining(NumGenerated);
    }
}
