namespace Retort.Models.Tokenizers.ChatTemplates;

/// <summary>A part of a template that has a value.</summary>
internal abstract record TemplateExpression(int Line)
{
    public object? Evaluate(RenderState state)
    {
        state.Enter();
        state.Line = Line;
        var value = Value(state);
        state.Line = Line;
        state.Leave();
        return value;
    }

    protected abstract object? Value(RenderState state);

    /// <summary>The value of a part, which must be there.</summary>
    protected static object? Known(RenderState state, TemplateExpression part) => part.Evaluate(state) switch
    {
        Undefined missing => throw state.Wrong($"uses '{missing.Name}', which is undefined"),
        var value => value,
    };
}

internal sealed record ConstantExpression(int Line, object? Constant) : TemplateExpression(Line)
{
    protected override object? Value(RenderState state) => Constant;
}

internal sealed record NameExpression(int Line, string Name) : TemplateExpression(Line)
{
    protected override object? Value(RenderState state) => state.Scope[Name];
}

internal sealed record ListExpression(int Line, List<TemplateExpression> Items) : TemplateExpression(Line)
{
    protected override object? Value(RenderState state) => Items.ConvertAll(item => item.Evaluate(state));
}

internal sealed record MapExpression(int Line, List<(TemplateExpression Key, TemplateExpression Value)> Items) : TemplateExpression(Line)
{
    protected override object? Value(RenderState state)
    {
        var map = new OrderedDictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (key, value) in Items)
        {
            var name = key.Evaluate(state) as string ?? throw state.Wrong("has a mapping's key that is no string", "strings as keys");
            map[name] = value.Evaluate(state);
        }

        return map;
    }
}

internal sealed record ConditionalExpression(int Line, TemplateExpression Condition, TemplateExpression Then, TemplateExpression? Else)
    : TemplateExpression(Line)
{
    protected override object? Value(RenderState state) => TemplateValue.IsTrue(Condition.Evaluate(state)) ? Then.Evaluate(state)
        : Else is null ? new Undefined("the value without an else") : Else.Evaluate(state);
}

/// <summary>and, or: the value that decided.</summary>
internal sealed record LogicalExpression(int Line, bool IsAnd, TemplateExpression Left, TemplateExpression Right) : TemplateExpression(Line)
{
    protected override object? Value(RenderState state) =>
        Left.Evaluate(state) is var left && TemplateValue.IsTrue(left) == IsAnd ? Right.Evaluate(state) : left;
}

internal sealed record UnaryExpression(int Line, string Operator, TemplateExpression Operand) : TemplateExpression(Line)
{
    protected override object? Value(RenderState state) => (Operator, Operand.Evaluate(state)) switch
    {
        ("not", var value) => !TemplateValue.IsTrue(value),
        ("-", long n) => unchecked(-n),
        ("-", double x) => -x,
        ("+", var value) when value is long or double => value,
        (_, var value) => throw state.Wrong($"puts {Operator} before {TemplateValue.Kind(value)}", "a number"),
    };
}

/// <summary>a &lt; b &lt;= c: every neighbouring pair must hold.</summary>
internal sealed record ComparisonExpression(int Line, TemplateExpression First, List<(string Operator, TemplateExpression Operand)> Rest)
    : TemplateExpression(Line)
{
    protected override object? Value(RenderState state)
    {
        var left = First.Evaluate(state);
        foreach (var (op, operand) in Rest)
        {
            var right = operand.Evaluate(state);
            if (!Holds(state, op, left, right))
            {
                return false;
            }

            left = right;
        }

        return true;
    }

    public static bool Holds(RenderState state, string op, object? left, object? right)
    {
        switch (op)
        {
            case "==" or "!=":
                return TemplateValue.AreEqual(state, left, right) == (op == "==");
            case "in" or "not in":
                return Contains(state, right, left) == (op == "in");
            default:
                var order = TemplateValue.Compare(left, right)
                    ?? throw state.Wrong(
                        $"compares {TemplateValue.Kind(left)} with {TemplateValue.Kind(right)} by {op}", "two numbers or two strings");
                return op switch { "<" => order < 0, "<=" => order <= 0, ">" => order > 0, _ => order >= 0 };
        }
    }

    private static bool Contains(RenderState state, object? where, object? what)
    {
        switch (where)
        {
            case string text:
                state.Charge(text.Length / 4);
                return what is string part ? text.Contains(part, StringComparison.Ordinal)
                    : throw state.Wrong($"looks for {TemplateValue.Kind(what)} in a string", "a string");
            case OrderedDictionary<string, object?> map:
                return what is string key && map.ContainsKey(key);
            case List<object?> list:
                return list.Exists(item => TemplateValue.AreEqual(state, item, what));
            case Undefined:
                return false;
            default:
                throw state.Wrong($"looks into {TemplateValue.Kind(where)}", "a string, list or mapping");
        }
    }
}

