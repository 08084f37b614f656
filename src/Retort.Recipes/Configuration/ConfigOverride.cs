using Retort.Core;

namespace Retort.Recipes.Configuration;

/// <summary>"path.to.field=value" overrides as one layer of nodes; a later one replaces an earlier one of the same path.</summary>
internal static class ConfigOverride
{
    private const string Form = "path.to.field=value";

    public static MapNode Read(IReadOnlyList<string> overrides, Type root)
    {
        var layer = new Group();
        foreach (var text in overrides)
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            var place = $"--set {text}";
            if (equals <= 0)
            {
                throw UserError.Request(place, equals < 0 ? "has no '='" : "names no setting", Form);
            }

            var keys = text[..equals].Trim().Split('.');
            if (keys.Any(string.IsNullOrWhiteSpace))
            {
                throw UserError.Request(place, "has an empty part in its path", Form);
            }

            var group = layer;
            foreach (var key in keys[..^1])
            {
                group = group.Enter(key, place);
            }

            group.Set(keys[^1], place, Value(text[(equals + 1)..].Trim(), place, SettingType.Find(root, keys)));
        }

        return layer.ToNode("--set");
    }

    private static ConfigNode Value(string text, string place, SettingType? target)
    {
        if (target is not null && target.Shape == SettingShape.Scalar)
        {
            // The shell has had its quotes already: the rest is the value, letter for letter.
            return new ScalarNode(place, text, Quoted: target.IsText && !(target.AllowsNull && text is "null"));
        }

        return target is { Shape: SettingShape.List } && text is not "" && text[0] is not '['
            ? new ListNode(place, [.. text.Split(',').Select(item => new ScalarNode(place, item.Trim(), Quoted: target.Element!.IsText))])
            : ConfigReader.ReadValue(text, place);
    }

    /// <summary>A mapping under construction.</summary>
    private sealed class Group
    {
        private readonly List<(string Key, string Place, ConfigNode? Value, Group? Inner)> entries = [];

        public Group Enter(string key, string place)
        {
            var index = entries.FindIndex(entry => entry.Key == key);
            if (index >= 0 && entries[index].Inner is { } known)
            {
                return known;
            }

            if (index >= 0)
            {
                throw UserError.Request(place, $"'{key}' is set as a whole before", $"either the group or its parts");
            }

            var inner = new Group();
            entries.Add((key, place, null, inner));
            return inner;
        }

        public void Set(string key, string place, ConfigNode value)
        {
            entries.RemoveAll(entry => entry.Key == key);
            entries.Add((key, place, value, null));
        }

        public MapNode ToNode(string place) =>
            new(place, [.. entries.Select(entry => new MapEntry(entry.Place, entry.Key, entry.Value ?? entry.Inner!.ToNode(entry.Place)))]);
    }
}
