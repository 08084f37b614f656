namespace Retort.Tasks.ScrambledArithmetic;

/// <summary>Writes a chain's solution in one of the formats.</summary>
internal static class AnswerWriter
{
    /// <summary>The solution; a program repeats <paramref name="docstring"/>, if any, between quotes first.</summary>
    public static string Write(ArithmeticFormat format, Chain chain, string? docstring) => string.Join(' ', format switch
    {
        ArithmeticFormat.Program => Program(chain, docstring),
        ArithmeticFormat.Tagged => Tagged(chain),
        _ => Natural(chain),
    });

    private static List<string> Program(Chain chain, string? docstring)
    {
        List<string> words = docstring is null ? [ArithmeticWords.Program] : [ArithmeticWords.Program, ArithmeticWords.Quote, docstring, ArithmeticWords.Quote];
        words.AddRange([ArithmeticWords.Variable(1), ArithmeticWords.Equal, ArithmeticWords.Numbers[chain.Start], ArithmeticWords.Semicolon]);
        for (var i = 0; i < chain.Steps.Count; i++)
        {
            words.AddRange([ArithmeticWords.Variable(i + 2), ArithmeticWords.Equal, ArithmeticWords.Variable(i + 1), .. Words(chain.Steps[i]), ArithmeticWords.Semicolon]);
        }

        return [.. words, ArithmeticWords.Return, ArithmeticWords.Variable(chain.Steps.Count + 1)];
    }

    private static List<string> Tagged(Chain chain) =>
    [
        ArithmeticWords.OpenCode, ArithmeticWords.Numbers[chain.Start], .. chain.Steps.SelectMany(Words), ArithmeticWords.CloseCode,
        ArithmeticWords.OpenOutput, ArithmeticWords.Numbers[chain.Value], ArithmeticWords.CloseOutput,
    ];

    private static List<string> Natural(Chain chain)
    {
        var (words, value) = (new List<string>(), chain.Start);
        foreach (var step in chain.Steps)
        {
            words.AddRange([ArithmeticWords.Step, ArithmeticWords.Numbers[value], .. Words(step), ArithmeticWords.Equal]);
            value = step.Of(value);
            words.AddRange([ArithmeticWords.Numbers[value], ArithmeticWords.Comma]);
        }

        return [.. words, ArithmeticWords.Answer, ArithmeticWords.Numbers[value]];
    }

    private static string[] Words(ChainStep step) => [ArithmeticWords.Operations[step.Operation], ArithmeticWords.Numbers[step.Operand]];
}
