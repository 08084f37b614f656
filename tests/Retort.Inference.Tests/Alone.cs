namespace Retort.TinyModels;

/// <summary>Tests that read counters of the whole process run with nothing beside them.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone
{
    /// <summary>
    /// Managed bytes that all threads allocate in the action; the least of several goes, with a pause after each that was not clean:
    /// the test runner's own threads allocate while they report the test before, and the action, if it allocates, always does.
    /// </summary>
    public static long AllocatedBytes(Action action)
    {
        var least = long.MaxValue;
        for (var attempt = 0; attempt < 40 && least > 0; attempt++)
        {
            Thread.Sleep(attempt == 0 ? 0 : 10);
            var before = GC.GetTotalAllocatedBytes(precise: true);
            action();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        return least;
    }
}
