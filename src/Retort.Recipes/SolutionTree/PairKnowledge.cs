using System.Text.Json;
using Retort.Core;
using Retort.Inference;
using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Tasks.SolutionTree;

namespace Retort.Recipes.SolutionTree;

/// <summary>
/// Which entries of the table T a model knows: it is given a state and an action inside a problem, and its most likely token is looked
/// at, several times for each pair.
/// </summary>
/// <param name="right">By pair: questions answered rightly.</param>
/// <param name="probes">Questions about each pair.</param>
internal sealed class PairKnowledge(int[] right, int probes)
{
    /// <summary>A pair is known when more than this share of its questions is answered rightly; chance is one in D.</summary>
    private const double KnownAbove = 0.5;

    /// <summary>Pairs asked about.</summary>
    public int NumPairs => right.Length;

    /// <summary>Pairs known.</summary>
    public int NumKnown => Enumerable.Range(0, NumPairs).Count(Knows);

    /// <summary>Share of the questions about a pair that are answered rightly.</summary>
    public double Share(int pair) => right[pair] / (double)probes;

    /// <summary>The pair is known.</summary>
    public bool Knows(int pair) => Share(pair) > KnownAbove;

    /// <summary>Every pair that a problem needs is known.</summary>
    public bool KnowsAll(ReadOnlySpan<int> pairs)
    {
        foreach (var pair in pairs)
        {
            if (!Knows(pair))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Asks a model.</summary>
    public static PairKnowledge Ask(
        Transformer model, ITokenizer tokenizer, SolutionTreeTask task, int probes, EngineSettings settings, int threads,
        CancellationToken cancellation)
    {
        var questions = ParallelItems.Make(
            task.World.NumPairs * probes, threads, i => task.CreateProbe(i / probes, i % probes), cancellation);
        var right = new int[task.World.NumPairs];
        using var engine = new GenerationEngine(model, settings);
        engine.Completed = completion =>
            right[completion.Request / probes] += tokenizer.Decode(completion.Tokens) == questions[completion.Request].Answer ? 1 : 0;
        var greedy = new SamplingSettings { Temperature = 0, MaxNewTokens = 1 };
        foreach (var question in questions)
        {
            engine.Submit(new GenerationRequest(tokenizer.Encode(question.Prompt), greedy, Seed: 0));
        }

        engine.Run(cancellation);
        return new(right, probes);
    }

    /// <summary>Writes the counts.</summary>
    public void Write(string path) => AtomicFile.WriteText(path, JsonSerializer.Serialize(right));

    /// <summary>Reads them back.</summary>
    public static PairKnowledge Read(string path, int pairs, int probes)
    {
        try
        {
            if (JsonSerializer.Deserialize<int[]>(File.ReadAllText(path)) is { } right && right.Length == pairs
                && right.All(count => count >= 0 && count <= probes))
            {
                return new(right, probes);
            }
        }
        catch (JsonException)
        {
        }

        throw UserError.Request(path, "is not what this run wrote", $"{pairs} counts of 0 to {probes}; delete the file to ask again");
    }
}
