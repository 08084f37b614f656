using System.Globalization;
using System.Text.Json;
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
    public void Save(Transformer model, Trainer trainer, ITokenizer? tokenizer)
    {
        var path = Path.Combine(folder, Prefix + trainer.Steps.ToString("D8", CultureInfo.InvariantCulture));
        ModelStore.Save(path, model, tokenizer, addFiles: inner =>
        {
            SafetensorsWriter.Write(Path.Combine(inner, MomentsName),
            [
                Moment("m", trainer.Optimizer.M),
                Moment("v", trainer.Optimizer.V),
            ]);
            AtomicFile.WriteText(
                Path.Combine(inner, StateName), JsonSerializer.Serialize(new State(trainer.Steps, trainer.Position)) + "\n");
            addFiles?.Invoke(inner);
        });
        foreach (var older in Directory.EnumerateDirectories(folder, Prefix + "*").Where(other => other != path).ToArray())
        {
            Directory.Delete(older, recursive: true);
        }

        TensorToWrite Moment(string name, Tensors.Tensor moment) =>
            new(name, [moment.Rows, moment.Columns], destination => model.Device.Read(moment, destination));
    }

    /// <summary>Restores model and trainer from the newest checkpoint; false if there is none.</summary>
    public bool TryRestore(Transformer model, Trainer trainer)
    {
        if (Latest is not { } path)
        {
            return false;
        }

        using (var source = Checkpoint.Open(path))
        {
            if (source.Config != model.Config)
            {
                throw UserError.Request(path, "is a checkpoint of another model", "the configuration this run was begun with");
            }

            foreach (var tensor in model.NamedTensors)
            {
                var values = new float[tensor.Rows * tensor.Columns];
                source.Read(tensor.Name, values);
                tensor.Write(model, values);
            }
        }

        using (var moments = SafetensorsFile.Open(Path.Combine(path, MomentsName)))
        {
            Restore("m", trainer.Optimizer.M, moments);
            Restore("v", trainer.Optimizer.V, moments);
        }

        var state = ReadState(Path.Combine(path, StateName));
        trainer.Optimizer.Steps = state.Steps;
        trainer.Position = state.Position;
        return true;

        void Restore(string name, Tensors.Tensor moment, SafetensorsFile file)
        {
            if (!file.Contains(name) || !file.Shape(name).SequenceEqual([moment.Rows, moment.Columns]))
            {
                throw UserError.Request(path, $"its moments '{name}' do not fit the model", $"[{moment.Rows}, {moment.Columns}]");
            }

            var values = new float[moment.Length];
            file.Read(name, values);
            model.Device.Write(moment, values);
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

    private sealed record State(long Steps, long Position);
}
