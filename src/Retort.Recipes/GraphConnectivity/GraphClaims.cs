using Retort.Recipes.Report;

namespace Retort.Recipes.GraphConnectivity;

/// <summary>
/// The claims of the study (Mirtaheri et al. 2025; section 1 of the specification) at this scale, each with the rule and the guards that judge it,
/// written before any run. Evidence: the chain proves the answer; decision: the answer is right. "Search" is the model taught depth-first search with its
/// backtracking written out. Greedy unless N samples are said, which are drawn at temperature 1; S counts a chain's vertices.
/// </summary>
internal static class GraphClaims
{
    private const double Learned = 0.95, Walking = 0.9;

    /// <summary>A model that does not search right proves nothing about search,</summary>
    private static readonly Guard Searches = new("evidence of search", Learned);

    /// <summary>and one that cannot look up an edge fails for another reason.</summary>
    private static readonly Guard LooksUp = new("share of chains that are walks, the lowest of the models", Walking);

    /// <summary>A1: long chains solve what short ones do not.</summary>
    public static readonly Claim A1 = new(
        "A1", true,
        "At equal answer tokens a model taught long search traces solves the task, one taught the path less often, one taught the shortest path least",
        "Bridge(5): evidence 0.994, 0.093, 0.000; decision 0.994, 0.270, 0.503",
        [
            Test.LowerBoundAbove(0, "evidence, search - path"),
            Test.LowerBoundAbove(0, "evidence, path - shortest path"),
            Test.LowerBoundAbove(0, "decision, search - path"),
            Test.LowerBoundAbove(0, "decision, search - shortest path"),
        ],
        [Searches, LooksUp]);

    /// <summary>A2: short chains decay with depth.</summary>
    public static readonly Claim A2 = new(
        "A2", false,
        "Evidence of short chains falls exponentially in depth, faster for the shortest path; search stays at 1",
        "Path .681 .376 .212 .163 .093, Shortest-Path .331 .079 .023 .004 .000, DFS .999 to .994 for d = 1 to 5; blind (2/3)(1/2)^(d-1), (1/3)(1/4)^(d-1)",
        [
            Test.UpperBoundBelow(-0.2, "slope of ln evidence over depth, path"),
            Test.UpperBoundBelow(0, "slope of ln evidence over depth, shortest path - path"),
            Test.LowerBoundAbove(0.9, "evidence of search at the largest depth"),
        ],
        [new("evidence of search, the lowest of the depths", Learned), LooksUp]);

    /// <summary>A3: length is worth more than number.</summary>
    public static readonly Claim A3 = new(
        "A3", true,
        "Within the searching model a longer chain moves accuracy from chance to 1; four samples of the shortest path's length do not come near",
        "Bridge(5): S = 16 gives 0.501 at N = 1 and 0.519 at N = 32; S = 40 with N = 1 gives 0.985",
        [
            Test.UpperBoundBelow(0.6, "accuracy at S = the shortest path's vertices, N = 1"),
            Test.LowerBoundAbove(0.9, "accuracy at any S, N = 1"),
            Test.LowerBoundAbove(0.1, "accuracy, any S and N = 1 - S = the shortest path's vertices and N = 4"),
        ],
        [Searches]);

    /// <summary>A4: at equal tokens one chain beats several.</summary>
    public static readonly Claim A4 = new(
        "A4", true,
        "At a fixed total of chain tokens one long chain beats several short ones, until everything saturates",
        "60 tokens: N = 1 0.997, N = 2 0.863, N = 3 0.533, N = 5 0.500",
        [
            Test.LowerBoundAbove(0, "accuracy at S N = B, N = 1 - N = 2, mean over budgets B from the shortest path to where N = 1 reaches 0.95"),
            Test.LowerBoundAbove(0, "the same, N = 1 - N = 4"),
        ],
        [Searches]);

    /// <summary>A5: how many samples a short chain needs.</summary>
    public static readonly Claim A5 = new(
        "A5", false,
        "Samples needed for 90 % evidence grow with depth: fastest for the shortest path, slower for the path; search needs one",
        "d = 1 to 5: DFS 1 1 1 1 1; Path 2 6 12.4 15.6 23.8; Shortest-Path 5 31.2 176.4, not reached, not reached",
        [
            Test.LowerBoundAbove(0.5, "log2 of the samples needed, slope over depth, path"),
            Test.LowerBoundAbove(0, "log2 of the samples needed at the second depth, shortest path - path"),
            Test.UpperBoundBelow(2.5, "samples needed at the largest depth, search"),
        ],
        [new("evidence of search, the lowest of the depths", Learned), LooksUp]);

