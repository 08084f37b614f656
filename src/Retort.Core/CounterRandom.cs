namespace Retort.Core;

/// <summary>
/// Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
/// A stream is named by (seed, purpose, index), so equal names give equal numbers in any order, on any thread and
/// machine, and no two names share a stream. The value is mutable: pass it by reference to continue a stream.
/// </summary>
public struct CounterRandom
{
    private const int BlockWords = 4;

    private readonly uint key0, key1;
    private readonly ulong index;
    private ulong block;
    private uint word0, word1, word2, word3;
    private int used;

    private CounterRandom(ulong key, ulong index, ulong block, int used)
    {
        (key0, key1) = ((uint)key, (uint)(key >> 32));
        this.index = index;
        this.block = block;
        this.used = BlockWords;
        if (used < BlockWords)
        {
            Refill();
            this.used = used;
        }
    }

    /// <summary>The stream for one purpose ("init", "sample", "countdown/train", ...) and one index of it.</summary>
    public static CounterRandom For(ulong seed, string purpose, ulong index = 0) =>
        new(Mix(seed ^ Hash(purpose)), index, 0, BlockWords);

    /// <summary>As <see cref="For(ulong, string, ulong)"/> with a purpose hashed beforehand by <see cref="Hash"/>.</summary>
    public static CounterRandom For(ulong seed, ulong purposeHash, ulong index) =>
        new(Mix(seed ^ purposeHash), index, 0, BlockWords);

    /// <summary>64-bit FNV-1a of the purpose's UTF-16 code units: the same on every platform and run.</summary>
    public static ulong Hash(string purpose)
    {
        var hash = 0xCBF29CE484222325UL;
        foreach (var c in purpose)
        {
            hash = (hash ^ c) * 0x100000001B3UL;
        }

        return Mix(hash);
    }

    /// <summary>How many 32-bit words this stream has given; with <see cref="Skip"/> it resumes a stream.</summary>
    public readonly ulong Position => block * BlockWords - (ulong)(BlockWords - used);

    /// <summary>The same stream, moved to an absolute position in 32-bit words.</summary>
    public void Skip(ulong position)
    {
        block = position / BlockWords;
        used = BlockWords;
        var inside = (int)(position % BlockWords);
        if (inside > 0)
        {
            Refill();
            used = inside;
        }
    }

    /// <summary>32 uniform bits.</summary>
    public uint NextUInt32()
    {
        if (used == BlockWords)
        {
            Refill();
        }

        return used++ switch { 0 => word0, 1 => word1, 2 => word2, _ => word3 };
    }

    /// <summary>64 uniform bits.</summary>
    public ulong NextUInt64() => ((ulong)NextUInt32() << 32) | NextUInt32();

    /// <summary>Uniform in 0 .. bound-1, without bias (Lemire 2019).</summary>
    public int NextInt32(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        var range = (uint)bound;
        var product = (ulong)NextUInt32() * range;
        if ((uint)product < range)
        {
            var threshold = (0u - range) % range;
            while ((uint)product < threshold)
            {
                product = (ulong)NextUInt32() * range;
            }
        }

        return (int)(product >> 32);
    }

    /// <summary>Uniform in low .. high, both included.</summary>
    public int NextInt32(int low, int high) => low + NextInt32(high - low + 1);

    /// <summary>Uniform in [0, 1), 24 bits.</summary>
    public float NextSingle() => (NextUInt32() >> 8) * (1f / (1 << 24));

    /// <summary>Uniform in [0, 1), 53 bits.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Standard normal by Box and Muller, from our own logarithm and cosine: equal bits everywhere.</summary>
    public double NextGaussian()
    {
        var radius = Math.Sqrt(-2.0 * ExactMath.Log(1.0 - NextDouble()));
        return radius * ExactMath.Cos(2.0 * Math.PI * NextDouble());
    }

    /// <summary>Gamma of scale 1, shape above 0 (Marsaglia and Tsang 2000, "A simple method for generating gamma variables").</summary>
    public double NextGamma(double shape)
    {
        if (shape == 1)
        {
            return -ExactMath.Log(1 - NextDouble());
        }

        if (shape < 1)
        {
            return NextGamma(shape + 1) * ExactMath.Pow(1 - NextDouble(), 1 / shape);
        }

        var d = shape - 1.0 / 3;
        var c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            var x = NextGaussian();
            var v = 1 + c * x;
            v = v * v * v;
            if (v > 0 && ExactMath.Log(1 - NextDouble()) < 0.5 * x * x + d - d * v + d * ExactMath.Log(v))
            {
                return d * v;
            }
        }
    }

    /// <summary>Fisher-Yates shuffle in place.</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = NextInt32(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    private void Refill()
    {
        var (c0, c1, c2, c3) = ((uint)block, (uint)(block >> 32), (uint)index, (uint)(index >> 32));
        var (k0, k1) = (key0, key1);
        for (var round = 0; round < 10; round++)
        {
            var p0 = (ulong)0xD2511F53u * c0;
            var p1 = (ulong)0xCD9E8D57u * c2;
            (c0, c1, c2, c3) = ((uint)(p1 >> 32) ^ c1 ^ k0, (uint)p1, (uint)(p0 >> 32) ^ c3 ^ k1, (uint)p0);
            k0 += 0x9E3779B9u;
            k1 += 0xBB67AE85u;
        }

        (word0, word1, word2, word3) = (c0, c1, c2, c3);
        block++;
        used = 0;
    }

    /// <summary>SplitMix64's finaliser: every input bit reaches every output bit.</summary>
    private static ulong Mix(ulong x)
    {
        x += 0x9E3779B97F4A7C15UL;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9UL;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EBUL;
        return x ^ (x >> 31);
    }
}
