using Retort.Core;

namespace Retort.Tasks.ScrambledArithmetic;

/// <summary>
/// The background: <c>12 + 7 = 19 , 3 x 8 = 24</c>, single calculations of the kind that chains are made of. The prompt is all but the last
/// value.
/// </summary>
internal static class ArithmeticFacts
{
    public static (string Prompt, string Answer) Draw(int count, ref CounterRandom random)
    {
        var words = new List<string>();
        for (var i = 0; i < count; i++)
        {
            var (step, value) = (new ChainStep(random.NextInt32(ArithmeticWords.Operations.Length), random.NextInt32(1, Chain.MaxOperand)), 0);
            do
            {
                value = random.NextInt32(0, Chain.MaxValue);
            }
            while (step.Operand > Chain.MostOperand(step.Operation, value));

            words.AddRange(
            [
                ArithmeticWords.Numbers[value], ArithmeticWords.Operations[step.Operation], ArithmeticWords.Numbers[step.Operand],
                ArithmeticWords.Equal, ArithmeticWords.Numbers[step.Of(value)], ArithmeticWords.Comma,
            ]);
        }

        return (string.Join(' ', words[..^2]), words[^2]);
    }

    /// <summary>The value that a prompt of facts asks for; null if it is none.</summary>
    public static long? ValueOf(string prompt)
    {
        var tokens = ArithmeticWords.Split(prompt);
        return tokens.Length >= 4 && tokens[^1] == ArithmeticWords.Equal ? ArithmeticSandbox.Evaluate(string.Join(' ', tokens[^4..^1])) : null;
    }
}
