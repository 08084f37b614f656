namespace Retort.Tensors;

/// <summary>Independent items of work, each made of many device calls.</summary>
public abstract class LaneJob
{
    /// <summary>Does one item by calls to lane <paramref name="lane"/>, which is its alone meanwhile.</summary>
    public abstract void Run(int item, int lane);
}

/// <summary>
/// The one seam for devices (law 5). Models, losses and samplers hold opaque <see cref="Tensor"/>s and enqueue calls here;
/// only the <c>Read</c> calls wait for results. Every backend computes exactly the sums of docs/numerics.md.
/// Public methods check shapes and count work; the <c>...Core</c> methods compute.
/// Not thread-safe: one caller at a time; the device itself uses as many threads as it was given.
/// </summary>
public abstract partial class Device : IDisposable
{
    private Work work;

    /// <summary>Work asked for so far, here and on the lanes.</summary>
    public Work Work
    {
        get
        {
            var total = work;
            for (var lane = 0; lane < NumLanes; lane++)
            {
                total += Lane(lane) == this ? default : Lane(lane).work;
            }

            return total;
        }
    }

    /// <summary>Threads the device computes with.</summary>
    public abstract int Threads { get; }

    /// <summary>
    /// Lanes: devices over the same memory that compute side by side, so that independent work needs no meeting between its
    /// operations. A device that fills itself with one operation at a time has one lane, itself.
    /// </summary>
    public virtual int NumLanes => 1;

    /// <summary>Lane <paramref name="index"/>, for use inside <see cref="RunOnLanes"/> (and to make tapes with).</summary>
    public virtual Device Lane(int index) => this;

    /// <summary>Does items 0 .. <paramref name="items"/>-1, each on one lane, and returns when all are done.</summary>
    public virtual void RunOnLanes(int items, LaneJob job)
    {
        for (var item = 0; item < items; item++)
        {
            job.Run(item, 0);
        }
    }

    /// <summary>Allocates zeroed device memory; the caller disposes it.</summary>
    public abstract Storage Allocate(long bytes);

    /// <summary>Allocates a zeroed matrix that lives as long as <paramref name="owner"/>.</summary>
    public Tensor Allocate(int rows, int columns, out Storage owner)
    {
        owner = Allocate((long)rows * columns * sizeof(float));
        return new Tensor(owner.Address, rows, columns);
    }

    /// <summary>Allocates zeroed integers that live as long as <paramref name="owner"/>.</summary>
    public IntTensor AllocateInts(int length, out Storage owner)
    {
        owner = Allocate((long)length * sizeof(int));
        return new IntTensor(owner.Address, length);
    }

    /// <summary>Views a storage from a byte offset on as a matrix.</summary>
    public static Tensor View(Storage storage, long byteOffset, int rows, int columns) =>
        byteOffset >= 0 && byteOffset + (long)rows * columns * sizeof(float) <= storage.Bytes
            ? new Tensor(storage.Address + (nint)byteOffset, rows, columns)
            : throw new ArgumentOutOfRangeException(nameof(byteOffset));

    /// <summary>Copies from the host.</summary>
    public abstract void Write(Tensor destination, ReadOnlySpan<float> source);

    /// <summary>Copies from the host.</summary>
    public abstract void Write(IntTensor destination, ReadOnlySpan<int> source);

    /// <summary>Waits for all calls so far and copies to the host.</summary>
    public abstract void Read(Tensor source, Span<float> destination);

    /// <summary>Waits for all calls so far and copies to the host.</summary>
    public abstract void Read(IntTensor source, Span<int> destination);

    /// <summary>destination = source.</summary>
    public abstract void Copy(Tensor source, Tensor destination);

    /// <summary>destination = value everywhere.</summary>
    public abstract void Fill(Tensor destination, float value);

    /// <summary>sum = a + b, element by element; sum may be a or b.</summary>
    public abstract void Add(Tensor a, Tensor b, Tensor sum);

    /// <summary>y[i] = x[rows[i]].</summary>
    public abstract void GatherRows(Tensor x, IntTensor rows, Tensor y);

    /// <summary>y[i] = x[rows[i]].</summary>
    public abstract void GatherInts(IntTensor x, IntTensor rows, IntTensor y);

    /// <summary>y = 0, then y[rows[i]] += x[i] for ascending i: what <see cref="GatherRows"/> passes back.</summary>
    public abstract void ScatterRows(Tensor x, IntTensor rows, Tensor y);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what the device owns.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }

    /// <summary>A wrong shape is a bug in the caller, not a user's mistake.</summary>
    private static void Require(bool condition, string what)
    {
        if (!condition)
        {
            throw new ArgumentException(what);
        }
    }
}
