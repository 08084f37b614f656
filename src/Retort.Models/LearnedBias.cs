using Retort.Core;
using Retort.Models.Checkpoints;
using Retort.Tensors;

namespace Retort.Models;

/// <summary>
/// Learned numbers that attention adds to scores by position ids, one table for all layers: T5's buckets of the distance, or FIRE's small
/// network (whose last layer has no bias here: the softmax does not notice a number added to all scores). Computed once for all passes between two changes of the weights.
/// </summary>
internal sealed class LearnedBias : IDisposable
{
    private readonly ModelConfig config;
    private readonly Parameter? buckets, distances, inner, innerBias, outer;
    private DerivedTable? table;
    private Storage? bucketStorage;

    /// <summary>Declares the parameters.</summary>
    private LearnedBias(ParameterSet parameters, ModelConfig config)
    {
        this.config = config;
        if (config.Position == PositionKind.T5)
        {
            buckets = parameters.Table("bucketBias", config.T5Buckets, config.NumHeads);
            return;
        }

        distances = parameters.Vector("fire.distances", 2);
        inner = parameters.Matrix("fire.inner", config.FireWidth, 1);
        innerBias = parameters.Vector("fire.innerBias", config.FireWidth);
        outer = parameters.Matrix("fire.outer", config.NumHeads, config.FireWidth);
    }

    /// <summary>Declares what the configuration asks for; null: it has no such bias.</summary>
    public static LearnedBias? Declare(ParameterSet parameters, ModelConfig config) =>
        config.Position is PositionKind.T5 or PositionKind.Fire ? new(parameters, config) : null;

    /// <summary>Entries of the table: a distance each, or a pair of a query's id and a distance each.</summary>
    private int Entries => buckets is not null ? config.NumPositionIds : config.NumPositionIds * (config.NumPositionIds + 1) / 2;

    /// <summary>Makes the table, when the parameters are allocated.</summary>
    public void Allocate(Device device, ParameterSet parameters)
    {
        Func<Tape, Variable> compute;
        if (buckets is not null)
        {
            var bucketOf = device.AllocateInts(Entries, out bucketStorage);
            device.Write(bucketOf, [.. Enumerable.Range(0, Entries).Select(distance => Bucket(distance, config.T5Buckets, config.T5MaxDistance))]);
            compute = tape => tape.Embed(bucketOf, buckets);
        }
        else
        {
            compute = tape => tape.Linear(
                tape.Relu(tape.Linear(tape.FireDistances(distances!, config.FireThreshold, config.NumPositionIds), inner!, innerBias)), outer!);
        }

        // Distances, the network's inside before and after its kink, biases; as much again for gradients, and one sum of biases more.
        var columns = 3L * config.NumHeads + (buckets is not null ? 0 : 2 + 4L * config.FireWidth);
        table = new DerivedTable(
            device, parameters, "attention bias", (Entries, config.NumHeads), config.NumLayers,
            sizeof(float) * (columns * Entries) + 16 * Storage.Alignment, Entries, compute);
    }

    /// <summary>The bias of a layer; position ids are the input's.</summary>
    public AttentionBias Of(int layer) =>
        new(table!.Values, default, IsByPair: buckets is null, Gradient: table.Uses[layer]);

    /// <summary>Every tensor under its name.</summary>
    public IEnumerable<NamedTensor> NamedTensors() => buckets is not null
        ? [new(TensorLayout.BucketBias, buckets, 0, buckets.Rows)]
        :
        [
            new(TensorLayout.FireDistances, distances!, 0, 2),
            new(TensorLayout.FireInner + ".weight", inner!, 0, inner!.Rows),
            new(TensorLayout.FireInner + ".bias", innerBias!, 0, innerBias!.Columns),
            new(TensorLayout.FireOuter, outer!, 0, outer!.Rows),
        ];

    /// <inheritdoc/>
    public void Dispose()
    {
        table?.Dispose();
        bucketStorage?.Dispose();
    }

    /// <summary>
    /// The bucket of a distance (Raffel et al. 2020, relative_position_bucket without looking ahead): small distances have their own, larger ones
    /// share on a logarithmic scale.
    /// </summary>
    internal static int Bucket(int distance, int numBuckets, int maxDistance)
    {
        var exact = numBuckets / 2;
        if (distance < exact)
        {
            return distance;
        }

        var share = ExactMath.Log(distance / (double)exact) / ExactMath.Log(maxDistance / (double)exact);
        return (int)Math.Min(numBuckets - 1, exact + Math.Floor(share * (numBuckets - exact)));
    }
}