internal sealed record ArithmeticExpression(int Line, string Operator, TemplateExpression Left, TemplateExpression Right) : TemplateExpression(Line)
{
    protected override object? Value(RenderState state)
    {
        var (left, right) = (Left.Evaluate(state), Right.Evaluate(state));
        if (Operator == "*" && right is string)
        {
            (left, right) = (right, left);
        }

        switch (Operator, left, right)
        {
            case ("~", _, _):
                return Join(state, TemplateValue.Text(state, left), TemplateValue.Text(state, right));
            case ("+", string a, string b):
                return Join(state, a, b);
            case ("+", List<object?> a, List<object?> b):
                state.Charge(4L * (a.Count + b.Count));
                return new List<object?>([.. a, .. b]);
            case ("*", string text, long times):
                state.Charge(Math.Max(0, Math.Min(times, int.MaxValue)) * text.Length);
                return string.Concat(Enumerable.Repeat(text, (int)Math.Max(0, text.Length == 0 ? 0 : times)));
        }

        if (!TemplateValue.IsNumber(left, out var x) || !TemplateValue.IsNumber(right, out var y))
        {
            throw state.Wrong($"has {TemplateValue.Kind(left)} {Operator} {TemplateValue.Kind(right)}", "two numbers, or two strings to be joined");
        }

        if (y == 0 && Operator is "/" or "//" or "%")
        {
            throw state.Wrong("divides by zero", "another divisor");
        }

        // Whole numbers beyond what a double holds do not come up; arithmetic on them is refused rather than wrong.
        var result = Operator switch
        {
            "+" => x + y,
            "-" => x - y,
            "*" => x * y,
            "/" => x / y,
            "//" => Math.Floor(x / y),
            _ => x - y * Math.Floor(x / y),
        };
        if (left is double || right is double || Operator == "/")
        {
            return result;
        }

        return Math.Abs(result) < 1L << 52 ? (long)result : throw state.Wrong($"computes {result}", "whole numbers below 2^52");
    }

    private static string Join(RenderState state, string a, string b)
    {
        state.Charge(a.Length + b.Length);
        return a + b;
    }
}

/// <summary>a.b</summary>
internal sealed record FieldExpression(int Line, TemplateExpression Object, string Name) : TemplateExpression(Line)
{
    protected override object? Value(RenderState state) => Known(state, Object) switch
    {
        TemplateNamespace space => space.Fields.TryGetValue(Name, out var field) ? field : new Undefined(Name),
        var of when TemplateMethods.Find(of, Name) is { } method => method,
        OrderedDictionary<string, object?> map => map.TryGetValue(Name, out var item) ? item : new Undefined(Name),
        _ => new Undefined(Name),
    };
}

/// <summary>a[b]</summary>
internal sealed record ItemExpression(int Line, TemplateExpression Object, TemplateExpression Index) : TemplateExpression(Line)
{
    protected override object? Value(RenderState state)
    {
        var (of, index) = (Known(state, Object), Index.Evaluate(state));
        switch (of, index)
        {
            case (OrderedDictionary<string, object?> map, string key):
                return map.TryGetValue(key, out var value) ? value : TemplateMethods.Find(map, key) ?? (object)new Undefined(key);
            case (TemplateNamespace space, string key):
                return space.Fields.TryGetValue(key, out var field) ? field : new Undefined(key);
            case (List<object?> list, long at):
                return (at < 0 ? at + list.Count : at) is var i && i >= 0 && i < list.Count ? list[(int)i] : new Undefined($"item {at}");
            case (string text, long at):
                var items = TemplateValue.Items(state, text)!;
                return (at < 0 ? at + items.Count : at) is var j && j >= 0 && j < items.Count ? items[(int)j] : new Undefined($"character {at}");
            case (_, string key):
                return TemplateMethods.Find(of, key) ?? (object)new Undefined(key);
            default:
                return new Undefined("an item");
        }
    }
}

