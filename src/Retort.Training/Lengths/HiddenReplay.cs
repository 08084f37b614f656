using Retort.Inference.Lengths;
using Retort.Models;
using Retort.Tensors;

namespace Retort.Training.Lengths;

/// <summary>
/// Feeds finished requests through the model again, many at once, and shows the hidden states that the engine computed while it
/// served them: the same bits, since a sequence's numbers are its own.
/// </summary>
internal sealed class HiddenReplay : IHiddenStateTap, IDisposable
{
    private const int UsualRows = 1024;

    private readonly Transformer model;
    private readonly Tape tape;
    private readonly Tensor sum;
    private readonly Storage sumOwner;
    private readonly int maxRows;
    private readonly float[] mean;
    private readonly List<ServedRequest> pack = [];
    private readonly List<int> firstRows = [];
    private Action<int, ServedRequest, Tensor>? read;

    /// <summary>A replay of requests that feed at most <paramref name="longest"/> tokens each.</summary>
    public HiddenReplay(Transformer model, int longest)
    {
        this.model = model;
        maxRows = Math.Max(UsualRows, longest);
        tape = new Tape(model.Device, model.Parameters, Bytes(model.Config, longest), isRecording: false);
        sum = model.Device.Allocate(1, model.Config.HiddenSize, out sumOwner);
        mean = new float[model.Config.HiddenSize];
    }

    /// <summary>Bytes of native memory that a replay takes.</summary>
    public static long Bytes(ModelConfig config, int longest)
    {
        using var device = new CountingDevice();
        using var model = new Transformer(config, device);
        using var tape = new Tape(device, model.Parameters, long.MaxValue / 4, isRecording: false);
        var rows = Math.Max(UsualRows, longest);
        model.Forward(tape, Input(tape, rows, rows, 0));
        return tape.PeakBytes;
    }

    /// <summary>
    /// Shows every request's rows [fed tokens, hidden] after every block: (block, request, rows). They are views, good until the call ends.
    /// </summary>
    public void Run(IEnumerable<ServedRequest> requests, Action<int, ServedRequest, Tensor> read, Action<int> done, CancellationToken cancellation)
    {
        this.read = read;
        var rows = 0;
        foreach (var request in requests)
        {
            if (rows + request.NumFed > maxRows)
            {
                Flush();
            }

            pack.Add(request);
            firstRows.Add(rows);
            rows += request.NumFed;
        }

        if (rows > 0)
        {
            Flush();
        }

        void Flush()
        {
            cancellation.ThrowIfCancellationRequested();
            Forward(rows);
            done(pack.Count);
            pack.Clear();
            firstRows.Clear();
            rows = 0;
        }
    }

    /// <summary>
    /// Copies a request's vectors, [steps, hidden]: for step 0 the mean over the prompt, for step t the t-th new token's.
    /// </summary>
    public void CopyVectors(ServedRequest request, Tensor rows, ReadOnlySpan<int> steps, Tensor vectors)
    {
        for (var i = 0; i < steps.Length; i++)
        {
            var vector = vectors.Slice(i, 1);
            if (steps[i] > 0)
            {
                model.Device.Copy(rows.Slice(request.Prompt.Length + steps[i] - 1, 1), vector);
                continue;
            }

            // The chain of PageSums.
            model.Device.Copy(rows.Slice(0, 1), sum);
            for (var row = 1; row < request.Prompt.Length; row++)
            {
                model.Device.Add(sum, rows.Slice(row, 1), sum);
            }

            model.Device.Read(sum, mean);
            PageSums.TakeMean(mean, request.Prompt.Length);
            model.Device.Write(vector, mean);
        }
    }

    /// <inheritdoc/>
    public void AfterBlock(int layer, Tensor rows)
    {
        for (var i = 0; i < pack.Count; i++)
        {
            read!(layer, pack[i], rows.Slice(firstRows[i], pack[i].NumFed));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        tape.Dispose();
        sumOwner.Dispose();
    }

    private static ModelInput Input(Tape tape, int rows, int sequences, long keysSeen) => ModelInput.Sequences(
        tape.TakeInts(rows), tape.TakeInts(rows), tape.TakeInts(sequences + 1), keysSeen) with
    { LogitRows = tape.TakeInts(1) };

    private void Forward(int rows)
    {
        tape.Reset();
        var (tokens, positions, starts) = (new int[rows], new int[rows], new int[pack.Count + 1]);
        var keysSeen = 0L;
        for (var i = 0; i < pack.Count; i++)
        {
            for (var position = 0; position < pack[i].NumFed; position++)
            {
                (tokens[firstRows[i] + position], positions[firstRows[i] + position]) = (pack[i].TokenAt(position), position);
            }

            starts[i + 1] = firstRows[i] + pack[i].NumFed;
            keysSeen += pack[i].NumFed * (pack[i].NumFed + 1L) / 2;
        }

        var device = model.Device;
        var (tokenTensor, positionTensor, startTensor, logitRow) =
            (tape.TakeInts(rows), tape.TakeInts(rows), tape.TakeInts(starts.Length), tape.TakeInts(1));
        device.Write(tokenTensor, tokens);
        device.Write(positionTensor, positions);
        device.Write(startTensor, starts);
        device.Write(logitRow, [0]);
        model.Forward(tape, ModelInput.Sequences(tokenTensor, positionTensor, startTensor, keysSeen) with { LogitRows = logitRow, Tap = this });
    }
}
