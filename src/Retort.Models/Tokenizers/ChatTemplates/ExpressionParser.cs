using System.Globalization;

namespace Retort.Models.Tokenizers.ChatTemplates;

/// <summary>Reads expressions, each method those that bind tighter than what calls it.</summary>
internal abstract class ExpressionParser(List<TemplateToken> tokens, string where) : TokenReader(tokens, where)
{
    private static readonly string[] Comparisons = ["==", "!=", "<", "<=", ">", ">=", "in"];

    /// <summary>An expression, or several with commas between.</summary>
    protected TemplateExpression Tuple()
    {
        var first = Expression();
        if (!Current.Is(","))
        {
            return first;
        }

        var items = new List<TemplateExpression> { first };
        while (Accept(",") && !Current.Is(")") && Current.Kind is not (TemplateTokenKind.VariableEnd or TemplateTokenKind.BlockEnd))
        {
            items.Add(Expression());
        }

        return new ListExpression(first.Line, items);
    }

    protected TemplateExpression Expression()
    {
        Enter();
        var (line, value) = (Current.Line, Or());
        while (Accept("if"))
        {
            var condition = Or();
            value = new ConditionalExpression(line, condition, value, Accept("else") ? Expression() : null);
        }

        Leave();
        return value;
    }

    protected TemplateExpression Or() => Chain(And, (line, _, left, right) => new LogicalExpression(line, false, left, right), "or");

    private TemplateExpression And() => Chain(Not, (line, _, left, right) => new LogicalExpression(line, true, left, right), "and");

    private TemplateExpression Not()
    {
        var line = Current.Line;
        if (!Accept("not"))
        {
            return Comparison();
        }

        Enter();
        var negated = new UnaryExpression(line, "not", Not());
        Leave();
        return negated;
    }

    private TemplateExpression Comparison()
    {
        var (line, first, rest) = (Current.Line, Sum(), new List<(string, TemplateExpression)>());
        while (true)
        {
            if (Array.Exists(Comparisons, Current.Is))
            {
                rest.Add((Next().Text, Sum()));
            }
            else if (Current.Is("not") && After.Is("in"))
            {
                Next();
                Next();
                rest.Add(("not in", Sum()));
            }
            else
            {
                return rest.Count == 0 ? first : new ComparisonExpression(line, first, rest);
            }
        }
    }

    private TemplateExpression Sum() => Chain(Concatenation, Arithmetic, "+", "-");

    private TemplateExpression Concatenation() => Chain(Product, Arithmetic, "~");

    private TemplateExpression Product() => Chain(() => Unary(), Arithmetic, "*", "/", "//", "%");

    private static ArithmeticExpression Arithmetic(int line, string op, TemplateExpression left, TemplateExpression right) =>
        new(line, op, left, right);

    private TemplateExpression Chain(
        Func<TemplateExpression> operand, Func<int, string, TemplateExpression, TemplateExpression, TemplateExpression> join,
        params string[] operators)
    {
        var value = operand();
        while (Array.Find(operators, Current.Is) is { } op)
        {
            value = join(Next().Line, op, value, operand());
        }

        return value;
    }

    private TemplateExpression Unary(bool withFilters = true)
    {
        TemplateExpression value;
        if (Current.Is("-") || Current.Is("+"))
        {
            Enter();
            var token = Next();
            value = new UnaryExpression(token.Line, token.Text, Unary(withFilters: false));
            Leave();
        }
        else
        {
            value = Postfix(Primary());
        }

        return withFilters ? Filters(value) : value;
    }

