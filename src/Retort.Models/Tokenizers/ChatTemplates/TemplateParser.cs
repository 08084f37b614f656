using System.Globalization;
using Retort.Core;

namespace Retort.Models.Tokenizers.ChatTemplates;

/// <summary>Reads the part of Jinja that chat templates use. What it does not know is an error with its line.</summary>
internal sealed class TemplateParser
{
    // Each level is some frames of the stack here, and one when it is carried out.
    private const int MaxDepth = 60;

    private static readonly string[] Tags =
        ["if", "for", "set", "macro", "break", "continue", "call", "generation", "elif", "else", "endif", "endfor", "endset", "endmacro", "endcall", "endgeneration"];

    private readonly List<TemplateToken> tokens;
    private readonly string where;
    private int position, depth, numLoops;

    private TemplateParser(List<TemplateToken> tokens, string where) => (this.tokens, this.where) = (tokens, where);

    private TemplateToken Current => tokens[position];

    public static List<TemplateStatement> Parse(string source, string where)
    {
        var parser = new TemplateParser(TemplateLexer.Cut(source, where), where);
        return parser.Body();
    }

    /// <summary>Statements up to one of the closing tags, whose name is left to be read; without any, up to the end.</summary>
    private List<TemplateStatement> Body(params string[] closing)
    {
        Enter();
        var body = new List<TemplateStatement>();
        while (true)
        {
            var token = Current;
            position++;
            switch (token.Kind)
            {
                case TemplateTokenKind.Data:
                    body.Add(new DataStatement(token.Line, token.Text));
                    break;
                case TemplateTokenKind.VariableBegin:
                    body.Add(new WriteStatement(token.Line, Tuple()));
                    Expect(TemplateTokenKind.VariableEnd, "}}");
                    break;
                case TemplateTokenKind.BlockBegin when closing.Contains(Current.Text) && Current.Kind == TemplateTokenKind.Name:
                    depth--;
                    return body;
                case TemplateTokenKind.BlockBegin:
                    body.Add(Tag());
                    Expect(TemplateTokenKind.BlockEnd, "%}");
                    break;
                default:
                    if (closing.Length > 0)
                    {
                        throw Wrong(token, "the template ends", string.Join(" or ", closing));
                    }

                    depth--;
                    return body;
            }
        }
    }

    private TemplateStatement Tag()
    {
        var (line, name) = (Current.Line, Name());
        switch (name)
        {
            case "if":
                return If(line);
            case "for":
                return For(line);
            case "set":
                return Set(line);
            case "macro":
                return Macro(line);
            case "call":
                if (Accept("("))
                {
                    Expect(")");
                }

                return new CallStatement(line, Postfix(Primary()) as CallExpression ?? throw Wrong(Current, "calls nothing", "call name(...)"), Closed("endcall"));
            case "generation":
                return new GroupStatement(line, Closed("endgeneration"));
            case "break" or "continue" when numLoops > 0:
                return new FlowStatement(line, name == "break" ? Flow.Break : Flow.Continue);
            default:
                throw UserError.Request($"{where}, line {line}", $"has the tag '{name}' here", "if, for, set, macro, and in loops break and continue",
                    NearestName.Of(name, Tags.Where(tag => tag != name)));
        }
    }

    private IfStatement If(int line)
    {
        var (branches, otherwise) = (new List<(TemplateExpression, List<TemplateStatement>)>(), new List<TemplateStatement>());
        for (var closing = "elif"; closing == "elif";)
        {
            var condition = Tuple();
            Expect(TemplateTokenKind.BlockEnd, "%}");
            branches.Add((condition, Body("elif", "else", "endif")));
            closing = Name();
            if (closing == "else")
            {
                otherwise = Closed("endif");
            }
        }

        return new IfStatement(line, branches, otherwise);
    }

    private ForStatement For(int line)
    {
        var names = Names();
        Expect("in");
        // Not a whole expression: its if would swallow the loop's own.
        var items = Or();
        var condition = Accept("if") ? Expression() : null;
        Accept("recursive");
        Expect(TemplateTokenKind.BlockEnd, "%}");
        numLoops++;
        var body = Body("else", "endfor");
        numLoops--;
        return new ForStatement(line, names, items, condition, body, Name() == "else" ? Closed("endfor") : []);
    }

    private SetStatement Set(int line)
    {
        var names = Names();
        var field = names.Count == 1 && Accept(".") ? Name() : null;
        return Accept("=") ? new SetStatement(line, names, field, Tuple(), []) : new SetStatement(line, names, field, null, Closed("endset"));
    }

    private MacroStatement Macro(int line)
    {
        var (name, parameters) = (Name(), new List<(string, TemplateExpression?)>());
        Expect("(");
        while (!Accept(")"))
        {
            parameters.Add((Name(), Accept("=") ? Expression() : null));
            if (!Current.Is(")"))
            {
                Expect(",");
            }
        }

        // A macro's body is outside the loops around it.
        var loops = numLoops;
        numLoops = 0;
        var body = Closed("endmacro");
        numLoops = loops;
        return new MacroStatement(line, name, parameters, body);
    }

