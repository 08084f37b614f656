using System.Collections.Immutable;
using System.Reflection;
using System.Text.Json;
using Retort.Core;

namespace Retort.Recipes.Configuration;

/// <summary>How a setting's value is written.</summary>
internal enum SettingShape
{
    /// <summary>One word: number, truth value, text, enum, or a type with a static <c>Parse(string)</c>.</summary>
    Scalar,

    /// <summary>A list of values.</summary>
    List,

    /// <summary>A nested record.</summary>
    Record,
}

/// <summary>A C# type as the binder sees it.</summary>
internal sealed class SettingType
{
    private static readonly Type[] ListTypes =
        [typeof(IReadOnlyList<>), typeof(IReadOnlyCollection<>), typeof(IEnumerable<>), typeof(IList<>), typeof(List<>), typeof(ImmutableArray<>)];

    private SettingType(Type type, bool allowsNull)
    {
        Type = Nullable.GetUnderlyingType(type) ?? type;
        AllowsNull = allowsNull || Type != type;
        var element = type.IsArray ? type.GetElementType()
            : type.IsGenericType && ListTypes.Contains(type.GetGenericTypeDefinition()) ? type.GetGenericArguments()[0]
            : null;
        Element = element is null ? null : new SettingType(element, allowsNull: false);
        Parse = Type.GetMethod("Parse", BindingFlags.Public | BindingFlags.Static, [typeof(string)]);
        Shape = Element is not null ? SettingShape.List
            : Type.IsPrimitive || Type.IsEnum || IsText || Parse is not null ? SettingShape.Scalar
            : SettingShape.Record;
    }

    /// <summary>Without <see cref="Nullable{T}"/> around it.</summary>
    public Type Type { get; }

    public bool AllowsNull { get; }

    public SettingShape Shape { get; }

    /// <summary>A list's element.</summary>
    public SettingType? Element { get; }

    /// <summary>The type's own reader of text.</summary>
    public MethodInfo? Parse { get; }

    public bool IsText => Type == typeof(string);

    public static SettingType Of(Type type) => new(type, allowsNull: false);

    public static SettingType Of(PropertyInfo property) =>
        new(property.PropertyType, new NullabilityInfoContext().Create(property).ReadState == NullabilityState.Nullable);

    /// <summary>The settings of a record: its public properties that can be initialised, in the order declared.</summary>
    public static IEnumerable<PropertyInfo> Properties(Type record) =>
        record.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property is { CanRead: true, SetMethod.IsPublic: true } && property.GetIndexParameters().Length == 0)
            .OrderBy(property => property.MetadataToken);

    /// <summary>A property's key.</summary>
    public static string Key(MemberInfo member) => Key(member.Name);

    /// <summary>A C# name as a key or an enum's word: camelCase, acronyms lowered ("KLWeight" is klWeight).</summary>
    public static string Key(string name) => JsonNamingPolicy.CamelCase.ConvertName(name);

    /// <summary>The type at a path of keys, or null if there is none.</summary>
    public static SettingType? Find(Type root, IReadOnlyList<string> keys)
    {
        var current = Of(root);
        foreach (var key in keys)
        {
            if (current.Shape != SettingShape.Record
                || Properties(current.Type).FirstOrDefault(property => Key(property) == key) is not { } property)
            {
                return null;
            }

            current = Of(property);
        }

        return current;
    }

    /// <summary>What a value must be, in an error: "a whole number above 0 (tokens)".</summary>
    public string Expected(PropertyInfo? property)
    {
        var noun = Noun();
        if (property is not null)
        {
            noun += string.Concat(property.GetCustomAttributes<SettingRuleAttribute>().Select(rule => " " + rule.Expected));
            noun += property.GetCustomAttribute<DocAttribute>()?.Unit is { } unit ? $" ({unit})" : "";
        }

        return AllowsNull ? noun + " or null" : noun;
    }

    private string Noun() => Type switch
    {
        _ when Shape == SettingShape.List => $"a list, each {Element!.Noun()}",
        _ when Shape == SettingShape.Record => "a group of settings",
        _ when Type == typeof(bool) => "true or false",
        _ when IsText => "text",
        _ when Type.IsEnum => "one of " + string.Join(", ", Enum.GetNames(Type).Select(Key)),
        _ when Type == typeof(float) || Type == typeof(double) || Type == typeof(decimal) => "a number",
        _ when Type.IsPrimitive => "a whole number",
        _ => $"text of the form of {Type.Name}",
    };
}
