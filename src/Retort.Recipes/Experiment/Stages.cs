using System.Text.Json;
using Retort.Core;
using Retort.Recipes.Report;

namespace Retort.Recipes.Experiment;

/// <summary>Results of a run's stages, each a file in its folder: what is there is read, what is not is made and written whole.</summary>
internal sealed class Stages(RunFolder folder, TimeProvider time, Spending spending)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>The stage's result.</summary>
    public T Once<T>(string name, Func<T> make)
    {
        if (File.Exists(folder.StagePath(name)))
        {
            return Read<T>(folder.StagePath(name));
        }

        var began = time.GetTimestamp();
        var result = make();
        Write(name, result);
        folder.Log(time, FormattableString.Invariant($"run {name} done in {time.GetElapsedTime(began).TotalSeconds:0.0} s"));
        return result;
    }

    /// <summary>What a stage that is not over has so far; the default if nothing.</summary>
    public T? SoFar<T>(string name) => File.Exists(folder.StagePath(name)) ? Read<T>(folder.StagePath(name)) : default;

    /// <summary>Writes what a stage has.</summary>
    public void Write<T>(string name, T result)
    {
        AtomicFile.Write(folder.StagePath(name), stream => JsonSerializer.Serialize(stream, result, Json));
        spending.Book();
    }

    private static T Read<T>(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            return JsonSerializer.Deserialize<T>(stream, Json) ?? throw new JsonException("it is null");
        }
        catch (JsonException fault)
        {
            throw UserError.Request(path, $"is not what this run wrote ({fault.Message})", "the file as it was; delete it to do the stage again");
        }
    }
}
