using Retort.Core;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Retort.Recipes.Configuration;

/// <summary>
/// YAML text to <see cref="ConfigNode"/>s. Plain YAML only: one document, no tags, no anchors (a setting means what it
/// says where it stands), each key once, nested at most <see cref="MaxDepth"/> deep.
/// </summary>
internal sealed class ConfigReader
{
    private const int MaxDepth = 32;

    private readonly string source;
    private readonly Parser parser;

    private ConfigReader(string text, string source)
    {
        this.source = source;
        parser = new Parser(new StringReader(text));
    }

    /// <summary>The root mapping; an empty text is an empty mapping.</summary>
    public static MapNode Read(string text, string source) =>
        new ConfigReader(text, source).ReadDocument() switch
        {
            MapNode map => map,
            ScalarNode { IsNull: true } empty => new MapNode(empty.Place, []),
            var other => throw UserError.Request(other.Place, $"holds {other.Kind}", "settings, one 'key: value' a line"),
        };

    /// <summary>One value in YAML's flow style, as in <c>--set sizes=[1, 2]</c>; <paramref name="place"/> replaces line and column.</summary>
    public static ConfigNode ReadValue(string text, string place) =>
        Relocate(new ConfigReader(text, place).ReadDocument(), place);

    private ConfigNode ReadDocument()
    {
        Next();
        var start = Next();
        if (start is StreamEnd)
        {
            return new ScalarNode(Place(start), "", Quoted: false);
        }

        var root = ReadNode(Next(), depth: 0);
        Next();
        return Next() is StreamEnd ? root : throw UserError.Request(Place(parser.Current!), "a second document begins", "one document a file");
    }

    private ConfigNode ReadNode(ParsingEvent parsed, int depth)
    {
        if (depth > MaxDepth)
        {
            throw UserError.Request(Place(parsed), "is nested too deeply", $"at most {MaxDepth} levels");
        }

        if (parsed is AnchorAlias || parsed is NodeEvent { Anchor.IsEmpty: false })
        {
            throw UserError.Request(Place(parsed), "anchors and aliases are not used here", "the value itself");
        }

        if (parsed is NodeEvent { Tag: { IsEmpty: false, IsNonSpecific: false } tag })
        {
            throw UserError.Request(Place(parsed), $"the tag {tag.Value} is not used here", "a plain value");
        }

        return parsed switch
        {
            Scalar scalar => new ScalarNode(Place(scalar), scalar.Value, scalar.Style != ScalarStyle.Plain),
            SequenceStart => ReadList(parsed, depth),
            _ => ReadMap(parsed, depth),
        };
    }

    private ListNode ReadList(ParsingEvent start, int depth)
    {
        var items = new List<ConfigNode>();
        for (var next = Next(); next is not SequenceEnd; next = Next())
        {
            items.Add(ReadNode(next, depth + 1));
        }

        return new ListNode(Place(start), items);
    }

    private MapNode ReadMap(ParsingEvent start, int depth)
    {
        var (entries, seen) = (new List<MapEntry>(), new HashSet<string>());
        for (var next = Next(); next is not MappingEnd; next = Next())
        {
            if (ReadNode(next, depth + 1) is not ScalarNode key)
            {
                throw UserError.Request(Place(next), "a key is not a name", "'key: value'");
            }

            if (!seen.Add(key.Text))
            {
                throw UserError.Request(key.Place, $"'{key.Text}' stands here a second time", "each key once");
            }

            entries.Add(new MapEntry(key.Place, key.Text, ReadNode(Next(), depth + 1)));
        }

        return new MapNode(Place(start), entries);
    }

    private ParsingEvent Next()
    {
        try
        {
            do
            {
                if (!parser.MoveNext())
                {
                    throw UserError.Request(source, "ends in the middle of a value", "complete YAML");
                }
            }
            while (parser.Current is Comment);

            return parser.Current!;
        }
        catch (YamlException fault)
        {
            throw UserError.Request($"{source}:{fault.Start.Line}:{fault.Start.Column}", $"is not YAML ({Plain(fault.Message)})");
        }
        catch (Exception fault) when (fault is not UserError)
        {
            // The scanner answers some broken texts with exceptions of its own making.
            throw UserError.Request(source, $"is not YAML ({Plain(fault.Message)})");
        }
    }

    private static string Plain(string message) => message.ReplaceLineEndings(" ").TrimEnd('.', ' ');

    private string Place(ParsingEvent parsed) => $"{source}:{parsed.Start.Line}:{parsed.Start.Column}";

    private static ConfigNode Relocate(ConfigNode node, string place) => node switch
    {
        ListNode list => new ListNode(place, [.. list.Items.Select(item => Relocate(item, place))]),
        MapNode map => new MapNode(place, [.. map.Entries.Select(entry => new MapEntry(place, entry.Key, Relocate(entry.Value, place)))]),
        _ => node with { Place = place },
    };
}