    /// <summary>A6: votes are weaker than proofs, and both than length.</summary>
    public static readonly Claim A6 = new(
        "A6", false,
        "Majority votes are a much weaker use of samples than a verifier; one longer chain beats both",
        "Bridge(3), N = 8: majority Path 0.754, best-of-N 0.901; DFS 0.974 at N = 1",
        [
            Test.LowerBoundAbove(0, "path, N = 8: best-of-N - majority"),
            Test.LowerBoundAbove(0, "one chain of search - majority of 8 of path"),
            Test.LowerBoundAbove(0, "one chain of search - best of 4 of path"),
        ],
        [Searches, LooksUp]);

    /// <summary>A7: self-training lengthens chains.</summary>
    public static readonly Claim A7 = new(
        "A7", false,
        "Self-training with a verifier from the path model raises accuracy and lengthens verified chains, though length is never rewarded",
        "Bridge(3) evidence 0.212 -> 0.920, verified length 14.4 -> 26.7 after 4 rounds",
        [
            Test.LowerBoundAbove(0.1, "evidence, after - before"),
            Test.LowerBoundAbove(0, "mean length of verified samples, after - before"),
            Test.LowerBoundAbove(0, "evidence, self-trained - trained on as many demonstrations"),
            Test.LowerBoundAbove(0, "evidence, self-trained - trained on samples that nobody verified"),
        ],
        [LooksUp]);

    /// <summary>A8: what a shallow model must write out.</summary>
    public static readonly Claim A8 = new(
        "A8", false,
        "A shallower model needs a still longer chain: it fails at search without backtracking written out and succeeds with it",
        "2 layers, Bridge(4): evidence 0.999 with backtracking, 0.085 without; 4 layers without, Bridge(5): 0.994",
        [
            Test.LowerBoundAbove(0.2, "evidence, search - search without backtracking written out"),
            Test.LowerBoundAbove(0, "evidence of search without backtracking written out, deeper - shallow model"),
        ],
        [Searches]);

    /// <summary>A9: walks between.</summary>
    public static readonly Claim A9 = new(
        "A9", false,
        "Walks of bounded length interpolate: evidence rises with the bound of the taught walk",
        "Bridge(5), walks of 20, 25, 30, 35, 40: 0.057 0.152 0.305 0.346 0.421; DFS 0.994",
        [
            Test.LowerBoundAbove(0, "evidence, longest bound - shortest bound"),
            Test.LowerBoundAbove(0.5, "rank correlation of bound and evidence"),
            Test.LowerBoundAbove(0, "evidence, search - the longest walks"),
        ],
        [Searches, LooksUp]);

    /// <summary>T2: two paths.</summary>
    public static readonly Claim T2 = new(
        "T2", true,
        "Vertex query model, two paths of L vertices: L - 1 queries suffice, with fewer than about (L - 2) / 2 success is 1/2, whatever is asked and however often",
        "theorem",
        [
            Test.UpperBoundBelow(0.01, "share of runs that know the answer after (L - 2) / 2 queries, the largest of all policies"),
            Test.LowerBoundAbove(0.99, "success after L - 1 queries, depth first"),
        ],
        []);

    /// <summary>T3: bridges.</summary>
    public static readonly Claim T3 = new(
        "T3", true,
        "Bridges: with fewer than 3/2 l d queries success is at most 1/2 + exp(-Omega(d)); with more than 2 l d it is high",
        "theorem, for a restricted vertex query model; here depth-first search",
        [
            Test.UpperBoundBelow(0.02, "success - 1/2 after 0.9 x 3/2 l d queries at the largest depth"),
            Test.UpperBoundBelow(0, "the same, slope of its logarithm over depth"),
            Test.LowerBoundAbove(0.95, "success after 1.1 x 2 l d queries at the largest depth"),
        ],
        []);

    /// <summary>T1, A10 and A11, which this scale cannot judge.</summary>
    private static readonly (Claim Claim, string Reason)[] Beyond =
    [
        (new("T1", false, "One chain of polynomial length decides every instance; majorities of polynomially many constant ones stay at 1/2 + o(1)", "theorem, if TC0 does not contain L", [], []),
            "a statement about all sizes at once; T2 and T3 show its two sides at one"),
        (new("A10", false, "Large reasoning models: below a threshold of thinking tokens majorities stay near 1/2, above it one chain is good", "R1-Distill, s1, Qwen3", [], []),
            "it needs a large language model and a server that goes on from a given chain"),
        (new("A11", false, "The same tendency on AIME 2024", "s1-32B, unconfirmed", [], []), "it needs a large language model"),
    ];

    /// <summary>Claims that can be judged, in the paper's order.</summary>
    public static IReadOnlyList<Claim> Judged { get; } = [A1, A2, A3, A4, A5, A6, A7, A8, A9, T2, T3];

    /// <summary>Results of the claims that are stated only.</summary>
    public static IEnumerable<ClaimResult> Stated => Beyond.Select(pair => pair.Claim.NotRun(pair.Reason));
}
