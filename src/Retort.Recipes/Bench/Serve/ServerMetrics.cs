namespace Retort.Recipes.Bench.Serve;

/// <summary>Reads a server's /metrics before, during and after a run, if there are any.</summary>
internal sealed class ServerMetrics(HttpClient http, string address, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1), Patience = TimeSpan.FromSeconds(5);

    /// <summary>Does the work and says what the metrics said about it.</summary>
    public async Task<(T Result, ServerUse Use)> Around<T>(Func<Task<T>> work)
    {
        var before = await Read(CancellationToken.None);
        if (before is null)
        {
            return (await work(), ServerUse.Of(null, [], null));
        }

        using var finished = new CancellationTokenSource();
        var sampling = Sample(finished.Token);
        try
        {
            var result = await work();
            await finished.CancelAsync();
            return (result, ServerUse.Of(before, await sampling, await Read(CancellationToken.None)));
        }
        finally
        {
            await finished.CancelAsync();
        }
    }

    private async Task<List<PrometheusText>> Sample(CancellationToken finished)
    {
        var pages = new List<PrometheusText>();
        while (true)
        {
            try
            {
                await Task.Delay(Interval, time, finished);
            }
            catch (OperationCanceledException)
            {
                return pages;
            }

            // A page that comes after the run's end describes an idle server.
            if (await Read(finished) is { } page && !finished.IsCancellationRequested)
            {
                pages.Add(page);
            }
        }
    }

    private async Task<PrometheusText?> Read(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        try
        {
            return PrometheusText.Parse(await http.GetStringAsync(new Uri(address + "/metrics"), limit.Token));
        }
        catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException or IOException or InvalidOperationException)
        {
            return null;
        }
    }
}
