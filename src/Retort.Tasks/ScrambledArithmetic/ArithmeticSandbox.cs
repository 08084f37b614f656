using System.Globalization;

namespace Retort.Tasks.ScrambledArithmetic;

/// <summary>What a program may use before it is stopped.</summary>
/// <param name="MaxSteps">Assignments and operations.</param>
/// <param name="MaxVariables">Variables alive at once.</param>
/// <param name="MaxMagnitude">The largest value, above or below zero; at most 10^9.</param>
public readonly record struct SandboxLimits(int MaxSteps, int MaxVariables, long MaxMagnitude)
{
    /// <summary>Far above what any solution of the task needs.</summary>
    public static SandboxLimits Default { get; } = new(64, 16, 1_000_000);
}

/// <summary>
/// Runs the small programs and expressions that models write: whole numbers, +, - and x, from left to right. It knows no loops, calls nothing
/// outside of itself and never throws: a text that is malformed, reads an unknown variable or passes a limit has no value.
/// </summary>
public sealed class ArithmeticSandbox
{
    private readonly SandboxLimits limits;
    private readonly Dictionary<string, long> variables = [];
    private readonly string[] tokens;
    private int position, stepsLeft;

    private ArithmeticSandbox(string text, SandboxLimits limits)
    {
        (this.limits, stepsLeft) = (limits, limits.MaxSteps);
        tokens = ArithmeticWords.Split(text);
    }

    /// <summary>
    /// The value that a program returns: an optional text between quotes, assignments <c>v2 = v1 + 7 ;</c> and at the very end
    /// <c>ret v2</c>. Null if it has none.
    /// </summary>
    public static long? Run(string program, SandboxLimits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(program);
        return new ArithmeticSandbox(program, limits ?? SandboxLimits.Default).Run();
    }

    /// <summary>The value of an expression without variables, <c>5 + 7 x 2</c>, which is 24; null if it has none.</summary>
    public static long? Evaluate(string expression, SandboxLimits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(expression);
        var sandbox = new ArithmeticSandbox(expression, limits ?? SandboxLimits.Default);
        return sandbox.Expression() is { } value && sandbox.AtEnd ? value : null;
    }

    private bool AtEnd => position == tokens.Length;

    private long? Run()
    {
        if (Pass(ArithmeticWords.Quote))
        {
            position = Math.Max(position, Array.IndexOf(tokens, ArithmeticWords.Quote, position) + 1);
        }

        while (!Pass(ArithmeticWords.Return))
        {
            var name = AtEnd ? "" : tokens[position++];
            if (!IsVariable(name) || !Pass(ArithmeticWords.Equal) || !CountStep() || Expression() is not { } value || !Pass(ArithmeticWords.Semicolon))
            {
                return null;
            }

            variables[name] = value;
            if (variables.Count > limits.MaxVariables)
            {
                return null;
            }
        }

        return Operand() is { } result && AtEnd ? result : null;
    }

    private long? Expression()
    {
        var value = Operand();
        while (value is { } left && !AtEnd && Array.IndexOf(ArithmeticWords.Operations, tokens[position]) is >= 0 and var operation)
        {
            position++;
            value = CountStep() && Operand() is { } right
                ? Limited(operation switch { 0 => left + right, 1 => left - right, _ => left * right })
                : null;
        }

        return value;
    }

    private long? Operand()
    {
        if (AtEnd)
        {
            return null;
        }

        var token = tokens[position++];
        return IsVariable(token) ? variables.TryGetValue(token, out var value) ? value : null
            : long.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? Limited(number) : null;
    }

    private bool CountStep() => stepsLeft-- > 0;

    private long? Limited(long value) => Math.Abs(value) <= Math.Min(limits.MaxMagnitude, 1_000_000_000) ? value : null;

    private bool Pass(string token)
    {
        var passes = !AtEnd && tokens[position] == token;
        position += passes ? 1 : 0;
        return passes;
    }

    private static bool IsVariable(string token) => token.Length is > 1 and < 5 && token[0] == 'v' && token.AsSpan(1).IndexOfAnyExceptInRange('0', '9') < 0;
}
