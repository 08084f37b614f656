namespace Retort.Tasks.Answers;

/// <summary>Reads <see cref="Expression"/>s by recursive descent; null says that the text is none.</summary>
internal ref struct ExpressionReader(ReadOnlySpan<char> text)
{
    private readonly ReadOnlySpan<char> text = text;
    private int at, depth;

    public Expression? ReadAll()
    {
        var expression = ReadSum();
        SkipSpaces();
        return at == text.Length ? expression : null;
    }

    private Expression? ReadSum()
    {
        var left = ReadProduct();
        while (left is not null && Next() is { } c && Operator(c) is '+' or '-')
        {
            var symbol = Operator(text[at++])!.Value;
            left = ReadProduct() is { } right ? new Expression.Operation(symbol, left, right) : null;
        }

        return left;
    }

    private Expression? ReadProduct()
    {
        var left = ReadSigned();
        while (left is not null && Next() is { } c && Operator(c) is '*' or '/')
        {
            var symbol = Operator(text[at++])!.Value;
            left = ReadSigned() is { } right ? new Expression.Operation(symbol, left, right) : null;
        }

        return left;
    }

    private Expression? ReadSigned()
    {
        if (Next() is not { } c || ++depth > Expression.MaxDepth)
        {
            return null;
        }

        Expression? read;
        switch (Operator(c))
        {
            case '-':
                at++;
                read = ReadSigned() is { } operand ? new Expression.Negation(operand) : null;
                break;
            case '+':
                at++;
                read = ReadSigned();
                break;
            default:
                read = c == '(' ? ReadParentheses() : ReadNumber();
                break;
        }

        depth--;
        return read;
    }

    private Expression? ReadParentheses()
    {
        at++;
        var inner = ReadSum();
        if (Next() != ')')
        {
            return null;
        }

        at++;
        return inner;
    }

    private Expression.Number? ReadNumber()
    {
        if (NumberText.IsCurrency(text[at]))
        {
            at++;
            SkipSpaces();
        }

        if (NumberText.ReadUnsigned(text[at..], out var length) is not { } value)
        {
            return null;
        }

        at += length;
        if (at < text.Length && text[at] == '.')
        {
            at++;
        }

        if (Next() == '%')
        {
            at++;
            value /= 100;
        }

        return new(value);
    }

    private char? Next()
    {
        SkipSpaces();
        return at < text.Length ? text[at] : null;
    }

    private void SkipSpaces()
    {
        while (at < text.Length && char.IsWhiteSpace(text[at]))
        {
            at++;
        }
    }

    private static char? Operator(char c) => c switch
    {
        '+' => '+',
        '-' or '−' or '–' => '-',
        '*' or '×' or '·' or '∙' => '*',
        '/' or '÷' or '∕' => '/',
        _ => null,
    };
}
