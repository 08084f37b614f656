using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.CompilerServices;
using Retort.Core;

namespace Retort.Recipes.Configuration;

/// <summary>Lays nodes over records: copies of the base with the named settings changed.</summary>
internal static class ConfigBinder
{
    private const int MostNamesListed = 12;

    /// <summary>A copy of <paramref name="settings"/> with what <paramref name="layer"/> names.</summary>
    public static object Merge(object settings, MapNode layer) => Merge(settings, layer, "", settings.GetType());

    private static object Merge(object settings, MapNode layer, string path, Type root)
    {
        var copy = Copy(settings);
        foreach (var entry in layer.Entries)
        {
            var property = FindProperty(copy.GetType(), entry, path, root);
            var inner = Join(path, entry.Key);
            var type = SettingType.Of(property);
            var value = entry.Value is MapNode map && type.Shape == SettingShape.Record && property.GetValue(copy) is { } current
                ? Merge(current, map, inner, root)
                : Bind(entry.Value, type, property, inner, root);
            property.SetValue(copy, value);
        }

        CheckWhole(copy, layer, path);
        return copy;
    }

    private static object? Bind(ConfigNode node, SettingType type, PropertyInfo? property, string path, Type root)
    {
        if (type.AllowsNull && node is ScalarNode { IsNull: true })
        {
            return null;
        }

        return (type.Shape, node) switch
        {
            (SettingShape.Scalar, ScalarNode scalar) => ConfigScalar.Read(scalar, type, property, path),
            (SettingShape.List, ListNode list) => BindList(list, type, property, path, root),
            (SettingShape.Record, MapNode map) => Create(map, type.Type, path, root),
            _ => throw UserError.Request($"{node.Place}: {path}", $"is {node.Kind}", type.Expected(property)),
        };
    }

    private static object BindList(ListNode list, SettingType type, PropertyInfo? property, string path, Type root)
    {
        var element = type.Element!;
        var items = Array.CreateInstance(element.Type, list.Items.Count);
        for (var i = 0; i < list.Items.Count; i++)
        {
            items.SetValue(Bind(list.Items[i], element, property, $"{path}[{i}]", root), i);
        }

        if (type.Type.IsAssignableFrom(items.GetType()))
        {
            return items;
        }

        return type.Type.GetGenericTypeDefinition() == typeof(ImmutableArray<>)
            ? typeof(ConfigBinder).GetMethod(nameof(Immutable), BindingFlags.NonPublic | BindingFlags.Static)!
                .MakeGenericMethod(element.Type).Invoke(null, [items])!
            : Activator.CreateInstance(type.Type, items)!;
    }

    /// <summary>A new record where the base has none: in a list, or in place of null.</summary>
    private static object Create(MapNode map, Type type, string path, Type root)
    {
        foreach (var entry in map.Entries)
        {
            FindProperty(type, entry, path, root);
        }

        var constructor = type.GetConstructors()
            .Where(candidate => !candidate.GetParameters().Any(parameter => parameter.ParameterType == type))
            .MaxBy(candidate => candidate.GetParameters().Length);
        var arguments = constructor?.GetParameters().Select(parameter => Argument(parameter, map, type, path, root)).ToArray() ?? [];
        var created = constructor is null ? Activator.CreateInstance(type)! : constructor.Invoke(arguments);
        foreach (var property in SettingType.Properties(type).Where(property => IsRequired(property)))
        {
            Require(map, SettingType.Key(property), path);
        }

        return Merge(created, map, path, root);
    }

    private static object? Argument(ParameterInfo parameter, MapNode map, Type type, string path, Type root)
    {
        var key = SettingType.Key(parameter.Name!);
        if (map.Entries.FirstOrDefault(entry => entry.Key == key) is not { } entry)
        {
            return parameter.HasDefaultValue ? parameter.DefaultValue : Require(map, key, path);
        }

        var property = FindProperty(type, entry, path, root);
        return Bind(entry.Value, SettingType.Of(property), property, Join(path, key), root);
    }

    private static object? Require(MapNode map, string key, string path) =>
        map.Entries.Any(entry => entry.Key == key) ? null : throw UserError.Request($"{map.Place}: {path}", $"'{key}' is missing", $"'{key}: value'");

    private static PropertyInfo FindProperty(Type type, MapEntry entry, string path, Type root)
    {
        var properties = SettingType.Properties(type).ToList();
        if (properties.Find(property => SettingType.Key(property) == entry.Key) is { } found)
        {
            return found;
        }

        var names = properties.ConvertAll(SettingType.Key);
        var nearest = NearestName.Of(entry.Key, names) ?? ElsewhereInTree(entry.Key, root);
        var more = names.Count > MostNamesListed ? $", ... ({names.Count} in all)" : "";
        throw UserError.Request(
            $"{entry.Place}: {Join(path, entry.Key)}", "unknown setting",
            names.Count == 0 ? "no settings here" : "one of " + string.Join(", ", names.Take(MostNamesListed)) + more, nearest);
    }

    /// <summary>The full path of a setting of that name in another group: a key written one level too high or too low.</summary>
    private static string? ElsewhereInTree(string key, Type root)
    {
        var paths = Paths(root, "", depth: 0).ToList();
        return paths.Find(path => path.EndsWith("." + key, StringComparison.Ordinal) || path == key);
    }

    private static IEnumerable<string> Paths(Type type, string path, int depth)
    {
        foreach (var property in SettingType.Properties(type))
        {
            var inner = Join(path, SettingType.Key(property));
            yield return inner;
            var nested = SettingType.Of(property);
            if (nested.Shape == SettingShape.Record && depth < 8)
            {
                foreach (var below in Paths(nested.Type, inner, depth + 1))
                {
                    yield return below;
                }
            }
        }
    }

    private static void CheckWhole(object settings, MapNode layer, string path)
    {
        if ((settings as ICheckedSettings)?.FindProblem() is { } problem)
        {
            var key = SettingType.Key(problem.Property);
            var place = layer.Entries.FirstOrDefault(entry => entry.Key == key)?.Place ?? layer.Place;
            throw UserError.Request($"{place}: {Join(path, key)}", problem.What, problem.Expected);
        }
    }

    private static object Copy(object settings)
    {
        var type = settings.GetType();
        return type.IsValueType
            ? RuntimeHelpers.GetObjectValue(settings)
            : type.GetMethod("<Clone>$")?.Invoke(settings, null)
                ?? throw new ArgumentException($"{type} is not a record: it cannot be copied with a setting changed.");
    }

    private static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";

    private static ImmutableArray<T> Immutable<T>(T[] items) => [.. items];

    /// <summary>By name, for another assembly in reach carries an attribute of the same full name.</summary>
    private static bool IsRequired(PropertyInfo property) =>
        property.CustomAttributes.Any(attribute => attribute.AttributeType.Name == "RequiredMemberAttribute");
}
