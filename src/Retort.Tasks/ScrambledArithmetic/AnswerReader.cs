namespace Retort.Tasks.ScrambledArithmetic;

/// <summary>Format and value of a completion (sections 2.4 and 7.1 of the study).</summary>
internal static class AnswerReader
{
    /// <summary>One comparison with the first token; what follows is not looked at.</summary>
    public static ArithmeticFormat? FormatOf(string completion)
    {
        var text = completion.AsSpan().TrimStart();
        var end = 0;
        while (end < text.Length && !char.IsWhiteSpace(text[end]))
        {
            end++;
        }

        return text[..end] switch
        {
            ArithmeticWords.Program => ArithmeticFormat.Program,
            ArithmeticWords.OpenCode => ArithmeticFormat.Tagged,
            ArithmeticWords.Step => ArithmeticFormat.Natural,
            _ => null,
        };
    }

    /// <summary>
    /// A program's value is what it returns. A tagged answer's is computed from its expression, if that can be, else it is the number written
    /// as output. A natural answer's is its last number. Null if there is none, or no format.
    /// </summary>
    public static long? ValueOf(string completion)
    {
        switch (FormatOf(completion))
        {
            case ArithmeticFormat.Program:
                return ArithmeticSandbox.Run(completion.TrimStart()[ArithmeticWords.Program.Length..]);
            case ArithmeticFormat.Tagged:
                var tokens = ArithmeticWords.Split(completion);
                var (close, output) = (Array.IndexOf(tokens, ArithmeticWords.CloseCode), Array.IndexOf(tokens, ArithmeticWords.OpenOutput));
                var computed = close < 0 ? null : ArithmeticSandbox.Evaluate(string.Join(' ', tokens[1..close]));
                return computed ?? (output < 0 || output + 1 == tokens.Length ? null : Number(tokens[output + 1]));
            case ArithmeticFormat.Natural:
                return Number(Array.FindLast(ArithmeticWords.Split(completion), token => ArithmeticWords.NumberOf(token) >= 0) ?? "");
            default:
                return null;
        }
    }

    private static long? Number(string token) => ArithmeticWords.NumberOf(token) is >= 0 and var value ? value : null;
}
