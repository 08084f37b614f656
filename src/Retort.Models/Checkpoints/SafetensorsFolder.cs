using System.Text.Json;
using Retort.Core;

namespace Retort.Models.Checkpoints;

/// <summary>
/// The weights of a folder, in one file (model.safetensors) or in shards listed by model.safetensors.index.json.
/// </summary>
public sealed class SafetensorsFolder : IDisposable
{
    /// <summary>The single file.</summary>
    public const string FileName = "model.safetensors";

    private const string IndexName = FileName + ".index.json";

    private readonly Dictionary<string, SafetensorsFile> fileByTensor = [];
    private readonly List<SafetensorsFile> files = [];

    private SafetensorsFolder(string folder) => Folder = folder;

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>Names of all tensors, in ordinal order.</summary>
    public IReadOnlyList<string> Names => [.. fileByTensor.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Opens all files of the folder; the index and the shards must agree.</summary>
    public static SafetensorsFolder Open(string folder)
    {
        var opened = new SafetensorsFolder(folder);
        try
        {
            var index = Path.Combine(folder, IndexName);
            // As in transformers, the single file goes before the index.
            if (!File.Exists(Path.Combine(folder, FileName)) && File.Exists(index))
            {
                opened.OpenShards(index);
            }
            else
            {
                opened.OpenFile(Path.Combine(folder, FileName));
            }

            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>The folder has such a tensor.</summary>
    public bool Contains(string name) => fileByTensor.ContainsKey(name);

    /// <summary>A tensor's shape.</summary>
    public IReadOnlyList<int> Shape(string name) => FileOf(name).Shape(name);

    /// <summary>Reads a tensor as <see cref="SafetensorsFile.Read"/> does.</summary>
    public void Read(string name, Span<float> destination, bool allowNonFinite = false) =>
        FileOf(name).Read(name, destination, allowNonFinite);

    /// <summary>
    /// Checks that exactly these tensors are there, with these shapes; <paramref name="mayBeExtra"/> tells of tensors beyond them
    /// that do no harm.
    /// </summary>
    public void Expect(IReadOnlyList<TensorSpec> expected, Func<string, bool>? mayBeExtra = null)
    {
        foreach (var tensor in expected)
        {
            if (!fileByTensor.ContainsKey(tensor.Name))
            {
                throw UserError.Request(Folder, $"has no tensor '{tensor.Name}'",
                    $"{expected.Count} tensors by its configuration",
                    NearestName.Of(tensor.Name, Names.Except(expected.Select(other => other.Name))));
            }

            var shape = Shape(tensor.Name);
            if (!shape.SequenceEqual(tensor.Shape))
            {
                throw UserError.Request($"{Folder}: tensor '{tensor.Name}'", $"has shape [{string.Join(", ", shape)}]",
                    $"[{string.Join(", ", tensor.Shape)}] by its configuration");
            }
        }

        var extra = Names.Except(expected.Select(tensor => tensor.Name)).Where(name => mayBeExtra?.Invoke(name) != true).ToArray();
        if (extra.Length > 0)
        {
            var shown = string.Join(", ", extra.Take(3).Select(name => $"'{name}'")) + (extra.Length > 3 ? ", ..." : "");
            throw UserError.Request(Folder, $"has {extra.Length} tensors its configuration does not know: {shown}",
                $"the {expected.Count} tensors of its configuration only");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => files.ForEach(file => file.Dispose());

    private SafetensorsFile FileOf(string name) => fileByTensor.TryGetValue(name, out var file) ? file
        : throw UserError.Request(Folder, $"has no tensor '{name}'", null, NearestName.Of(name, Names));

    private SafetensorsFile OpenFile(string path)
    {
        var file = SafetensorsFile.Open(path);
        files.Add(file);
        foreach (var name in file.Names)
        {
            if (!fileByTensor.TryAdd(name, file))
            {
                throw UserError.Request(path, $"holds tensor '{name}', which is in {fileByTensor[name].Path} too", "each tensor once");
            }
        }

        return file;
    }

    private void OpenShards(string index)
    {
        var map = JsonFields.OfFile(index).RequireObject("weight_map");
        var fileByName = new Dictionary<string, SafetensorsFile>();
        var listed = new HashSet<string>();
        foreach (var entry in map.Fields)
        {
            var where = $"{map.Where}: {JsonFields.Show(entry.Value)}";
            var shard = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString()!
                : throw UserError.Request(map.Where, $"holds {JsonFields.Show(entry.Value)}", "a file name for each tensor");
            if (shard.Length == 0 || shard is "." or ".." || shard.AsSpan().IndexOfAny('/', '\\', '\0') >= 0)
            {
                throw UserError.Request(where, "is not a plain file name", "a file in the same folder");
            }

            if (!fileByName.TryGetValue(shard, out var file))
            {
                fileByName.Add(shard, file = OpenFile(Path.Combine(Folder, shard)));
            }

            if (!file.Contains(entry.Name))
            {
                throw UserError.Request(index, $"promises tensor '{entry.Name}' in {shard}, which does not have it", null,
                    NearestName.Of(entry.Name, file.Names));
            }

            listed.Add(entry.Name);
        }

        if (fileByTensor.Keys.FirstOrDefault(name => !listed.Contains(name)) is { } unlisted)
        {
            throw UserError.Request(index, $"does not list tensor '{unlisted}' of {fileByTensor[unlisted].Path}", "every tensor");
        }
    }
}
