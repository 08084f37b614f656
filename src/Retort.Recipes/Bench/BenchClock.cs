using System.Diagnostics;
using Retort.Tensors;
using Retort.Tensors.Cpu;

namespace Retort.Recipes.Bench;

/// <summary>Times a repeated piece of work and holds it against what the machine can do, measured around it.</summary>
internal sealed class BenchClock(Device device, double seconds, CancellationToken cancellation)
{
    private const int FewestRuns = 3, MostRuns = 10_000;

    /// <summary>
    /// Median microseconds of <paramref name="timed"/> after a warm-up of the same (so that the just-in-time compiler has
    /// finished), and the work of one run. <paramref name="prepare"/> runs before each and is not timed.
    /// </summary>
    public (double Microseconds, Work Work) Median(Action prepare, Action timed)
    {
        // Three times the compiler's tiering delay, and once in any case.
        var warmUp = Math.Min(0.5, seconds);
        for (var begin = Stopwatch.GetTimestamp(); ;)
        {
            prepare();
            timed();
            cancellation.ThrowIfCancellationRequested();
            if (Stopwatch.GetElapsedTime(begin).TotalSeconds >= warmUp)
            {
                break;
            }
        }

        var times = new List<double>();
        var work = default(Work);
        for (var begin = Stopwatch.GetTimestamp();
            times.Count < MostRuns && (times.Count < FewestRuns || Stopwatch.GetElapsedTime(begin).TotalSeconds < seconds);)
        {
            prepare();
            var before = device.Work;
            var start = Stopwatch.GetTimestamp();
            timed();
            times.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            work = device.Work - before;
            cancellation.ThrowIfCancellationRequested();
        }

        times.Sort();
        return (times[times.Count / 2], work);
    }

    /// <summary>
    /// Times <paramref name="timed"/>, which takes <paramref name="steps"/> steps and handles <paramref name="tokens"/> tokens in all.
    /// </summary>
    public BenchResult Measure(
        string what, string shape, int batch, int context, long tokens, int steps, long workingSetBytes, Action prepare, Action timed)
    {
        var threads = device.Threads;
        var peak = MachineMeter.PeakGflops(threads);
        var (microseconds, work) = Median(prepare, timed);
        peak = Math.Max(peak, MachineMeter.PeakGflops(threads));
        var perCycle = MachineMeter.PeakFlopsPerCycle(threads);
        var bandwidth = MachineMeter.ReadBandwidthGBs(threads, Math.Max(workingSetBytes, 4096L * threads));
        var gflops = work.Flops / microseconds / 1e3;
        var bound = work.Flops / peak / 1e3 + (work.WeightBytes + work.KvBytes) / bandwidth / 1e3;
        return new BenchResult(
            what, shape, batch, context, threads, tokens / microseconds * 1e6, gflops, gflops / peak, bound / microseconds, peak, bandwidth,
            microseconds / steps, perCycle,
            perCycle < MachineMeter.SuspectFlopsPerCycle
                ? $"peak is suspect: {perCycle:0.0} FLOP a cycle and core, below {MachineMeter.SuspectFlopsPerCycle:0}" : null);
    }
}