    /// <summary>The end of this tag, a body, and the name of the closing tag.</summary>
    private List<TemplateStatement> Closed(string closing)
    {
        Expect(TemplateTokenKind.BlockEnd, "%}");
        var body = Body(closing);
        Name();
        return body;
    }

    private List<string> Names()
    {
        var inParentheses = Accept("(");
        var names = new List<string> { Name() };
        while (Accept(","))
        {
            names.Add(Name());
        }

        if (inParentheses)
        {
            Expect(")");
        }

        return names;
    }

    /// <summary>An expression, or several with commas between.</summary>
    private TemplateExpression Tuple()
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

    private TemplateExpression Expression()
    {
        Enter();
        var (line, value) = (Current.Line, Or());
        while (Accept("if"))
        {
            var condition = Or();
            value = new ConditionalExpression(line, condition, value, Accept("else") ? Expression() : null);
        }

        depth--;
        return value;
    }

    private TemplateExpression Or() => Chain(And, (line, _, left, right) => new LogicalExpression(line, false, left, right), "or");

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
        depth--;
        return negated;
    }

    private TemplateExpression Comparison()
    {
        var (line, first, rest) = (Current.Line, Sum(), new List<(string, TemplateExpression)>());
        while (true)
        {
            if (Current.Is("==") || Current.Is("!=") || Current.Is("<") || Current.Is("<=") || Current.Is(">") || Current.Is(">=") || Current.Is("in"))
            {
                rest.Add((tokens[position++].Text, Sum()));
            }
            else if (Current.Is("not") && tokens[position + 1].Is("in"))
            {
                position += 2;
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

    private static ArithmeticExpression Arithmetic(int line, string op, TemplateExpression left, TemplateExpression right) => new(line, op, left, right);

    private TemplateExpression Chain(
        Func<TemplateExpression> operand, Func<int, string, TemplateExpression, TemplateExpression, TemplateExpression> join, params string[] operators)
    {
        var value = operand();
        while (Array.Find(operators, Current.Is) is { } op)
        {
            var line = Current.Line;
            position++;
            value = join(line, op, value, operand());
        }

        return value;
    }

    private TemplateExpression Unary(bool withFilters = true)
    {
        TemplateExpression value;
        if (Current.Is("-") || Current.Is("+"))
        {
            Enter();
            var token = tokens[position++];
            value = new UnaryExpression(token.Line, token.Text, Unary(withFilters: false));
            depth--;
        }
        else
        {
            value = Postfix(Primary());
        }

        return withFilters ? Filters(value) : value;
    }

    private TemplateExpression Primary()
    {
        var token = Current;
        position++;
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
                    text += tokens[position++].Text;
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

    private TemplateExpression Postfix(TemplateExpression value)
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
                return tokens[position++].Text;
            }

            if (Current.Kind != TemplateTokenKind.Name || !tokens[position + 1].Is("="))
            {
                return null;
            }

            position += 2;
            return tokens[position - 2].Text;
        }
    }

    private List<T> Items<T>(string closing, Func<T> item)
    {
        var items = new List<T>();
        while (!Accept(closing))
        {
            items.Add(item());
            if (!Current.Is(closing))
            {
                Expect(",");
            }
        }

        return items;
    }

    private bool Accept(string word)
    {
        var found = Current.Is(word);
        position += found ? 1 : 0;
        return found;
    }

    private void Expect(string word)
    {
        if (!Accept(word))
        {
            throw Wrong(Current, $"has {Shown(Current)}", $"'{word}'");
        }
    }

    private void Expect(TemplateTokenKind kind, string shown)
    {
        if (Current.Kind != kind)
        {
            throw Wrong(Current, $"has {Shown(Current)}", shown);
        }

        position++;
    }

    private string Name() => Current.Kind == TemplateTokenKind.Name ? tokens[position++].Text
        : throw Wrong(Current, $"has {Shown(Current)}", "a name");

    private void Enter()
    {
        if (++depth > MaxDepth)
        {
            throw Wrong(Current, $"is nested more than {MaxDepth} levels deep", "less");
        }
    }

    private static string Shown(TemplateToken token) => token.Kind switch
    {
        TemplateTokenKind.End => "nothing more",
        TemplateTokenKind.VariableEnd or TemplateTokenKind.BlockEnd => "the end of the tag",
        TemplateTokenKind.Data => "text",
        TemplateTokenKind.Text => "a string",
        _ => $"'{token.Text}'",
    };

    private UserError Wrong(TemplateToken token, string what, string expected) => UserError.Request($"{where}, line {token.Line}", what, expected);
}
