using System.Globalization;
using System.Text;

namespace Retort.Tasks.GraphConnectivity;

/// <summary>
/// Prompts "graph : [ EDGES ] task : S to A or B /" and answers "work : [ c1 ... cm ] decision : [ X ]" (section 2.3); labels are written
/// as numbers.
/// </summary>
internal static class GraphGrammar
{
    private const string Open = "[", Close = "]", Colon = ":", Comma = ",", End = "/", Graph = "graph", Task = "task", To = "to", Or = "or",
        Work = "work", Decision = "decision";

    private static readonly string[] Fixed = [Graph, Task, Work, Decision, To, Or, Colon, Open, "(", Comma, ")", Close, End];

    /// <summary>Tokens of an answer beside its chain: "work : [" and "] decision : [ X ]".</summary>
    public const int FrameTokens = 9;

    /// <summary>Words and marks: the vocabulary before the labels.</summary>
    public static int NumWords => Fixed.Length;

    /// <summary>Words and marks, the labels, and with <see cref="EdgeFormat.Token"/> every edge there may be.</summary>
    public static string[] Vocabulary(GraphConnectivitySettings settings) =>
    [
        .. Fixed,
        .. Enumerable.Range(0, settings.Labels).Select(Number),
        .. settings.Edges != EdgeFormat.Token ? []
            : Enumerable.Range(0, settings.Labels).SelectMany(a => Enumerable.Range(a + 1, settings.Labels - a - 1).Select(b => EdgeToken(a, b))),
    ];

    /// <summary>Tokens of the edges of the largest problem.</summary>
    public static int EdgeTokens(GraphConnectivitySettings settings) =>
        settings.MostEdges * (settings.Edges switch { EdgeFormat.Raw => 2, EdgeFormat.Arcs => 6, _ => 1 });

    /// <summary>Tokens of a text.</summary>
    public static int CountWords(string text) => Words(text).Length;

    /// <summary>0 for what stands between the brackets of a prompt, 1, 2, 3, ... for all else.</summary>
    public static int[] IdsWithoutEdges(string prompt, string answer)
    {
        var words = Words(prompt);
        var (open, close) = (Array.IndexOf(words, Open), Array.IndexOf(words, Close));
        var ids = new int[words.Length + CountWords(answer)];
        for (var (i, id) = (0, 1); i < ids.Length; i++)
        {
            ids[i] = i > open && i < close ? 0 : id++;
        }

        return ids;
    }

    /// <param name="edges">In the order and direction to be written; of arcs both directions, each in its place.</param>
    /// <param name="format">How.</param>
    /// <param name="source">Label of the source.</param>
    /// <param name="first">The target named first.</param>
    /// <param name="second">The other.</param>
    public static string WritePrompt(IEnumerable<(int A, int B)> edges, EdgeFormat format, int source, int first, int second)
    {
        var text = new StringBuilder($"{Graph} {Colon} {Open} ");
        foreach (var (a, b) in edges)
        {
            _ = format switch
            {
                EdgeFormat.Raw => text.Append(CultureInfo.InvariantCulture, $"{a} {b} "),
                EdgeFormat.Arcs => text.Append(CultureInfo.InvariantCulture, $"{a} {b} {Comma} "),
                _ => text.Append(EdgeToken(a, b)).Append(' '),
            };
        }

        return text.Append(CultureInfo.InvariantCulture, $"{Close} {Task} {Colon} {source} {To} {first} {Or} {second} {End}").ToString();
    }

    /// <summary>A demonstration.</summary>
    public static string WriteAnswer(IEnumerable<int> chain, int decision) =>
        string.Create(CultureInfo.InvariantCulture, $"{Work} {Colon} {Open} {string.Join(' ', chain)} {Close} {Decision} {Colon} {Open} {decision} {Close}");

    /// <summary>
    /// Edges, each once with its lower label first, source and targets of a prompt in any of the formats; null if it is none.
    /// </summary>
    public static (HashSet<(int A, int B)> Edges, int Source, int First, int Second)? ReadPrompt(string prompt)
    {
        var words = Words(prompt);
        var close = Array.IndexOf(words, Close);
        if (close < 3 || words.Length != close + 9
            || !words.AsSpan(0, 3).SequenceEqual([Graph, Colon, Open]) || !words.AsSpan(close, 3).SequenceEqual([Close, Task, Colon])
            || words[close + 4] != To || words[close + 6] != Or || words[close + 8] != End
            || Label(words[close + 3]) is not { } source || Label(words[close + 5]) is not { } first || Label(words[close + 7]) is not { } second)
        {
            return null;
        }

        var (edges, ends) = (new HashSet<(int, int)>(), new List<int>());
        foreach (var word in words.AsSpan(3, close - 3))
        {
            var dash = word.IndexOf('-', StringComparison.Ordinal);
            if (dash > 0 && ends.Count % 2 == 0 && Label(word[..dash]) is { } a && Label(word[(dash + 1)..]) is { } b)
            {
                edges.Add((Math.Min(a, b), Math.Max(a, b)));
            }
            else if (Label(word) is { } end)
            {
                ends.Add(end);
            }
            else if (word != Comma || ends.Count % 2 != 0)
            {
                return null;
            }
        }

        for (var i = 0; i + 1 < ends.Count; i += 2)
        {
            edges.Add((Math.Min(ends[i], ends[i + 1]), Math.Max(ends[i], ends[i + 1])));
        }

        return ends.Count % 2 == 0 ? (edges, source, first, second) : null;
    }

    /// <summary>
    /// The chain that a completion writes, as far as it is one, and what stands between the decision's brackets (null unless exactly one
    /// label). <c>HasFrame</c>: "work : [" and the bracket after the chain are where they belong.
    /// </summary>
    public static (int[] Chain, int? Decision, bool HasFrame) ReadAnswer(string completion)
    {
        var words = Words(completion);
        if (words.Length < 3 || !words.AsSpan(0, 3).SequenceEqual([Work, Colon, Open]))
        {
            return ([], null, false);
        }

        var (chain, at) = (new List<int>(), 3);
        for (; at < words.Length && Label(words[at]) is { } label; at++)
        {
            chain.Add(label);
        }

        var hasFrame = at < words.Length && words[at] == Close;
        var decides = hasFrame && words.Length == at + 6
            && words.AsSpan(at, 4).SequenceEqual([Close, Decision, Colon, Open]) && words[at + 5] == Close;
        return ([.. chain], decides ? Label(words[at + 4]) : null, hasFrame);
    }

    private static string[] Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string EdgeToken(int a, int b) => string.Create(CultureInfo.InvariantCulture, $"{Math.Min(a, b)}-{Math.Max(a, b)}");

    private static int? Label(string word) =>
        int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && word == Number(number) ? number : null;
}
