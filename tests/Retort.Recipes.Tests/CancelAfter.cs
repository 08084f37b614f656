using Retort.Core;

namespace Retort.Recipes.Tests;

/// <summary>Cancels at the n-th report of progress, as a person might at any moment.</summary>
internal sealed class CancelAfter(int reports) : IProgressReporter, IProgressPhase
{
    private readonly CancellationTokenSource source = new();
    private int seen;

    public CancellationToken Token => source.Token;

    public IProgressPhase Begin(string name, long total, string unit) => this;

    public void Note(string text)
    {
    }

    public void Report(long completed, Func<string>? metrics = null)
    {
        if (++seen == reports)
        {
            source.Cancel();
        }
    }

    public void Dispose()
    {
    }
}