/// <summary>a[from:to:step]</summary>
internal sealed record SliceExpression(
    int Line, TemplateExpression Object, TemplateExpression? From, TemplateExpression? To, TemplateExpression? Step) : TemplateExpression(Line)
{
    protected override object? Value(RenderState state)
    {
        var of = Known(state, Object);
        if (of is not (string or List<object?>))
        {
            return new Undefined("a part");
        }

        var items = TemplateValue.Items(state, of)!;
        var step = Bound(state, Step) ?? 1;
        if (step == 0)
        {
            throw state.Wrong("cuts with step 0", "another step");
        }

        // As Python's slice.indices: within 0 .. count, and one lower each way when it goes backwards.
        long count = items.Count;
        var (low, high) = step > 0 ? (0L, count) : (-1L, count - 1);
        var from = Within(Bound(state, From)) ?? (step > 0 ? low : high);
        var to = Within(Bound(state, To)) ?? (step > 0 ? high : low);
        var cut = new List<object?>();
        for (var i = from; step > 0 ? i < to : i > to; i += step)
        {
            cut.Add(items[(int)i]);
        }

        state.Charge(4L * cut.Count);
        return of is string ? string.Concat(cut) : cut;

        long? Within(long? bound) => bound is { } at ? Math.Clamp(at < 0 ? at + count : at, low, high) : null;
    }

    private static long? Bound(RenderState state, TemplateExpression? bound) => bound?.Evaluate(state) switch
    {
        null => null,
        long n and > -1L << 40 and < 1L << 40 => n,
        var other => throw state.Wrong($"cuts at {TemplateValue.Kind(other)}", "whole numbers"),
    };
}

/// <summary>What a call is given; the names * and ** stand for a list and a mapping to be unpacked.</summary>
internal sealed record ArgumentExpressions(List<TemplateExpression> Values, List<(string Name, TemplateExpression Value)> Named)
{
    public Arguments Evaluate(RenderState state)
    {
        var arguments = new Arguments(Values.ConvertAll(value => value.Evaluate(state)), new(StringComparer.Ordinal));
        foreach (var (name, expression) in Named)
        {
            var value = expression.Evaluate(state);
            switch (name, value)
            {
                case ("**", OrderedDictionary<string, object?> map):
                    map.ToList().ForEach(pair => arguments.Named[pair.Key] = pair.Value);
                    break;
                case ("*", List<object?> list):
                    arguments.Values.AddRange(list);
                    break;
                case ("**" or "*", _):
                    throw state.Wrong($"unpacks {TemplateValue.Kind(value)}", "a mapping after ** or a list after *");
                default:
                    arguments.Named[name] = value;
                    break;
            }
        }

        return arguments;
    }
}

internal sealed record CallExpression(int Line, TemplateExpression Function, ArgumentExpressions Arguments) : TemplateExpression(Line)
{
    protected override object? Value(RenderState state) => Invoke(state, Arguments.Evaluate(state));

    public object? Invoke(RenderState state, Arguments arguments) => Function.Evaluate(state) switch
    {
        TemplateFunction function => function(state, arguments),
        Undefined { Name: "strftime_now" } => throw state.Wrong("asks for the date", "prompts that are the same every day"),
        var other => throw state.Wrong($"calls {TemplateValue.Kind(other)}", "a function or method that chat templates use"),
    };
}

internal sealed record FilterExpression(int Line, TemplateExpression Operand, string Name, ArgumentExpressions Arguments) : TemplateExpression(Line)
{
    protected override object? Value(RenderState state) =>
        TemplateFilters.Apply(state, Name, Operand.Evaluate(state), Arguments.Evaluate(state));
}

internal sealed record TestExpression(int Line, TemplateExpression Operand, string Name, ArgumentExpressions Arguments) : TemplateExpression(Line)
{
    protected override object? Value(RenderState state) =>
        TemplateTests.Holds(state, Name, Operand.Evaluate(state), Arguments.Evaluate(state));
}
