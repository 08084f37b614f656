namespace Retort.Core;

/// <summary>
/// Where long work says how far it is. Implementations decide when and how to draw; a silent one makes every call free.
/// Calls come from one thread at a time.
/// </summary>
public interface IProgressReporter
{
    /// <summary>Begins a phase, inside the current one if there is one. Dispose it when the work is done or given up.</summary>
    /// <param name="name">What is being done, e.g. "train backtracking".</param>
    /// <param name="total">How many units the phase has; 0 if unknown.</param>
    /// <param name="unit">What is counted, in the plural: "steps", "problems", "tokens".</param>
    IProgressPhase Begin(string name, long total, string unit);

    /// <summary>One line a person should see once: a fallback taken, a file written.</summary>
    void Note(string text);
}

/// <summary>One phase of long work. Rate and time left are the reporter's to derive.</summary>
public interface IProgressPhase : IDisposable
{
    /// <summary>
    /// Says that <paramref name="completed"/> units are done. <paramref name="metrics"/> is called, on this thread, only
    /// when the text will be shown ("loss 1.23, 41 k tokens/s, 92 GFLOP/s, 61 % of peak"); keep the delegate in a field
    /// and a step allocates nothing.
    /// </summary>
    void Report(long completed, Func<string>? metrics = null);
}

/// <summary>A reporter that says nothing.</summary>
public sealed class SilentProgress : IProgressReporter, IProgressPhase
{
    private SilentProgress()
    {
    }

    /// <summary>The only one needed: it has no state.</summary>
    public static SilentProgress Instance { get; } = new();

    /// <inheritdoc/>
    public IProgressPhase Begin(string name, long total, string unit) => this;

    /// <inheritdoc/>
    public void Note(string text)
    {
    }

    /// <inheritdoc/>
    public void Report(long completed, Func<string>? metrics = null)
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
