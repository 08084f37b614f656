using Retort.Recipes.Bench.Serve;

namespace Retort.Recipes.Tests.Bench;

public class OpenLoopTests
{
    [Fact]
    public async Task Every_request_is_sent_when_it_is_due_though_none_is_answered_before_the_last()
    {
        var clock = new RunClock(new JumpingTime());
        var requests = Arrivals.Random(200, 5, 1, 1).Select(due => new ServeRequest(due, "", 1)).ToArray();
        var (answers, sent) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), 0);
        var outcomes = await OpenLoop.Run(requests, Send, clock, TestContext.Current.CancellationToken);
        Assert.Equal(Enumerable.Range(0, 200), outcomes.Select(outcome => outcome.Index));
        Assert.All(outcomes, outcome => Assert.True(outcome.SentSeconds >= outcome.DueSeconds));

        async Task<ServeOutcome> Send(int index)
        {
            var now = clock.Seconds;
            if (Interlocked.Increment(ref sent) == requests.Length)
            {
                answers.SetResult();
            }

            await answers.Task;
            return Outcome(index, requests[index].DueSeconds, now);
        }
    }

    [Fact]
    public async Task Nothing_is_sent_before_it_is_due_nor_after_cancelling()
    {
        var clock = new RunClock(new JumpingTime());
        using var source = new CancellationTokenSource();
        ServeRequest[] requests = [new(1, "", 1), new(2, "", 1), new(1e9, "", 1)];
        var outcomes = await OpenLoop.Run(requests, Send, clock, source.Token);
        Assert.Equal([0, 1], outcomes.Select(outcome => outcome.Index));
        Assert.All(outcomes, outcome => Assert.True(outcome.SentSeconds >= outcome.DueSeconds));

        Task<ServeOutcome> Send(int index)
        {
            var now = clock.Seconds;
            if (index == 1)
            {
                source.Cancel();
            }

            return Task.FromResult(Outcome(index, requests[index].DueSeconds, now));
        }
    }

    private static ServeOutcome Outcome(int index, double due, double sent) =>
        new() { Index = index, Status = ServeStatus.Done, DueSeconds = due, SentSeconds = sent, EndSeconds = sent };
}
