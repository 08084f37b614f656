using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Retort.Core;
using Retort.Models;
using Retort.Models.Checkpoints;
using Retort.Models.Tokenizers;

namespace Retort.Training;

/// <summary>
/// A training run's checkpoints: folders <c>step-00001000</c> that hold a model any program loads and, beside it, all that
/// resuming needs: moments, step count and the data's position. "n steps" and "k steps, killed, resumed" end with the same bits.
/// </summary>
/// <param name="folder">Holds the checkpoints.</param>
/// <param name="addFiles">Puts more files into each checkpoint's folder, such as the settings of its task.</param>
public sealed class TrainingCheckpoint(string folder, Action<string>? addFiles = null)
{
    private const string StateName = "training_state.json", MomentsName = "training_moments.safetensors", Prefix = "step-";

    /// <summary>The newest complete checkpoint's folder; null if there is none.</summary>
    public string? Latest => !Directory.Exists(folder) ? null : Directory.EnumerateDirectories(folder, Prefix + "*")
        .Where(path => File.Exists(Path.Combine(path, StateName)) && path.AsSpan(path.LastIndexOf('-') + 1).IndexOfAnyExceptInRange('0', '9') < 0)
        .Max(StringComparer.Ordinal);

    /// <summary>Writes the trainer's state, complete or not at all, then removes older checkpoints.</summary>
    public void Save(Transformer model, ITrainingState trainer, ITokenizer? tokenizer)
    {
        var path = Path.Combine(folder, Prefix + trainer.Steps.ToString("D8", CultureInfo.InvariantCulture));
        ModelStore.Save(path, model, tokenizer, addFiles: inner =>
        {
            SafetensorsWriter.Write(Path.Combine(inner, MomentsName),
            [
                Moment("m", trainer.Optimizer.M),
                Moment("v", trainer.Optimizer.V),
                .. model.ValueHead is { } head ? [ValueHead(head)] : Array.Empty<TensorToWrite>(),
            ]);
            AtomicFile.WriteText(
                Path.Combine(inner, StateName), JsonSerializer.Serialize(State.Of(trainer.Progress)) + "\n");
            trainer.SaveFiles(inner);
            addFiles?.Invoke(inner);
        });
        foreach (var older in Directory.EnumerateDirectories(folder, Prefix + "*").Where(other => other != path).ToArray())
        {
            Directory.Delete(older, recursive: true);
        }

        TensorToWrite Moment(string name, Tensors.Tensor moment) =>
            new(name, [moment.Rows, moment.Columns], destination => model.Device.Read(moment, destination));

        TensorToWrite ValueHead(NamedTensor head) => new(
            head.Name, [head.Rows, head.Columns], destination => head.Read(model.Device, model.Parameters.Values, destination));
    }

    /// <summary>Restores model and trainer from the newest checkpoint; false if there is none.</summary>
    public bool TryRestore(Transformer model, ITrainingState trainer)
    {
        if (Latest is not { } path)
        {
            return false;
        }

        ModelStore.LoadInto(model, path);
        using (var moments = SafetensorsFile.Open(Path.Combine(path, MomentsName)))
        {
            Restore("m", trainer.Optimizer.M, moments);
            Restore("v", trainer.Optimizer.V, moments);
            if (model.ValueHead is { } head)
            {
                var values = new float[head.Rows * head.Columns];
                Read(head.Name, head.Rows, head.Columns, values, moments);
                head.Write(model, values);
            }
        }

        trainer.Progress = ReadState(Path.Combine(path, StateName)).Progress;
        trainer.RestoreFiles(path);
        return true;

        void Restore(string name, Tensors.Tensor moment, SafetensorsFile file)
        {
            var values = new float[moment.Length];
            Read(name, moment.Rows, moment.Columns, values, file);
            model.Device.Write(moment, values);
        }

        void Read(string name, int rows, int columns, float[] values, SafetensorsFile file)
        {
            if (!file.Contains(name) || !file.Shape(name).SequenceEqual([rows, columns]))
            {
                throw UserError.Request(path, $"its moments '{name}' do not fit the model", $"[{rows}, {columns}]");
            }

            file.Read(name, values);
        }
    }

    private static State ReadState(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<State>(File.ReadAllText(path))
                ?? throw UserError.Request(path, "is empty", "a training state");
        }
        catch (JsonException fault)
        {
            throw UserError.Request(path, $"is not a training state ({fault.Message})", "the file this program wrote");
        }
        catch (IOException fault)
        {
            throw UserError.Environment(path, $"cannot be read ({fault.Message})", "a readable file", fault);
        }
    }

    /// <param name="Steps">Steps taken.</param>
    /// <param name="Position">Items of the data drawn.</param>
    /// <param name="OptimizerSteps">Updates, where they are not the steps.</param>
    private sealed record State(
        long Steps, long Position, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? OptimizerSteps = null)
    {
        [JsonIgnore]
        public TrainingProgress Progress => new(Steps, Position, OptimizerSteps ?? Steps);

        public static State Of(TrainingProgress progress) =>
            new(progress.Steps, progress.Position, progress.OptimizerSteps == progress.Steps ? null : progress.OptimizerSteps);
    }
}
