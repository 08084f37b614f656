using System.Globalization;
using Retort.Core;

namespace Retort.Cli.Progress;

/// <summary>
/// Phases as lines of text: counts, rate, time left, metrics. Between two drawings a report costs one clock reading and
/// allocates nothing.
/// </summary>
internal abstract class TextProgress(TimeProvider time, TimeSpan interval) : IProgressReporter
{
    private readonly Stack<Phase> phases = new();
    private long lastDrawn = time.GetTimestamp();

    /// <inheritdoc/>
    public IProgressPhase Begin(string name, long total, string unit)
    {
        var phase = new Phase(this, phases.TryPeek(out var outer) ? $"{outer.Name} > {name}" : name, total, unit);
        phases.Push(phase);
        return phase;
    }

    /// <inheritdoc/>
    public abstract void Note(string text);

    /// <summary>Shows where the innermost phase is. <paramref name="fraction"/> is NaN if the total is unknown.</summary>
    protected abstract void Draw(string name, double fraction, string state);

    /// <summary>Shows that a phase ended. <paramref name="isOutermost"/>: worth a line of its own.</summary>
    protected abstract void DrawEnd(string name, string state, bool isOutermost);

    private sealed class Phase(TextProgress owner, string name, long total, string unit) : IProgressPhase
    {
        private readonly long started = owner.Time.GetTimestamp();
        private long firstCompleted = -1, firstTime, completed;
        private string metrics = "";

        public string Name => name;

        public void Report(long completed, Func<string>? metrics = null)
        {
            var now = owner.Time.GetTimestamp();
            this.completed = completed;
            if (firstCompleted < 0)
            {
                // A resumed phase begins in the middle: the rate counts from here.
                (firstCompleted, firstTime) = (completed, now);
            }

            if (owner.Time.GetElapsedTime(owner.lastDrawn, now) < owner.Interval && completed != total)
            {
                return;
            }

            this.metrics = metrics?.Invoke() ?? "";
            if (owner.Time.GetElapsedTime(owner.lastDrawn, now) >= owner.Interval)
            {
                owner.lastDrawn = now;
                owner.Draw(name, total > 0 ? (double)completed / total : double.NaN, Describe(now));
            }
        }

        public void Dispose()
        {
            if (!owner.phases.TryPeek(out var innermost) || innermost != this)
            {
                return;
            }

            owner.phases.Pop();
            var elapsed = owner.Time.GetElapsedTime(started);
            owner.DrawEnd(name, $"{Count(completed)} {unit} in {Amounts.Of(elapsed)}{After(metrics)}", owner.phases.Count == 0);
        }

        private string Describe(long now)
        {
            var text = total > 0
                ? FormattableString.Invariant($"{Count(completed)}/{Count(total)} {unit}  {100.0 * completed / total:0} %")
                : $"{Count(completed)} {unit}";
            var seconds = owner.Time.GetElapsedTime(firstTime, now).TotalSeconds;
            if (seconds > 0 && completed > firstCompleted)
            {
                var rate = (completed - firstCompleted) / seconds;
                text += $"  {Amounts.Of(rate)} {unit}/s";
                if (total > completed)
                {
                    text += $"  {Amounts.Of(TimeSpan.FromSeconds(Math.Min((total - completed) / rate, TimeSpan.MaxValue.TotalSeconds / 2)))} left";
                }
            }

            return text + After(metrics);
        }

        private static string After(string metrics) => metrics.Length == 0 ? "" : "  " + metrics;

        private static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
    }

    private TimeProvider Time => time;

    private TimeSpan Interval => interval;
}