    protected TemplateExpression Primary()
    {
        var token = Next();
        switch (token.Kind)
        {
            case TemplateTokenKind.Name when token.Text is "true" or "True" or "false" or "False":
                return new ConstantExpression(token.Line, token.Text is "true" or "True");
            case TemplateTokenKind.Name when token.Text is "none" or "None":
                return new ConstantExpression(token.Line, null);
            case TemplateTokenKind.Name when token.Text is not ("if" or "else" or "in" or "is" or "and" or "or" or "not"):
                return new NameExpression(token.Line, token.Text);
            case TemplateTokenKind.Text:
                var text = token.Text;
                while (Current.Kind == TemplateTokenKind.Text)
                {
                    text += Next().Text;
                }

                return new ConstantExpression(token.Line, text);
            case TemplateTokenKind.Whole when long.TryParse(token.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var whole):
                return new ConstantExpression(token.Line, whole);
            case TemplateTokenKind.Number:
                return new ConstantExpression(token.Line, double.Parse(token.Text, CultureInfo.InvariantCulture));
            case TemplateTokenKind.Operator when token.Text == "[":
                return new ListExpression(token.Line, Items("]", Expression));
            case TemplateTokenKind.Operator when token.Text == "{":
                return new MapExpression(token.Line, Items("}", () =>
                {
                    var key = Expression();
                    Expect(":");
                    return (key, Expression());
                }));
            case TemplateTokenKind.Operator when token.Text == "(":
                if (Accept(")"))
                {
                    return new ListExpression(token.Line, []);
                }

                var inner = Tuple();
                Expect(")");
                return inner;
            default:
                throw Wrong(token, $"has {Shown(token)}", "a value");
        }
    }

    protected TemplateExpression Postfix(TemplateExpression value)
    {
        while (true)
        {
            var line = Current.Line;
            if (Accept("."))
            {
                value = Current.Kind == TemplateTokenKind.Whole
                    ? new ItemExpression(line, value, Primary()) : new FieldExpression(line, value, Name());
            }
            else if (Accept("["))
            {
                value = Subscript(line, value);
            }
            else if (Current.Is("("))
            {
                value = new CallExpression(line, value, CallArguments());
            }
            else
            {
                return value;
            }
        }
    }

    private TemplateExpression Subscript(int line, TemplateExpression value)
    {
        var from = Current.Is(":") ? null : Expression();
        if (from is not null && Accept("]"))
        {
            return new ItemExpression(line, value, from);
        }

        Expect(":");
        var to = Current.Is(":") || Current.Is("]") ? null : Expression();
        var step = Accept(":") && !Current.Is("]") ? Expression() : null;
        Expect("]");
        return new SliceExpression(line, value, from, to, step);
    }

    private TemplateExpression Filters(TemplateExpression value)
    {
        while (true)
        {
            var line = Current.Line;
            if (Accept("|"))
            {
                value = new FilterExpression(line, value, Name(), Current.Is("(") ? CallArguments() : new([], []));
            }
            else if (Accept("is"))
            {
                value = Test(line, value);
            }
            else if (Current.Is("("))
            {
                value = new CallExpression(line, value, CallArguments());
            }
            else
            {
                return value;
            }
        }
    }

    private TemplateExpression Test(int line, TemplateExpression value)
    {
        var isNegated = Accept("not");
        var (name, arguments) = (Name(), new ArgumentExpressions([], []));
        if (Current.Is("("))
        {
            arguments = CallArguments();
        }
        else if (Current.Kind is TemplateTokenKind.Text or TemplateTokenKind.Whole or TemplateTokenKind.Number || Current.Is("[") || Current.Is("{")
            || (Current.Kind == TemplateTokenKind.Name && !(Current.Is("else") || Current.Is("or") || Current.Is("and") || Current.Is("is")
                || Current.Is("if") || Current.Is("in") || Current.Is("not"))))
        {
            arguments.Values.Add(Postfix(Primary()));
        }

        var test = new TestExpression(line, value, name, arguments);
        return isNegated ? new UnaryExpression(line, "not", test) : test;
    }

    private ArgumentExpressions CallArguments()
    {
        Expect("(");
        var arguments = new ArgumentExpressions([], []);
        foreach (var (name, value) in Items(")", () => (NameBefore(), Expression())))
        {
            if (name is null)
            {
                arguments.Values.Add(value);
            }
            else if (arguments.Named.Exists(pair => pair.Name == name))
            {
                throw Wrong(Current, $"gives '{name}' twice", "each argument once");
            }
            else
            {
                arguments.Named.Add((name, value));
            }
        }

        return arguments;

        string? NameBefore()
        {
            if (Current.Is("*") || Current.Is("**"))
            {
                return Next().Text;
            }

            if (Current.Kind != TemplateTokenKind.Name || !After.Is("="))
            {
                return null;
            }

            var name = Name();
            Expect("=");
            return name;
        }
    }
}
