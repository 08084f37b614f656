using Retort.Tensors.Cpu;

namespace Retort.Tensors.Tests;

public sealed class MachineMeterTests
{
    [Fact]
    public void Figures_are_finite_and_positive_and_wrong_requests_are_refused()
    {
        Assert.InRange(MachineMeter.PeakGflops(1), 0.01, 1e5);
        Assert.InRange(MachineMeter.PeakFlopsPerCycle(2), 0.01, 128);
        Assert.InRange(MachineMeter.ReadBandwidthGBs(2, 1 << 16), 0.01, 1e5);
        Assert.Throws<ArgumentOutOfRangeException>(() => MachineMeter.PeakGflops(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => MachineMeter.ReadBandwidthGBs(2, 100));
    }
}
