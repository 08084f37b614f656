using System.Globalization;
using Retort.Core;
using Retort.Tasks.Lengths;

namespace Retort.Tasks.VariableAssignment;

/// <summary>
/// Variable assignment with a scratchpad (section 3.4 of the study of sparsity and length generalization): lines "a b", a points to b, of one
/// chain that is asked for and one that is not, in random order; prompt "v3 v8 v5 v1 v8 v2 v1 v4 = v3", answer "v8 v2". Each step depends on
/// one line, whose place is random.
/// <para>
/// Coupled ids: both names of line j have j, the equals sign 0, a name of the scratchpad the line that it stands on the left of, the last one
/// 0. They depend on the order of the lines: a model has to predict them (predictive position coupling).
/// </para>
/// </summary>
public sealed class VariableAssignmentTask : LengthTask<VariableAssignmentSettings>
{
    private const string Equal = "=";

    private readonly HashSet<string> names;

    /// <summary>Checks the settings (<see cref="UserError"/>).</summary>
    public VariableAssignmentTask(VariableAssignmentSettings? settings = null)
        : base("variable-assignment", settings ?? new VariableAssignmentSettings())
    {
        names = [.. Enumerable.Range(0, Settings.NumNames).Select(name => string.Create(CultureInfo.InvariantCulture, $"v{name}"))];
        Vocabulary = [.. names, Equal];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Vocabulary { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<PositionScheme> PositionSchemes { get; } = [PositionScheme.Consecutive, PositionScheme.Coupled];

    /// <inheritdoc/>
    public override bool KnowsAnswerIds(PositionScheme scheme) => scheme == PositionScheme.Consecutive;

    /// <inheritdoc/>
    protected override string PromptForm => "v3 v8 v5 v1 v8 v2 v1 v4 = v3";

    /// <inheritdoc/>
    protected override string[] DrawPrompt(ref CounterRandom random, int length)
    {
        var drawn = new int[Settings.NumNames];
        for (var i = 0; i < drawn.Length; i++)
        {
            drawn[i] = i;
        }

        random.Shuffle<int>(drawn);
        // The chain asked for takes the first names, the other one the next.
        var chain = length / 2;
        var lines = new int[length];
        for (var line = 0; line < length; line++)
        {
            lines[line] = line < chain ? line : line + 1;
        }

        random.Shuffle<int>(lines);
        return [.. lines.SelectMany(from => new[] { Vocabulary[drawn[from]], Vocabulary[drawn[from + 1]] }), Equal, Vocabulary[drawn[0]]];
    }

    /// <summary>Follows the lines from the name asked for; a prompt must name each left side once, and must not lead in a circle.</summary>
    protected override string[]? Solve(string[] prompt)
    {
        if (prompt.Length < 4 || prompt.Length % 2 != 0 || prompt[^2] != Equal || Array.Exists(prompt, word => word != Equal && !names.Contains(word)))
        {
            return null;
        }

        var next = new Dictionary<string, string>();
        for (var i = 0; i < prompt.Length - 2; i += 2)
        {
            if (prompt[i] == Equal || prompt[i + 1] == Equal || !next.TryAdd(prompt[i], prompt[i + 1]))
            {
                return null;
            }
        }

        var (chain, at) = (new List<string>(), prompt[^1]);
        while (next.TryGetValue(at, out var to))
        {
            chain.Add(at = to);
            if (chain.Count > next.Count)
            {
                return null;
            }
        }

        return chain.Count == 0 ? null : [.. chain];
    }

    /// <inheritdoc/>
    protected override int LengthOf(string[] prompt) => (prompt.Length - 2) / 2;

    /// <inheritdoc/>
    protected override int[] Ids(string[] prompt, string[] answer, PositionScheme scheme)
    {
        var lines = new Dictionary<string, int>();
        var ids = new List<int>(prompt.Length + answer.Length);
        for (var i = 0; i < prompt.Length - 2; i++)
        {
            var line = 1 + i / 2;
            ids.Add(line);
            if (i % 2 == 0)
            {
                lines.TryAdd(prompt[i], line);
            }
        }

        ids.Add(0);
        ids.AddRange(answer.Prepend(prompt[^1]).Select(name => lines.GetValueOrDefault(name)));
        return [.. ids];
    }

    /// <inheritdoc/>
    protected override int HighestId(PositionScheme scheme) => Lengths.High;
}
