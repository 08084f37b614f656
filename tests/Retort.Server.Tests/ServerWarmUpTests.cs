using Retort.Inference;
using Retort.Tensors.Cpu;

namespace Retort.Server.Tests;

public class ServerWarmUpTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Every_request_of_a_warm_up_is_one_that_servers_answer(bool hasTemplate)
    {
        var clock = new SteppingTime();
        Assert.Equal(ServerWarmUp.MaxRequests, await RunAsync(clock, hasTemplate));
    }

    [Fact]
    public async Task Where_a_request_takes_long_there_are_few()
    {
        var clock = new SteppingTime { Seconds = 0.25 };
        Assert.InRange(await RunAsync(clock), 1, 4);
    }

    private static async Task<int> RunAsync(SteppingTime clock, bool hasTemplate = true)
    {
        using var device = new CpuDevice(1);
        using var model = LiveServer.CreateModel(device, context: 4096);
        return await ServerWarmUp.RunAsync(new GenerationEngine(model, new EngineSettings { MaxSequences = 2 }, time: clock), LiveServer.Served(hasTemplate), clock);
    }

    /// <summary>A clock that is some time further whenever it is looked at.</summary>
    private sealed class SteppingTime : TimeProvider
    {
        private long now = 1;

        public double Seconds { get; init; }

        public override long GetTimestamp() => Interlocked.Add(ref now, (long)(Seconds * TimestampFrequency));
    }
}
