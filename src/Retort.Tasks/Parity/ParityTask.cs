using Retort.Core;
using Retort.Tasks.Lengths;

namespace Retort.Tasks.Parity;

/// <summary>
/// Parity with a scratchpad (section 3.3 of the study of sparsity and length generalization): prompt "1 0 1 =", answer "1 1 0", the running
/// parities c1 = b1, ci = bi xor c(i-1). Every token depends on two earlier ones at any length, one of them far away.
/// <para>
/// Coupled ids: bit i and parity i have i + 1 and the equals sign 1, so that a query finds its bit one id ahead. Reversed, parity i belongs to
/// bit n + 1 - i: bits have 1 .. n, the equals sign n + 1, parities n .. 1.
/// </para>
/// </summary>
public sealed class ParityTask(ParitySettings? settings = null) : LengthTask<ParitySettings>("parity", settings ?? new ParitySettings())
{
    private const string Zero = "0", One = "1", Equal = "=";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Vocabulary { get; } = [Zero, One, Equal];

    /// <inheritdoc/>
    public override IReadOnlyList<PositionScheme> PositionSchemes { get; } = [PositionScheme.Consecutive, PositionScheme.Coupled];

    /// <inheritdoc/>
    protected override string PromptForm => "1 0 1 =";

    /// <inheritdoc/>
    protected override string[] DrawPrompt(ref CounterRandom random, int length)
    {
        var prompt = new string[length + 1];
        prompt[length] = Equal;
        for (var i = 0; i < length; i++)
        {
            prompt[i] = random.NextInt32(2) == 0 ? Zero : One;
        }

        return prompt;
    }

    /// <inheritdoc/>
    protected override string[]? Solve(string[] prompt)
    {
        if (prompt.Length < 2 || prompt[^1] != Equal || Array.Exists(prompt[..^1], bit => bit is not (Zero or One)))
        {
            return null;
        }

        var parities = new string[prompt.Length - 1];
        var isOdd = false;
        for (var i = 0; i < parities.Length; i++)
        {
            isOdd ^= prompt[Settings.Reversed ? parities.Length - 1 - i : i] == One;
            parities[i] = isOdd ? One : Zero;
        }

        return parities;
    }

    /// <inheritdoc/>
    protected override int LengthOf(string[] prompt) => prompt.Length - 1;

    /// <inheritdoc/>
    protected override int[] Ids(string[] prompt, string[] answer, PositionScheme scheme)
    {
        var n = prompt.Length - 1;
        return Settings.Reversed
            ? [.. Enumerable.Range(1, n + 1), .. Enumerable.Range(1, n).Reverse()]
            : [.. Enumerable.Range(2, n), 1, .. Enumerable.Range(2, n)];
    }

    /// <inheritdoc/>
    protected override int HighestId(PositionScheme scheme) => Lengths.High + 1;
}
