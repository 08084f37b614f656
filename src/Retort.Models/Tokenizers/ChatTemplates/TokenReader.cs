using Retort.Core;

namespace Retort.Models.Tokenizers.ChatTemplates;

/// <summary>A template's tokens one after another, how deep the parser is in them, and what it says of those it did not expect.</summary>
internal abstract class TokenReader(List<TemplateToken> tokens, string where)
{
    // Each level is some frames of the stack in the parser, and one when it is carried out.
    private const int MaxDepth = 60;

    private int position, depth;

    protected string Where => where;

    protected TemplateToken Current => tokens[position];

    /// <summary>The token after the current one; asked for only where that is not the last.</summary>
    protected TemplateToken After => tokens[position + 1];

    protected TemplateToken Next() => tokens[position++];

    protected List<T> Items<T>(string closing, Func<T> item)
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

    protected bool Accept(string word)
    {
        var found = Current.Is(word);
        position += found ? 1 : 0;
        return found;
    }

    protected void Expect(string word)
    {
        if (!Accept(word))
        {
            throw Wrong(Current, $"has {Shown(Current)}", $"'{word}'");
        }
    }

    protected void Expect(TemplateTokenKind kind, string shown)
    {
        if (Current.Kind != kind)
        {
            throw Wrong(Current, $"has {Shown(Current)}", shown);
        }

        position++;
    }

    protected string Name() => Current.Kind == TemplateTokenKind.Name ? tokens[position++].Text
        : throw Wrong(Current, $"has {Shown(Current)}", "a name");

    protected void Enter()
    {
        if (++depth > MaxDepth)
        {
            throw Wrong(Current, $"is nested more than {MaxDepth} levels deep", "less");
        }
    }

    protected void Leave() => depth--;

    protected static string Shown(TemplateToken token) => token.Kind switch
    {
        TemplateTokenKind.End => "nothing more",
        TemplateTokenKind.VariableEnd or TemplateTokenKind.BlockEnd => "the end of the tag",
        TemplateTokenKind.Data => "text",
        TemplateTokenKind.Text => "a string",
        _ => $"'{token.Text}'",
    };

    protected UserError Wrong(TemplateToken token, string what, string expected) =>
        UserError.Request($"{where}, line {token.Line}", what, expected);
}
