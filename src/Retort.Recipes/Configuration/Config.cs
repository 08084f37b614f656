using System.Security.Cryptography;
using System.Text;
using Retort.Core;

namespace Retort.Recipes.Configuration;

/// <summary>
/// Typed settings and their YAML. A configuration is an immutable record; a YAML file mirrors it, key = property name in
/// camelCase. Settings come in layers: preset record, then file, then <c>--set path.to.field=value</c>; each layer changes
/// only what it names (lists are replaced whole). Every mistake is a <see cref="UserError"/> with its place, the setting's
/// path, what was expected and the nearest valid name.
/// </summary>
public static class Config
{
    /// <summary>The preset with the file (if any) and the overrides laid over it.</summary>
    /// <param name="preset">The base; not changed.</param>
    /// <param name="yamlPath">A YAML file, or null.</param>
    /// <param name="overrides">"path.to.field=value" each, applied in order.</param>
    public static T Resolve<T>(T preset, string? yamlPath, IReadOnlyList<string> overrides)
        where T : notnull
    {
        var settings = yamlPath is null ? preset : Merge(preset, ReadText(yamlPath), yamlPath);
        return Override(settings, overrides);
    }

    /// <summary>The settings with a YAML text laid over them; <paramref name="source"/> names the text in errors.</summary>
    public static T Merge<T>(T settings, string yaml, string source)
        where T : notnull =>
        (T)ConfigBinder.Merge(settings, ConfigReader.Read(yaml, source));

    /// <summary>The settings with "path.to.field=value" overrides laid over them, in order.</summary>
    public static T Override<T>(T settings, IReadOnlyList<string> overrides)
        where T : notnull
    {
        // One layer, so that rules between settings are checked when all are in place.
        var layer = ConfigOverride.Read(overrides, typeof(T));
        return overrides.Count == 0 ? settings : (T)ConfigBinder.Merge(settings, layer);
    }

    /// <summary>
    /// The resolved settings as YAML, with units and meanings as comments. Read back over any base of the same type it
    /// gives the same settings; numbers round-trip exactly and the text is the same in every culture.
    /// </summary>
    public static string Write<T>(T settings)
        where T : notnull => ConfigWriter.Write(settings);

    /// <summary>SHA-256 of a text's UTF-8 bytes, in lower-case hex: the identity of a resolved configuration.</summary>
    public static string Sha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>Every setting with its value in <paramref name="settings"/>, unit and meaning, in the order declared.</summary>
    public static IReadOnlyList<ConfigOption> Options<T>(T settings)
        where T : notnull => ConfigOption.Of(settings);

    private static string ReadText(string path)
    {
        const int maxBytes = 1 << 20;
        try
        {
            if (Directory.Exists(path))
            {
                throw UserError.Request(path, "is a folder", "a YAML file");
            }

            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            var bytes = new byte[maxBytes + 1];
            var count = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return count <= maxBytes
                ? new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes, 0, count).TrimStart('\uFEFF')
                : throw UserError.Request(path, "is too long", "a YAML file of at most 1 MiB");
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            throw UserError.Request(path, "no such file", "a YAML file");
        }
        catch (DecoderFallbackException)
        {
            throw UserError.Request(path, "is not UTF-8 text", "a YAML file");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw UserError.Environment(path, $"cannot be read ({fault.Message})", "a readable YAML file", fault);
        }
    }
}
