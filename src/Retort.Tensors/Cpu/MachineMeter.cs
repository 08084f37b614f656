using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Retort.Tensors.Cpu;

/// <summary>
/// What this machine can do at most, measured by loops that do nothing else: the denominators of every "fraction of peak".
/// All threads run at once; each figure is the median of several short runs.
/// </summary>
public static unsafe class MachineMeter
{
    /// <summary>Below this many floating-point operations a cycle and core a peak is suspect: AVX2 with two multiply-add
    /// units does 32, AVX-512 with two does 64.</summary>
    public const double SuspectFlopsPerCycle = 28;

    private const int Runs = 15, Multiplies = 1 << 17, Adds = 1 << 20, Chains = 12;
    private const double SpreadMilliseconds = 30;
    private static float sink;

    /// <summary>Fused multiply-adds on registers only, 10^9 floating-point operations a second, all threads together.</summary>
    public static double PeakGflops(int threads)
    {
        var lanes = Vector512.IsHardwareAccelerated ? 16 : 8;
        return Median(threads, _ => MultiplyAdds(Multiplies)) * Multiplies * Chains * lanes * 2;
    }

    /// <summary>Floating-point operations a core and cycle at <see cref="PeakGflops"/>: the cycle is measured by a chain of
    /// dependent integer additions, one a cycle, on as many threads. See <see cref="SuspectFlopsPerCycle"/>.</summary>
    public static double PeakFlopsPerCycle(int threads) => PeakGflops(threads) / (Median(threads, _ => AddChain(Adds)) * 2 * Adds);

    /// <summary>
    /// Sequential reads, 10^9 bytes a second, all threads together. Each thread sweeps its own part of the working set.
    /// </summary>
    /// <param name="threads">Threads at once.</param>
    /// <param name="workingSetBytes">Bytes read in a sweep by all threads together, at least 4096 a thread.</param>
    public static double ReadBandwidthGBs(int threads, long workingSetBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(workingSetBytes, 4096L * threads);
        var each = (nint)(workingSetBytes / threads) / 1024 * 1024;
        var memory = (byte*)NativeMemory.AlignedAlloc((nuint)each * (nuint)threads, 64);
        NativeMemory.Fill(memory, (nuint)each * (nuint)threads, 0);
        var sweeps = (int)Math.Max(1, (1 << 22) / each);
        try
        {
            return Median(threads, thread => Read((float*)(memory + each * thread), each / sizeof(float), sweeps))
                * each * sweeps;
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }

    /// <summary>Medians of each thread's runs a nanosecond, added over the threads.</summary>
    private static double Median(int threads, Func<int, float> work)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        var rates = new double[threads];
        using var together = new Barrier(threads);
        void Measure(int thread)
        {
            var runs = new double[Runs];
            var total = work(thread);
            together.SignalAndWait();
            // New threads begin on their maker's core: until the system has spread them, two share the speed of one.
            for (var begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin).TotalMilliseconds < SpreadMilliseconds;)
            {
                total += work(thread);
            }

            for (var run = 0; run < Runs; run++)
            {
                var begin = Stopwatch.GetTimestamp();
                total += work(thread);
                runs[run] = 1 / Stopwatch.GetElapsedTime(begin).TotalNanoseconds;
            }

            Volatile.Write(ref sink, total);
            Array.Sort(runs);
            rates[thread] = runs[Runs / 2];
        }

        var others = Enumerable.Range(1, threads - 1).Select(thread => new Thread(() => Measure(thread))).ToArray();
        foreach (var other in others)
        {
            other.Start();
        }

        Measure(0);
        foreach (var other in others)
        {
            other.Join();
        }

        return rates.Sum();
    }

    /// <summary>Twelve independent chains: enough for two units of a latency up to six.</summary>
    private static float MultiplyAdds(int count) =>
        Vector512.IsHardwareAccelerated ? MultiplyAdds512(count) : MultiplyAdds256(count);

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float MultiplyAdds256(int count)
    {
        var m = Vector256.Create(0.999f);
        Vector256<float> a = m, b = m, c = m, d = m, e = m, f = m, g = m, h = m, i = m, j = m, k = m, l = m;
        for (; count > 0; count--)
        {
            a = Vector256.FusedMultiplyAdd(a, m, m);
            b = Vector256.FusedMultiplyAdd(b, m, m);
            c = Vector256.FusedMultiplyAdd(c, m, m);
            d = Vector256.FusedMultiplyAdd(d, m, m);
            e = Vector256.FusedMultiplyAdd(e, m, m);
            f = Vector256.FusedMultiplyAdd(f, m, m);
            g = Vector256.FusedMultiplyAdd(g, m, m);
            h = Vector256.FusedMultiplyAdd(h, m, m);
            i = Vector256.FusedMultiplyAdd(i, m, m);
            j = Vector256.FusedMultiplyAdd(j, m, m);
            k = Vector256.FusedMultiplyAdd(k, m, m);
            l = Vector256.FusedMultiplyAdd(l, m, m);
        }

        return Vector256.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float MultiplyAdds512(int count)
    {
        var m = Vector512.Create(0.999f);
        Vector512<float> a = m, b = m, c = m, d = m, e = m, f = m, g = m, h = m, i = m, j = m, k = m, l = m;
        for (; count > 0; count--)
        {
            a = Vector512.FusedMultiplyAdd(a, m, m);
            b = Vector512.FusedMultiplyAdd(b, m, m);
            c = Vector512.FusedMultiplyAdd(c, m, m);
            d = Vector512.FusedMultiplyAdd(d, m, m);
            e = Vector512.FusedMultiplyAdd(e, m, m);
            f = Vector512.FusedMultiplyAdd(f, m, m);
            g = Vector512.FusedMultiplyAdd(g, m, m);
            h = Vector512.FusedMultiplyAdd(h, m, m);
            i = Vector512.FusedMultiplyAdd(i, m, m);
            j = Vector512.FusedMultiplyAdd(j, m, m);
            k = Vector512.FusedMultiplyAdd(k, m, m);
            l = Vector512.FusedMultiplyAdd(l, m, m);
        }

        return Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    /// <summary>A chain of dependent integer operations, exactly two cycles a turn: an addition and an exclusive or.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float AddChain(int count)
    {
        var (chain, mask) = (count, count | 1);
        for (; count > 0; count -= 4)
        {
            chain = ((((chain + mask) ^ mask) + mask) ^ mask) + mask;
            chain = ((chain ^ mask) + mask) ^ mask;
        }

        return chain;
    }

    /// <summary>Four streams side by side, as the vector product reads four panels: one stream reaches less.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float Read(float* memory, nint floats, int sweeps)
    {
        Vector256<float> a = default, b = a, c = a, d = a, e = a, f = a, g = a, h = a;
        var quarter = floats / 4;
        for (; sweeps > 0; sweeps--)
        {
            var (first, second, third, fourth) = ((nint)0, quarter, 2 * quarter, 3 * quarter);
            for (; first < quarter; first += 16, second += 16, third += 16, fourth += 16)
            {
                a += Vector256.Load(memory + first);
                b += Vector256.Load(memory + first + 8);
                c += Vector256.Load(memory + second);
                d += Vector256.Load(memory + second + 8);
                e += Vector256.Load(memory + third);
                f += Vector256.Load(memory + third + 8);
                g += Vector256.Load(memory + fourth);
                h += Vector256.Load(memory + fourth + 8);
            }
        }

        return Vector256.Sum(a + b + c + d + e + f + g + h);
    }
}
