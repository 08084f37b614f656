namespace Retort.Recipes.Bench.Serve;

/// <summary>
/// Sends each request when it is due and never waits for an answer. A thread of its own keeps the time, so that answers, which
/// the pool handles, do not delay it.
/// </summary>
internal static class OpenLoop
{
    // A timer counts whole milliseconds and may fire a little late: the last one or two are passed by yielding the processor.
    private static readonly TimeSpan TimerStep = TimeSpan.FromMilliseconds(1);

    // A timer cannot be set for more than some weeks; a trace may be longer.
    private static readonly TimeSpan LongestDelay = TimeSpan.FromDays(1);

    /// <summary>
    /// The outcomes of all requests that were sent, in their order. Cancelling stops the sending; <paramref name="send"/> sees
    /// to the ones under way.
    /// </summary>
    public static async Task<ServeOutcome[]> Run(
        IReadOnlyList<ServeRequest> requests, Func<int, Task<ServeOutcome>> send, RunClock clock, CancellationToken cancellation)
    {
        var sent = await Task.Factory.StartNew(Pace, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return await Task.WhenAll(sent);

        List<Task<ServeOutcome>> Pace()
        {
            var started = new List<Task<ServeOutcome>>(requests.Count);
            for (var i = 0; i < requests.Count && WaitUntil(requests[i].DueSeconds, clock, cancellation); i++)
            {
                var index = i;
                started.Add(Task.Run(() => send(index), CancellationToken.None));
            }

            return started;
        }
    }

    /// <summary>False if cancelled.</summary>
    private static bool WaitUntil(double dueSeconds, RunClock clock, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            var left = TimeSpan.FromSeconds(dueSeconds - clock.Seconds);
            if (left <= TimeSpan.Zero)
            {
                return true;
            }

            if (left < 2 * TimerStep)
            {
                Thread.Yield();
                continue;
            }

            // A wait that is cancelled ends like any other; the loop's condition sees it.
            Task.Delay(Min(left - TimerStep, LongestDelay), clock.Time, cancellation)
                .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default)
                .Wait(CancellationToken.None);
        }

        return false;
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
