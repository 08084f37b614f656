using Retort.Core;

namespace Retort.Tasks.ScrambledArithmetic;

/// <summary>An operation on the running value.</summary>
/// <param name="Operation">Place among <see cref="ArithmeticWords.Operations"/>.</param>
/// <param name="Operand">In 1..20.</param>
internal readonly record struct ChainStep(int Operation, int Operand)
{
    /// <summary>The value after the step; it may lie outside of what a chain allows.</summary>
    public int Of(int value) => Operation switch { 0 => value + Operand, 1 => value - Operand, _ => value * Operand };
}

/// <summary>A problem: a start and steps, whose running values all lie in 0..99 (section 7.1 of the study).</summary>
internal sealed record Chain(int Start, IReadOnlyList<ChainStep> Steps)
{
    public const int MaxOperand = 20, MaxValue = 99, MaxSteps = ArithmeticWords.NumVariables - 1;

    public int Value => Steps.Aggregate(Start, (value, step) => step.Of(value));

    /// <summary>Draws a chain: each operation is one that has operands here, each operand one that stays in range.</summary>
    public static Chain Draw(int numSteps, ref CounterRandom random)
    {
        var start = random.NextInt32(1, MaxOperand);
        var (value, steps) = (start, new ChainStep[numSteps]);
        for (var i = 0; i < numSteps; i++)
        {
            int operation, most;
            do
            {
                operation = random.NextInt32(ArithmeticWords.Operations.Length);
                most = MostOperand(operation, value);
            }
            while (most < 1);

            steps[i] = new(operation, random.NextInt32(1, most));
            value = steps[i].Of(value);
        }

        return new(start, steps);
    }

    /// <summary>The largest operand that keeps the value in 0..99; 0 if there is none. Zero is not multiplied: nothing would show it.</summary>
    public static int MostOperand(int operation, int value) => Math.Min(MaxOperand, operation switch
    {
        0 => MaxValue - value,
        1 => value,
        _ => value == 0 ? 0 : MaxValue / value,
    });

    /// <summary>The chain with one number replaced so that its value changes; null if no other number stays in range.</summary>
    public Chain? Corrupt(ref CounterRandom random)
    {
        var others = new List<Chain>();
        for (var place = 0; place <= Steps.Count; place++)
        {
            for (var number = 1; number <= MaxOperand; number++)
            {
                var other = With(place, number);
                if (other.Value != Value && other.IsInRange)
                {
                    others.Add(other);
                }
            }
        }

        return others.Count == 0 ? null : others[random.NextInt32(others.Count)];
    }

    /// <summary>The prompt: start and steps in the given order, each with its label. The start is number 0 and has the label 1.</summary>
    public string Prompt(IReadOnlyList<int> order)
    {
        var parts = order.Select(i => i == 0
            ? $"1 : {ArithmeticWords.Numbers[Start]}"
            : $"{ArithmeticWords.Numbers[i + 1]} : {ArithmeticWords.Operations[Steps[i - 1].Operation]} {ArithmeticWords.Numbers[Steps[i - 1].Operand]}");
        return $"{ArithmeticWords.Question} {string.Join($" {ArithmeticWords.Semicolon} ", parts)} {ArithmeticWords.Equal}";
    }

    /// <summary>Reads a prompt, its steps in any order; null if it is none.</summary>
    public static Chain? Read(string prompt)
    {
        var tokens = ArithmeticWords.Split(prompt);
        if (tokens.Length < 2 || tokens[0] != ArithmeticWords.Question || tokens[^1] != ArithmeticWords.Equal)
        {
            return null;
        }

        string[][] parts = [.. string.Join(' ', tokens[1..^1]).Split($" {ArithmeticWords.Semicolon} ").Select(part => part.Split(' '))];
        var (start, steps) = (-1, new ChainStep?[parts.Length - 1]);
        foreach (var part in parts)
        {
            var label = part.Length >= 3 && part[1] == ArithmeticWords.Colon ? ArithmeticWords.NumberOf(part[0]) : -1;
            var operation = part.Length == 4 ? Array.IndexOf(ArithmeticWords.Operations, part[2]) : -1;
            var number = label > 0 ? ArithmeticWords.NumberOf(part[^1]) : -1;
            if (label == 1 && part.Length == 3 && start < 0)
            {
                start = number;
            }
            else if (operation >= 0 && label >= 2 && label <= parts.Length && steps[label - 2] is null)
            {
                steps[label - 2] = new(operation, number);
            }
            else
            {
                return null;
            }
        }

        return start > 0 && steps.Length is > 0 and <= MaxSteps && Array.TrueForAll(steps, step => step is { Operand: >= 1 and <= MaxOperand })
            && new Chain(start, [.. steps.Select(step => step!.Value)]) is { IsInRange: true } chain ? chain : null;
    }

    private bool IsInRange
    {
        get
        {
            var value = Start;
            foreach (var step in Steps)
            {
                value = step.Of(value);
                if (value is < 0 or > MaxValue)
                {
                    return false;
                }
            }

            return Start is >= 1 and <= MaxOperand;
        }
    }

    private Chain With(int place, int number) => place == 0
        ? this with { Start = number }
        : this with { Steps = [.. Steps.Select((step, i) => i == place - 1 ? step with { Operand = number } : step)] };
}
