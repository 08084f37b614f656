using Retort.Models;
using Retort.Tensors;

namespace Retort.Inference.Lengths;

/// <summary>
/// Refines beliefs from the model's own hidden states, all requests of a step in one small product. In each step:
/// <see cref="Begin"/>, <see cref="Add"/> for each sequence that is about to draw a token and may be displaced, the forward pass with this as its tap,
/// <see cref="Refine"/>. What it computes for a request depends on the request alone. Steady state allocates nothing.
/// </summary>
/// <remarks>
/// A request's vector is, at the end of its prompt, the mean over all prompt positions, and in a decode step the newest token's.
/// </remarks>
public sealed class LengthRefiner : IHiddenStateTap, IDisposable
{
    private readonly LengthProbe probe;
    private readonly int refineEvery;
    private readonly Device device;
    private readonly Arena arena;
    private readonly IntTensor indices;
    private readonly Tensor features, inner, logits;
    private readonly LengthBelief?[] beliefs;
    private readonly int[] rows, generated, promptLengths, promptPages, sumEnds;
    private readonly float[] mean, output;
    private readonly double[] weights = new double[LengthBins.Count];
    private StepLayout? layout;
    private int count;

    /// <summary>A refiner for steps of at most <paramref name="maxSequences"/> sequences over <paramref name="numPages"/> KV pages.</summary>
    public LengthRefiner(LengthProbe probe, int maxSequences, int numPages, int refineEvery = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(refineEvery, 1);
        (this.probe, this.refineEvery, device) = (probe, refineEvery, probe.Network.Device);
        var (hiddenSize, innerSize) = (probe.Network.NumInputs, probe.Network.InnerSize);
        Sums = new PageSums(device, numPages, hiddenSize);
        arena = new Arena(device, BinClassifier.ForwardBytes(hiddenSize, innerSize, maxSequences));
        (indices, features) = (arena.TakeInts(maxSequences), arena.Take(maxSequences, hiddenSize));
        (inner, logits) = (arena.Take(maxSequences, innerSize), arena.Take(maxSequences, LengthBins.Count));
        (beliefs, rows, generated) = (new LengthBelief?[maxSequences], new int[maxSequences], new int[maxSequences]);
        (promptLengths, promptPages, sumEnds) = (new int[maxSequences], new int[maxSequences], new int[maxSequences]);
        (mean, output) = (new float[hiddenSize], new float[maxSequences * LengthBins.Count]);
    }

    /// <summary>Sums over prompt positions, beside the KV pages.</summary>
    public PageSums Sums { get; }

    /// <summary>Bytes of native memory such a refiner takes beside the probe.</summary>
    public static long Bytes(int hiddenSize, int innerSize, int maxSequences, int numPages) =>
        sizeof(float) * (long)numPages * hiddenSize + BinClassifier.ForwardBytes(hiddenSize, innerSize, maxSequences);

    /// <summary>Begins a step, laid out completely by the time of the forward pass.</summary>
    public void Begin(StepLayout layout)
    {
        (this.layout, count) = (layout, 0);
        Array.Fill(sumEnds, int.MaxValue);
    }

    /// <summary>
    /// Sequence number <paramref name="sequence"/> of the layout needs sums of positions below <paramref name="end"/> alone; all, if this is not said.
    /// </summary>
    public void SumUpTo(int sequence, int end) => sumEnds[sequence] = end;

    /// <summary>
    /// Sequence number <paramref name="sequence"/> of the layout draws a token in this step: its last row is its newest token.
    /// <paramref name="numGenerated"/> tokens had been generated before; with 0 that row is the last of <paramref name="promptLength"/>.
    /// </summary>
    public void Add(int sequence, LengthBelief belief, int promptLength, int numGenerated)
    {
        var isDue = belief.RefinedAt < 0 || numGenerated - belief.RefinedAt >= refineEvery;
        if (!isDue)
        {
            return;
        }

        (beliefs[count], generated[count]) = (belief, numGenerated);
        rows[count] = layout!.RowStarts[sequence + 1] - 1;
        (promptLengths[count], promptPages[count]) =
            (promptLength, layout.Pages(sequence)[(promptLength - 1) / KvPages.PageTokens]);
        count++;
    }

    /// <inheritdoc/>
    public void AfterBlock(int layer, Tensor rows)
    {
        if (layer != probe.Layer)
        {
            return;
        }

        Sums.Add(layout!, rows, sumEnds);
        if (count > 0)
        {
            device.Write(indices.Slice(0, count), this.rows.AsSpan(0, count));
            device.GatherRows(rows, indices.Slice(0, count), features.Slice(0, count));
        }
    }

    /// <summary>Classifies the step's rows and updates the beliefs of their requests.</summary>
    public void Refine()
    {
        if (count == 0)
        {
            return;
        }

        for (var i = 0; i < count; i++)
        {
            if (generated[i] == 0)
            {
                WriteMean(i);
            }
        }

        probe.Network.Classify(features.Slice(0, count), inner.Slice(0, count), logits.Slice(0, count));
        device.Read(logits.Slice(0, count), output.AsSpan(0, count * LengthBins.Count));
        for (var i = 0; i < count; i++)
        {
            if (beliefs[i] is { } belief)
            {
                var row = output.AsSpan(i * LengthBins.Count, LengthBins.Count);
                probe.Smoothing.Weigh(row, belief.RefinedAt < 0, weights);
                belief.Refine(probe.Bins, generated[i], weights);
                beliefs[i] = null;
            }
        }
    }

    /// <summary>Row i is of the end of a prompt: its features are the mean. Where the sum is unknown, nothing is refined.</summary>
    private void WriteMean(int i)
    {
        Sums.Read(promptPages[i], mean);
        if (float.IsNaN(mean[0]))
        {
            beliefs[i] = null;
            return;
        }

        PageSums.TakeMean(mean, promptLengths[i]);
        device.Write(features.Slice(i, 1), mean);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        arena.Dispose();
        Sums.Dispose();
    }
}
