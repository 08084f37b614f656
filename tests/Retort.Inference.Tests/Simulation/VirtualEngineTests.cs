using CsCheck;
using Retort.Inference.Scheduling;
using Retort.Inference.Simulation;

namespace Retort.Inference.Tests.Simulation;

public sealed class VirtualEngineTests
{
    private static VirtualEngineSettings Settings(string policy, double c = 0.5, KvMode mode = KvMode.Resident)
    {
        var named = NamedScheduler.Get(policy, c);
        return new() { Policy = named.Policy with { KvMode = mode }, Lengths = named.Lengths, Places = 1, PrefillTokens = 8 };
    }

    [Fact]
    public void The_papers_example_comes_out_as_it_says()
    {
        VirtualRequest[] requests = [new(0, 1, 10, 10), new(2, 1, 3, 3), new(7, 1, 2, 2)];
        Assert.Equal([15, 3, 2], Ends(Serve(Settings("l-sprpt"), requests)));
        Assert.Equal([15, 3, 2], Ends(Serve(Settings("trail+"), requests)));
        // Hidden states that tell the truth.
        Assert.Equal([15, 3, 2], Ends(Serve(Settings("trail"), requests)));
        Assert.Equal([10, 11, 8], Ends(Serve(Settings("fcfs"), requests)));
        requests[2] = requests[2] with { ArrivalSeconds = 8 };
        Assert.Equal([13, 3, 7], Ends(Serve(Settings("l-sprpt"), requests)));
    }

    [Fact]
    public void Steps_cost_what_they_hold_and_tokens_are_there_when_they_end()
    {
        // A prompt of 20 takes chunks of 9, 9 and 2; then 2 more tokens come alone. The second arrives during the first step.
        var settings = Settings("fcfs") with { Cost = new(1, 0.5, 0.1, 0) };
        var run = Serve(settings, [new(10, 20, 3, 3), new(10.5, 4, 1, 1)]);
        var first = run.Outcomes[0];
        Assert.Equal((0, 0, 0), (first.QueueSeconds, first.NumPreemptions, first.NumRecomputed));
        Assert.Equal(3 + 2, first.FirstTokenSeconds, 9);
        Assert.Equal(3 + 2 + 3, first.EndSeconds, 9);
        Assert.Equal(7.5, run.Outcomes[1].QueueSeconds, 9);
        Assert.Equal(7.5 + 1.4, run.Outcomes[1].EndSeconds, 9);
        Assert.Equal(0.1 / (1 / 8.0 + 0.5), settings.Cost.Kappa(8), 9);
        Assert.Equal(22, run.PeakKvTokens);
    }

    [Fact]
    public void Discarded_keys_are_computed_again_and_swapped_ones_are_moved()
    {
        VirtualRequest[] requests = [new(0, 1, 40, 40), new(2.5, 1, 2, 2)];
        var resident = Serve(Settings("srpt"), requests);
        var discard = Serve(Settings("srpt", mode: KvMode.Discard) with { Cost = new(1, 0, 0.25, 0) }, requests);
        var swap = Serve(Settings("srpt", mode: KvMode.Swap) with { HostKvTokens = 64, Cost = new(1, 0, 0, 0.125) }, requests);
        Assert.Equal((42, 1, 0), (resident.Outcomes[0].EndSeconds, resident.Outcomes[0].NumPreemptions, resident.Outcomes[0].NumRecomputed));
        // Prompt and 3 drawn tokens, of which 3 were cached; the last of the four draws.
        Assert.Equal((43, 3), (discard.Outcomes[0].EndSeconds, discard.Outcomes[0].NumRecomputed));
        // One page to the host and back.
        Assert.Equal((42.25, 0), (swap.Outcomes[0].EndSeconds, swap.Outcomes[0].NumRecomputed));
    }

    [Fact]
    public void Every_request_ends_once_whatever_the_policy_and_the_memory()
    {
        var request = Gen.Select(Gen.Int[0, 20], Gen.Int[1, 40], Gen.Int[1, 60], Gen.Double[1, 80]);
        var names = new[] { "fcfs", "sjf", "sprpt", "l-sprpt", "rp-sprpt", "trail", "srpt", "trail+" };
        Gen.Select(request.Array[1, 30], Gen.Int[0, names.Length - 1], Gen.Enum<KvMode>(), Gen.Int[1, 5], Gen.Int[7, 20]).Sample((drawn, name, mode, places, pages) =>
        {
            var now = 0.0;
            VirtualRequest[] requests = [.. drawn.Select(r => new VirtualRequest(now += r.Item1, r.Item2, r.Item3, r.Item4))];
            var settings = Settings(names[name], 0.8, mode) with
            {
                Places = places,
                KvTokens = 16 * pages,
                HostKvTokens = 160,
                Cost = new(1, 0, 0, 0),
                Refined = new(0.3, 0.9, 7),
            };
            var run = Serve(settings, requests);
            Assert.Equal(requests.Length, run.Completions.Count);
            Assert.Equal(run.Completions.Order(), run.Completions);
            Assert.Equal(requests.Select((r, i) => r.ArrivalSeconds + run.Outcomes[i].EndSeconds).Order(), run.Completions);
            Assert.All(run.Outcomes.Zip(requests), pair => Assert.True(
                pair.First.QueueSeconds >= 0 && pair.First.FirstTokenSeconds >= pair.First.QueueSeconds + 1
                && pair.First.EndSeconds >= pair.First.FirstTokenSeconds + pair.Second.OutputTokens - 1));
            Assert.InRange(run.PeakKvTokens, 1, 16 * pages);
            Assert.Equal(run.Outcomes, Serve(settings, requests).Outcomes);
        });
    }

    private static VirtualRun Serve(VirtualEngineSettings settings, VirtualRequest[] requests) =>
        VirtualEngine.Run(settings, requests, TestContext.Current.CancellationToken);

    private static IEnumerable<double> Ends(VirtualRun run) => run.Outcomes.Select(outcome => outcome.EndSeconds);
}
