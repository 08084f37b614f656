using System.Globalization;
using Retort.Core;
using Retort.Tasks.Lengths;

namespace Retort.Tasks.Copy;

/// <summary>
/// Copying (Cho et al. 2024; section 3.6 of the study of sparsity and length generalization): prompt "3 1 4 =", answer "3 1 4".
/// Coupled ids: symbol i has i + 1 in both, the equals sign 1. Abacus: i, and the equals sign 0.
/// </summary>
public sealed class CopyTask : LengthTask<CopySettings>
{
    private const string Equal = "=";

    private readonly string[] symbols;

    /// <summary>Checks the settings (<see cref="UserError"/>).</summary>
    public CopyTask(CopySettings? settings = null)
        : base("copy", settings ?? new CopySettings())
    {
        symbols = [.. Enumerable.Range(0, Settings.NumSymbols).Select(symbol => symbol.ToString(CultureInfo.InvariantCulture))];
        Vocabulary = [.. symbols, Equal];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Vocabulary { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<PositionScheme> PositionSchemes { get; } = [PositionScheme.Consecutive, PositionScheme.Coupled, PositionScheme.Abacus];

    /// <inheritdoc/>
    protected override string PromptForm => "1 0 1 =";

    /// <inheritdoc/>
    protected override string[] DrawPrompt(ref CounterRandom random, int length)
    {
        var prompt = new string[length + 1];
        prompt[length] = Equal;
        for (var i = 0; i < length; i++)
        {
            prompt[i] = symbols[random.NextInt32(symbols.Length)];
        }

        return prompt;
    }

    /// <inheritdoc/>
    protected override string[]? Solve(string[] prompt) =>
        prompt.Length < 2 || prompt[^1] != Equal || Array.Exists(prompt[..^1], word => !symbols.Contains(word)) ? null : prompt[..^1];

    /// <inheritdoc/>
    protected override int LengthOf(string[] prompt) => prompt.Length - 1;

    /// <inheritdoc/>
    protected override int[] Ids(string[] prompt, string[] answer, PositionScheme scheme)
    {
        var (n, first) = (prompt.Length - 1, scheme == PositionScheme.Coupled ? 2 : 1);
        return [.. Enumerable.Range(first, n), first - 1, .. Enumerable.Range(first, n)];
    }

    /// <inheritdoc/>
    protected override int HighestId(PositionScheme scheme) => Lengths.High + (scheme == PositionScheme.Coupled ? 1 : 0);
}
