using System.Text;
using Retort.Inference;
using Retort.Models.Tokenizers;
using Retort.Tensors;

namespace Retort.Server.Api;

/// <summary>A token of an answer with its place in the text.</summary>
/// <param name="Token">The token.</param>
/// <param name="Logprob">Its log-probability.</param>
/// <param name="Top">The most probable tokens in its place.</param>
/// <param name="Start">Character of the answer that its text begins at.</param>
/// <param name="End">Character its text ends before, as far as that is known when it comes.</param>
internal readonly record struct PlacedToken(int Token, float Logprob, TokenLogprob[] Top, int Start, int End);

/// <summary>
/// One answer as it grows: tokens in, text and log-probabilities out, both no sooner than it is certain that no stop string takes them
/// back. Characters spread over tokens come with their last byte.
/// </summary>
internal sealed class ChoiceText
{
    private readonly StreamDecoder decoder;
    private readonly StopStrings stops;
    private readonly IReadOnlyList<int> stopTokens;
    private readonly bool ignoresStop;
    private readonly List<PlacedToken>? placed;
    private readonly StringBuilder ready = new();
    private int numDecoded, numReleased;

    public ChoiceText(GenerationCall call, ServedModel model, int[] prompt)
    {
        var continues = prompt.Any(token => !model.Tokenizer.IsSpecial(token));
        (decoder, stops, stopTokens) = (model.Tokenizer.CreateDecoder(continues), new StopStrings(call.Stops), model.StopTokens);
        (ignoresStop, placed) = (call.IgnoresStop, call.NumTopLogprobs is null ? null : []);
    }

    /// <summary>"stop" or "length" once the answer has ended.</summary>
    public string? FinishReason { get; private set; }

    /// <summary>Tokens drawn for it, a closing stop token included.</summary>
    public int NumTokens { get; private set; }

    /// <summary>Adds a drawn token; true if a stop string is complete with it, and the answer at its end.</summary>
    public bool Add(int token, float logprob, TokenLogprob[] top)
    {
        NumTokens++;
        if (!ignoresStop && stopTokens.Contains(token))
        {
            return false;
        }

        var (text, start) = (decoder.Append(token), numDecoded);
        numDecoded += text.Length;
        placed?.Add(new PlacedToken(token, logprob, top, start, numDecoded));
        Release(stops.Append(text));
        if (!stops.HasStopped)
        {
            return false;
        }

        placed?.RemoveAll(item => item.Start >= numReleased);
        FinishReason = "stop";
        return true;
    }

    /// <summary>The engine ended the answer.</summary>
    public void End(FinishReason reason)
    {
        Release(stops.Append(decoder.Flush()));
        FinishReason = reason == Inference.FinishReason.Stop || stops.HasStopped ? "stop" : "length";
        if (stops.HasStopped)
        {
            placed?.RemoveAll(item => item.Start >= numReleased);
        }
        else
        {
            Release(stops.Flush());
        }
    }

    /// <summary>The text that became certain since the last call, and its tokens where log-probabilities are wanted.</summary>
    public (string Text, IReadOnlyList<PlacedToken> Tokens) Take()
    {
        var text = ready.ToString();
        ready.Clear();
        if (placed is null)
        {
            return (text, []);
        }

        var count = FinishReason is not null ? placed.Count : placed.TakeWhile(item => item.End <= numReleased).Count();
        var tokens = placed.GetRange(0, count);
        placed.RemoveRange(0, count);
        return (text, tokens);
    }

    private void Release(string text)
    {
        ready.Append(text);
        numReleased += text.Length;
    }
}
