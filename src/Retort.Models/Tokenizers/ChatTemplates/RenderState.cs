using System.Text;
using Retort.Core;

namespace Retort.Models.Tokenizers.ChatTemplates;

/// <summary>One rendering: names, output, and how much of its allowance is used. A template that would not end is an error.</summary>
internal sealed class RenderState(string where)
{
    // A thousand long messages take a tenth of it; all of it takes well under a second.
    private const int MaxSteps = 1_000_000, CharsPerStep = 16, MaxDepth = 200;

    private int numSteps, depth;

    /// <summary>The line being carried out.</summary>
    public int Line { get; set; }

    public TemplateScope Scope { get; set; } = new(null);

    public StringBuilder Output { get; set; } = new();

    /// <summary>Counts one step and that much text or that many items made.</summary>
    public void Charge(long size)
    {
        var steps = numSteps + 1 + size / CharsPerStep;
        numSteps = steps <= MaxSteps ? (int)steps
            : throw Wrong($"takes more than {MaxSteps} steps", "a template that ends soon, and messages it can take");
    }

    /// <summary>Carries something out one level deeper.</summary>
    public T Deeper<T>(Func<T> action)
    {
        Enter();
        var result = action();
        depth--;
        return result;
    }

    public void Enter()
    {
        Charge(0);
        if (++depth > MaxDepth)
        {
            throw Wrong($"is nested more than {MaxDepth} levels deep", "less");
        }
    }

    public void Leave() => depth--;

    public void Write(string text)
    {
        Charge(text.Length);
        Output.Append(text);
    }

    /// <summary>Runs statements in a scope of their own; returns what they wrote.</summary>
    public string Capture(TemplateScope scope, Action action)
    {
        var (outerScope, outerOutput) = (Scope, Output);
        (Scope, Output) = (scope, new StringBuilder());
        action();
        var text = Output.ToString();
        (Scope, Output) = (outerScope, outerOutput);
        return text;
    }

    public UserError Wrong(string what, string? expected = null) => UserError.Request($"{where}, line {Line}", what, expected);
}

/// <summary>Names and their values; assignments stay in the innermost scope, as Jinja's do.</summary>
internal sealed class TemplateScope(TemplateScope? parent)
{
    private readonly Dictionary<string, object?> values = new(StringComparer.Ordinal);

    public object? this[string name]
    {
        get
        {
            for (var scope = this; scope is not null; scope = scope.Parent)
            {
                if (scope.values.TryGetValue(name, out var value))
                {
                    return value;
                }
            }

            return new Undefined(name);
        }
        set => values[name] = value;
    }

    private TemplateScope? Parent { get; } = parent;
}
