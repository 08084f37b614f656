namespace Retort.Recipes.Configuration;

/// <summary>A value as the user wrote it, with the place to blame: "file:line:column" or "--set path".</summary>
internal abstract record ConfigNode(string Place)
{
    /// <summary>What it is, in an error: "a list".</summary>
    public abstract string Kind { get; }
}

/// <summary>One word. Quoted: text in quotes, never null, a number or a truth value.</summary>
internal sealed record ScalarNode(string Place, string Text, bool Quoted) : ConfigNode(Place)
{
    public bool IsNull => !Quoted && Text is "" or "~" or "null";

    public override string Kind => IsNull ? "nothing" : $"'{Text}'";
}

internal sealed record ListNode(string Place, IReadOnlyList<ConfigNode> Items) : ConfigNode(Place)
{
    public override string Kind => "a list";
}

internal sealed record MapNode(string Place, IReadOnlyList<MapEntry> Entries) : ConfigNode(Place)
{
    public override string Kind => "a group of settings";
}

/// <summary>A setting; the place is the key's.</summary>
internal sealed record MapEntry(string Place, string Key, ConfigNode Value);
