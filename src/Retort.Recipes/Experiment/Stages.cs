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
        var path = folder.StagePath(name);
        if (File.Exists(path))
        {
            return Read<T>(path);
        }

        var began = time.GetTimestamp();
        var result = make();
        AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, result, Json));
        spending.Book();
        folder.Log(time, FormattableString.Invariant($"run {name} done in {time.GetElapsedTime(began).TotalSeconds:0.0} s"));
        return result;
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
