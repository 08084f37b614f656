using Retort.Core;

namespace Retort.Models.Tokenizers.ChatTemplates;

/// <summary>Reads the part of Jinja that chat templates use. What it does not know is an error with its line.</summary>
internal sealed class TemplateParser : ExpressionParser
{
    private static readonly string[] Tags =
    [
        "if", "for", "set", "macro", "break", "continue", "call", "generation", "elif", "else", "endif", "endfor", "endset", "endmacro",
        "endcall", "endgeneration",
    ];

    private int numLoops;

    private TemplateParser(List<TemplateToken> tokens, string where)
        : base(tokens, where)
    {
    }

    public static List<TemplateStatement> Parse(string source, string where) =>
        new TemplateParser(TemplateLexer.Cut(source, where), where).Body();

    /// <summary>Statements up to one of the closing tags, whose name is left to be read; without any, up to the end.</summary>
    private List<TemplateStatement> Body(params string[] closing)
    {
        Enter();
        var body = new List<TemplateStatement>();
        while (true)
        {
            var token = Next();
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
                    Leave();
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

                    Leave();
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

                var call = Postfix(Primary()) as CallExpression ?? throw Wrong(Current, "calls nothing", "call name(...)");
                return new CallStatement(line, call, Closed("endcall"));
            case "generation":
                return new GroupStatement(line, Closed("endgeneration"));
            case "break" or "continue" when numLoops > 0:
                return new FlowStatement(line, name == "break" ? Flow.Break : Flow.Continue);
            default:
                throw UserError.Request(
                    $"{Where}, line {line}", $"has the tag '{name}' here", "if, for, set, macro, and in loops break and continue",
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
}
