namespace Retort.Models.Tokenizers.ChatTemplates;

internal enum Flow
{
    Next,
    Break,
    Continue,
}

/// <summary>A part of a template that writes, assigns or chooses.</summary>
internal abstract record TemplateStatement(int Line)
{
    public static Flow RunAll(RenderState state, List<TemplateStatement> statements)
    {
        foreach (var statement in statements)
        {
            state.Enter();
            state.Line = statement.Line;
            var flow = statement.Run(state);
            state.Leave();
            if (flow != Flow.Next)
            {
                return flow;
            }
        }

        return Flow.Next;
    }

    protected abstract Flow Run(RenderState state);

    /// <summary>Assigns a value to one name, or its items to several.</summary>
    protected static void Assign(RenderState state, TemplateScope scope, List<string> names, object? value)
    {
        if (names.Count == 1)
        {
            scope[names[0]] = value;
            return;
        }

        if (TemplateValue.Items(state, value) is not { } items || items.Count != names.Count)
        {
            throw state.Wrong($"gives {TemplateValue.Kind(value)} to {names.Count} names", $"a list of {names.Count}");
        }

        for (var i = 0; i < names.Count; i++)
        {
            scope[names[i]] = items[i];
        }
    }
}

internal sealed record DataStatement(int Line, string Text) : TemplateStatement(Line)
{
    protected override Flow Run(RenderState state)
    {
        state.Write(Text);
        return Flow.Next;
    }
}

internal sealed record WriteStatement(int Line, TemplateExpression Value) : TemplateStatement(Line)
{
    protected override Flow Run(RenderState state)
    {
        state.Write(TemplateValue.Text(state, Value.Evaluate(state)));
        return Flow.Next;
    }
}

internal sealed record IfStatement(
    int Line, List<(TemplateExpression Condition, List<TemplateStatement> Body)> Branches, List<TemplateStatement> Else)
    : TemplateStatement(Line)
{
    protected override Flow Run(RenderState state)
    {
        foreach (var (condition, body) in Branches)
        {
            if (TemplateValue.IsTrue(condition.Evaluate(state)))
            {
                return RunAll(state, body);
            }
        }

        return RunAll(state, Else);
    }
}

internal sealed record ForStatement(
    int Line, List<string> Names, TemplateExpression Items, TemplateExpression? Condition, List<TemplateStatement> Body, List<TemplateStatement> Else)
    : TemplateStatement(Line)
{
    protected override Flow Run(RenderState state)
    {
        var over = Items.Evaluate(state);
        var items = TemplateValue.Items(state, over) ?? throw state.Wrong($"loops over {TemplateValue.Kind(over)}", "a list, mapping or string");
        var outer = state.Scope;
        if (Condition is not null)
        {
            items = items.FindAll(item =>
            {
                Begin(item);
                return TemplateValue.IsTrue(Condition.Evaluate(state));
            });
        }

        for (var i = 0; i < items.Count; i++)
        {
            Begin(items[i])["loop"] = Loop(items, i);
            if (RunAll(state, Body) == Flow.Break)
            {
                break;
            }
        }

        state.Scope = outer;
        return items.Count == 0 ? RunAll(state, Else) : Flow.Next;

        TemplateScope Begin(object? item)
        {
            state.Charge(256);
            state.Scope = new TemplateScope(outer);
            Assign(state, state.Scope, Names, item);
            return state.Scope;
        }
    }

    private static OrderedDictionary<string, object?> Loop(List<object?> items, int i) => new(StringComparer.Ordinal)
    {
        ["index0"] = (long)i,
        ["index"] = i + 1L,
        ["revindex0"] = items.Count - 1L - i,
        ["revindex"] = (long)items.Count - i,
        ["first"] = i == 0,
        ["last"] = i == items.Count - 1,
        ["length"] = (long)items.Count,
        ["previtem"] = i == 0 ? new Undefined("loop.previtem") : items[i - 1],
        ["nextitem"] = i == items.Count - 1 ? new Undefined("loop.nextitem") : items[i + 1],
    };
}

/// <summary>set a = ..., set a, b = ..., set space.field = ..., or set a and a body that ends with endset.</summary>
internal sealed record SetStatement(int Line, List<string> Names, string? Field, TemplateExpression? Value, List<TemplateStatement> Body)
    : TemplateStatement(Line)
{
    protected override Flow Run(RenderState state)
    {
        var value = Value is null ? state.Capture(new TemplateScope(state.Scope), () => RunAll(state, Body)) : Value.Evaluate(state);
        if (Field is null)
        {
            Assign(state, state.Scope, Names, value);
            return Flow.Next;
        }

        var of = state.Scope[Names[0]] as TemplateNamespace ?? throw state.Wrong($"sets a field of '{Names[0]}'", "a namespace");
        of.Fields[Field] = value;
        return Flow.Next;
    }
}

internal sealed record MacroStatement(
    int Line, string Name, List<(string Name, TemplateExpression? Default)> Parameters, List<TemplateStatement> Body)
    : TemplateStatement(Line)
{
    protected override Flow Run(RenderState state)
    {
        var defined = state.Scope;
        state.Scope[Name] = (TemplateFunction)((called, arguments) =>
        {
            var scope = new TemplateScope(defined) { ["caller"] = arguments[Parameters.Count, "caller", new Undefined("caller")] };
            for (var i = 0; i < Parameters.Count; i++)
            {
                var (name, otherwise) = Parameters[i];
                scope[name] = i < arguments.Values.Count || arguments.Named.ContainsKey(name) ? arguments[i, name]
                    : otherwise is null ? new Undefined(name) : otherwise.Evaluate(called);
            }

            return called.Capture(scope, () => RunAll(called, Body));
        });
        return Flow.Next;
    }
}

/// <summary>call macro(...) and a body, which the macro writes where it says caller().</summary>
internal sealed record CallStatement(int Line, CallExpression Call, List<TemplateStatement> Body) : TemplateStatement(Line)
{
    protected override Flow Run(RenderState state)
    {
        var (outer, arguments) = (state.Scope, Call.Arguments.Evaluate(state));
        arguments.Named["caller"] = (TemplateFunction)((called, _) => called.Capture(new TemplateScope(outer), () => RunAll(called, Body)));
        state.Write(TemplateValue.Text(state, Call.Invoke(state, arguments)));
        return Flow.Next;
    }
}

internal sealed record FlowStatement(int Line, Flow Flow) : TemplateStatement(Line)
{
    protected override Flow Run(RenderState state) => Flow;
}

/// <summary>A body without a meaning of its own: transformers marks what an assistant writes so.</summary>
internal sealed record GroupStatement(int Line, List<TemplateStatement> Body) : TemplateStatement(Line)
{
    protected override Flow Run(RenderState state) => RunAll(state, Body);
}
