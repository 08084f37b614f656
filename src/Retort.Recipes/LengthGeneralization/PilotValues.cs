namespace Retort.Recipes.LengthGeneralization;

/// <summary>
/// Exact match and share of right tokens that a trial found (section 8.3 and 8.4 of the specification, marked [M]): one seed, one thread, fewer
/// steps than these presets take. To be read beside ours, not to be reached.
/// </summary>
internal static class PilotValues
{
    private static readonly int[] ParityLengths = [6, 12, 18, 24, 36, 48], VariableLengths = [6, 12, 18, 24, 36];

    private static readonly Dictionary<string, (int[] Lengths, double[] Exact, double[] Tokens)> Trials = new()
    {
        ["parity-coupled"] = (ParityLengths, [1, 1, 0.98, 0.58, 0.01, 0], [1, 1, 1, 0.98, 0.91, 0.87]),
        ["parity-rope"] = (ParityLengths, [0.91, 0.06, 0, 0, 0, 0], [0.98, 0.86, 0.42, 0.46, 0.52, 0.52]),
        ["parity-nope"] = (ParityLengths, [0.83, 0.06, 0, 0, 0, 0], [0.97, 0.81, 0.67, 0.63, 0.56, 0.53]),
        ["parity-learned"] = (ParityLengths, [0.82, 0.02, 0, 0, 0, 0], [0.97, 0.76, 0.64, 0.59, 0.55, 0.54]),
        ["parity-alibi"] = (ParityLengths, [0.88, 0.04, 0, 0, 0, 0], [0.98, 0.80, 0.61, 0.47, 0.32, 0.25]),
        ["variables-predictive"] = (VariableLengths, [1, 1, 0.39, 0.01, 0], [1, 1, 0.69, 0.34, 0.23]),
        ["variables-predictive, told"] = (VariableLengths, [1, 1, 0.88, 0.77, 0.19], [1, 1, 0.98, 0.97, 0.85]),
        ["variables-rope"] = (VariableLengths, [0, 0, 0, 0, 0], [0.37, 0.22, 0.12, 0.09, 0.04]),
        ["variables-learned"] = (VariableLengths, [0, 0, 0, 0, 0], [0.37, 0.22, 0.15, 0.11, 0.07]),
    };

    /// <summary>Exact match and share of right tokens of the trial; null where there was none.</summary>
    public static (double Exact, double Tokens)? At(string cell, bool isTold, int length) =>
        Trials.TryGetValue(isTold ? cell + ", told" : cell, out var trial) && Array.IndexOf(trial.Lengths, length) is >= 0 and var place
            ? (trial.Exact[place], trial.Tokens[place])
            : null;
}
