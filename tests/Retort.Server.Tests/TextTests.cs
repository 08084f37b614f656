using System.Text;
using CsCheck;
using Retort.Inference;
using Retort.Models.Tokenizers;
using Retort.Server.Api;
using Retort.Models.Tests;

namespace Retort.Server.Tests;

public class TextTests
{
    private static readonly Gen<string> Small = Gen.String[Gen.Char['a', 'c'], 0, 12];

    [Fact]
    public void Stop_strings_cut_at_the_same_place_however_the_text_comes() =>
        Gen.Select(Small, Gen.String[Gen.Char['a', 'c'], 1, 4].Array[1, 3], Gen.Int[1, 5].Array[12]).Sample((text, stops, cuts) =>
        {
            var expected = text;
            for (var end = 1; end <= text.Length && expected.Length == text.Length; end++)
            {
                var hit = stops.Where(stop => text[..end].EndsWith(stop, StringComparison.Ordinal)).ToList();
                expected = hit.Count > 0 ? text[..(end - hit.Max(stop => stop.Length))] : expected;
                if (hit.Count > 0)
                {
                    break;
                }
            }

            var (matcher, found, hasStopped) = (new StopStrings(stops), new StringBuilder(), false);
            for (var (at, i) = (0, 0); at < text.Length && !hasStopped; i++)
            {
                var length = Math.Min(cuts[i % cuts.Length], text.Length - at);
                found.Append(matcher.Append(text.Substring(at, length)));
                at += length;
                hasStopped = matcher.HasStopped;
                // What was let out is never taken back.
                Assert.StartsWith(found.ToString(), expected, StringComparison.Ordinal);
            }

            Assert.Equal(expected, found.Append(hasStopped ? "" : matcher.Flush()).ToString());
        });

    [Fact]
    public void A_character_spread_over_tokens_comes_with_its_last_byte_and_its_tokens_with_it()
    {
        var tokenizer = Tokenizer.Open(SharedData.Find("stories260k/stories260K.bin"));
        var model = new ServedModel("stories", tokenizer, [2], "fp");
        var call = Calls.Of(tokens: [1, 5], top: 0);
        var choice = new ChoiceText(call, model, [1, 5]);
        var tokens = tokenizer.Encode("🜁", addBos: false);
        Assert.True(tokens.Length >= 3);
        var pieces = new List<(string Text, int Tokens)>();
        foreach (var token in tokens)
        {
            choice.Add(token, -1, []);
            var (text, placed) = choice.Take();
            pieces.Add((text, placed.Count));
        }

        Assert.EndsWith("🜁", string.Concat(pieces.Select(piece => piece.Text)), StringComparison.Ordinal);
        Assert.DoesNotContain(pieces, piece => piece.Text.Contains('\uFFFD', StringComparison.Ordinal));
        Assert.Equal(tokens.Length, pieces.Sum(piece => piece.Tokens));
        Assert.StartsWith("bytes:\\x", new TokenNames(tokenizer).NameOf(tokens[^1]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_stop_string_over_several_tokens_takes_its_tokens_with_it()
    {
        var model = new ServedModel("tiny", LiveServer.Tokenizer, [2], "fp");
        var choice = new ChoiceText(Calls.Of([3], top: 0, "bcd"), model, [3]);
        var hits = LiveServer.Tokenizer.Encode("abbcd", addBos: false).Select(token => choice.Add(token, -1, [])).ToList();
        Assert.Equal([false, false, false, false, true], hits);
        var (text, placed) = choice.Take();
        Assert.Equal(("ab", 2, "stop", 5), (text, placed.Count, choice.FinishReason, choice.NumTokens));
    }
}

/// <summary>Calls without HTTP.</summary>
internal static class Calls
{
    public static GenerationCall Of(int[] tokens, int? top, params string[] stops) => new()
    {
        Prompts = [tokens],
        Sampling = new SamplingSettings(),
        NumSamples = 1,
        Seed = 1,
        Stops = stops,
        Streams = false,
        IncludesUsage = false,
        NumTopLogprobs = top,
        LogitBias = [],
        Priority = 0,
        IgnoresStop = false,
    };
}
