using System.Globalization;
using System.Text;

namespace Retort.Tasks.SolutionTree;

/// <summary>
/// Prompts "S s0 P p0 C c0 P p1 C c1 ... P pn I x1 ... I xm :" and answers "S s0 A a0 S s1 ... S sn" (section 3.2). One number token
/// serves all roles; the letter before it gives the role.
/// </summary>
internal static class SolutionTreeGrammar
{
    private const string State = "S", Problem = "P", Context = "C", Action = "A", Irrelevant = "I";
    private const char Close = ':';

    /// <summary>
    /// The letters and the numbers below <paramref name="numStates"/>; with the tokenizer's three marks the paper's 29 tokens at D = 20.
    /// </summary>
    public static string[] Vocabulary(int numStates) =>
        [$"{Close}", State, Problem, Context, Action, Irrelevant, .. Enumerable.Range(0, numStates).Select(Number)];

    /// <param name="start">s_0.</param>
    /// <param name="problems">p_0 to p_n.</param>
    /// <param name="contexts">c_0 to c_(n-1), or none.</param>
    /// <param name="irrelevant">x_1 to x_m.</param>
    public static string WritePrompt(int start, ReadOnlySpan<int> problems, ReadOnlySpan<int> contexts, ReadOnlySpan<int> irrelevant)
    {
        var text = new StringBuilder();
        Append(text, State, start);
        for (var i = 0; i < problems.Length; i++)
        {
            Append(text, Problem, problems[i]);
            if (i < contexts.Length)
            {
                Append(text, Context, contexts[i]);
            }
        }

        foreach (var number in irrelevant)
        {
            Append(text, Irrelevant, number);
        }

        return text.Append(Close).ToString();
    }

    /// <param name="states">s_0 to s_n.</param>
    /// <param name="actions">a_0 to a_(n-1).</param>
    public static string WriteAnswer(ReadOnlySpan<int> states, ReadOnlySpan<int> actions)
    {
        var text = new StringBuilder();
        for (var i = 0; i < actions.Length; i++)
        {
            Append(text, State, states[i]);
            Append(text, Action, actions[i]);
        }

        return Append(text, State, states[^1]).ToString().TrimEnd();
    }

    /// <summary>Start state and problem states of a prompt; null if it is none of a world with so many states.</summary>
    public static (int Start, int[] Problems)? ReadPrompt(string prompt, int numStates)
    {
        var words = Words(prompt);
        if (words.Length % 2 == 0 || words[^1] is not [Close] || NumberAfter(words, 0, State, numStates) is not { } start)
        {
            return null;
        }

        var (problems, at) = (new List<int>(), 2);
        while (NumberAfter(words, at, Problem, numStates) is { } problem)
        {
            problems.Add(problem);
            at += 2;
            at += NumberAfter(words, at, Context, numStates) is null ? 0 : 2;
        }

        while (NumberAfter(words, at, Irrelevant, numStates) is not null)
        {
            at += 2;
        }

        return problems.Count > 1 && at == words.Length - 1 ? (start, [.. problems]) : null;
    }

    /// <summary>
    /// States and actions of an answer, place by place: state, action, state, ... What is no such number after its letter is -1. The
    /// canonical form is null unless all of the answer is of the grammar.
    /// </summary>
    public static (int[] Numbers, string? Canonical) ReadAnswer(string answer, int numStates, int numActions)
    {
        var words = Words(answer);
        var numbers = new int[words.Length / 2];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = (i % 2 == 0 ? NumberAfter(words, 2 * i, State, numStates) : NumberAfter(words, 2 * i, Action, numActions)) ?? -1;
        }

        var isWhole = words.Length % 2 == 0 && numbers.Length % 2 == 1 && !numbers.Contains(-1);
        return (numbers, isWhole ? string.Join(' ', words) : null);
    }

    private static string[] Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private static StringBuilder Append(StringBuilder text, string letter, int number) =>
        text.Append(letter).Append(' ').Append(Number(number)).Append(' ');

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static int? NumberAfter(string[] words, int at, string letter, int bound) =>
        at + 1 < words.Length && words[at] == letter
        && int.TryParse(words[at + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && number < bound && words[at + 1] == Number(number)
            ? number
            : null;
}
