using Retort.Inference.Kv;
using Retort.Inference.Scheduling;

namespace Retort.Inference.Simulation;

/// <summary>A job of a queue. Times and sizes are in units of the mean size.</summary>
/// <param name="Gap">Time since the job before arrived; infinite: no more jobs come.</param>
/// <param name="Size">Work.</param>
/// <param name="Prediction">The size as predicted at arrival.</param>
public readonly record struct VirtualJob(double Gap, double Size, double Prediction);

/// <summary>
/// A queue of theory, served by the engine's own <see cref="Scheduler"/> under a virtual clock (paper section 4.6): a server is a place
/// in the batch, work is tokens to draw, the prompt is one token, memory has no end and a change of places is free. Predictions do not
/// change while a job runs (L = r - a, below zero once it has outlived its prediction), so that ranks of running jobs only fall,
/// those of others stand still and nothing can change between two events: after each decision time jumps to the next arrival or
/// completion. Not thread-safe.
/// </summary>
public sealed class QueueSimulation
{
    private readonly QueueSimulationSettings settings;
    private readonly Func<VirtualJob> next;
    private readonly Scheduler scheduler;
    private readonly Stack<Job> pool = new();
    private readonly double kvScale;
    private VirtualJob arriving;
    private double now, arrival;
    private long numArrived, numPreemptionsBefore, ages;

    /// <summary>An empty queue at time 0, whose jobs are taken from <paramref name="next"/> one by one.</summary>
    public QueueSimulation(QueueSimulationSettings settings, Func<VirtualJob> next)
    {
        (this.settings, this.next) = (settings, next);
        kvScale = 1 / ((double)settings.TokensPerUnit * settings.TokensPerUnit);
        var places = settings.SharesProcessor ? int.MaxValue : settings.Servers;
        scheduler = new Scheduler(settings.Policy, new SchedulerLimits(places, places), new UnlimitedKv());
        Draw();
    }

    /// <summary>Called with each job's number, counted from 0, and response time as it is completed.</summary>
    public Action<long, double>? Completed { get; set; }

    /// <summary>Goes on until so many more jobs have arrived, or all are served and no more come; says what happened meanwhile.</summary>
    public QueueWindow Run(long numJobs)
    {
        var window = default(QueueWindow);
        var start = now;
        while (Admit(ref window, numJobs) && (scheduler.IsBusy || double.IsFinite(arrival)))
        {
            if (scheduler.IsBusy)
            {
                Serve(ref window);
            }
            else
            {
                now = arrival;
            }
        }

        window.Elapsed = (now - start) / settings.TokensPerUnit;
        window.NumPreemptions = scheduler.NumPreemptions - numPreemptionsBefore;
        numPreemptionsBefore = scheduler.NumPreemptions;
        return window;
    }

    /// <summary>Takes in who has arrived; false: the window has all of its arrivals.</summary>
    private bool Admit(ref QueueWindow window, long numJobs)
    {
        while (arrival <= now && window.NumArrivals < numJobs)
        {
            window.NumArrivals++;
            window.SumOfGaps += arriving.Gap;
            window.SumOfSizes += arriving.Size;
            if (!pool.TryPop(out var job))
            {
                job = new Job { Order = 0, NumPromptTokens = 1, MaxLength = int.MaxValue };
            }

            job.Renew(numArrived++);
            job.Size = (int)Math.Clamp(Math.Round(arriving.Size * settings.TokensPerUnit), 1, QueueSimulationSettings.MostTokens);
            // A prediction that is right is so after rounding, too.
            var predicted = arriving.Prediction == arriving.Size ? job.Size : arriving.Prediction * settings.TokensPerUnit;
            (job.Arrived, job.PredictedLength, job.PredictedRemaining) = (arrival, predicted, predicted);
            scheduler.Add(job);
            Draw();
        }

        return window.NumArrivals < numJobs;
    }

    /// <summary>Draws tokens up to the first completion, or to the first boundary between tokens at which somebody has arrived.</summary>
    private void Serve(ref QueueWindow window)
    {
        var rows = scheduler.Plan().Rows;
        // Processor sharing: everybody has a place, and all places together have the speed of the servers.
        var ticks = settings.SharesProcessor ? Math.Max(1, (double)rows.Length / settings.Servers) : 1;
        var untilArrival = Math.Ceiling((arrival - now) / ticks);
        var count = untilArrival < int.MaxValue ? (int)untilArrival : int.MaxValue;
        foreach (var row in rows)
        {
            count = Math.Min(count, ((Job)row.Sequence).Size - row.Sequence.NumGenerated);
        }

        var (elapsed, drawn) = (count * ticks, (long)count * rows.Length);
        window.KvTime += (ages + 0.5 * drawn) * elapsed * kvScale;
        ages += drawn;
        now += elapsed;
        foreach (var row in rows)
        {
            var job = (Job)row.Sequence;
            job.NumGenerated += count;
            job.NumCached += count;
            job.PredictedRemaining -= count;
            if (job.NumGenerated == job.Size)
            {
                Complete(job, ref window);
            }
        }
    }

    private void Complete(Job job, ref QueueWindow window)
    {
        scheduler.Remove(job);
        var response = (now - job.Arrived) / settings.TokensPerUnit;
        window.NumCompleted++;
        window.NumTokens += job.Size;
        window.SumOfResponses += response;
        ages -= job.Size;
        Completed?.Invoke(job.Order, response);
        pool.Push(job);
    }

    private void Draw()
    {
        arriving = next();
        arrival += arriving.Gap * settings.TokensPerUnit;
    }

    private sealed class Job : ScheduledSequence
    {
        public int Size { get; set; }

        public double Arrived { get; set; }
    }
}

/// <summary>A queue's servers and order of service.</summary>
/// <param name="Policy">Who is served; margins are in tokens.</param>
/// <param name="Servers">Jobs served at once, each at speed 1.</param>
public sealed record QueueSimulationSettings(SchedulerPolicy Policy, int Servers = 1)
{
    /// <summary>The most tokens of a job; larger ones are cut.</summary>
    public const int MostTokens = 1 << 30;

    /// <summary>All jobs have places and go at speed min(1, servers / jobs): processor sharing, if the policy is first come, first served.</summary>
    public bool SharesProcessor { get; init; }

    /// <summary>Tokens of the mean size: sizes are rounded to tokens, decisions are made between tokens, so results are off by O(1/m).</summary>
    public int TokensPerUnit { get; init; } = 100_000;
}

/// <summary>What happened between two arrivals of a <see cref="QueueSimulation"/>. Times are in units of the mean size.</summary>
public record struct QueueWindow
{
    /// <summary>Jobs that arrived.</summary>
    public long NumArrivals { get; set; }

    /// <summary>Jobs that were completed, whenever they had arrived.</summary>
    public long NumCompleted { get; set; }

    /// <summary>Tokens of these.</summary>
    public long NumTokens { get; set; }

    /// <summary>Places lost to jobs of a better rank.</summary>
    public long NumPreemptions { get; set; }

    /// <summary>From arrival to completion, over the completed jobs.</summary>
    public double SumOfResponses { get; set; }

    /// <summary>Integral over time of the ages of begun, unfinished jobs.</summary>
    public double KvTime { get; set; }

    /// <summary>Length of the window.</summary>
    public double Elapsed { get; set; }

    /// <summary>Times between arrivals, over the arrived jobs.</summary>
    public double SumOfGaps { get; set; }

    /// <summary>Work that the arrived jobs brought.</summary>
    public double SumOfSizes { get; set; }

    /// <summary>Two windows, one after the other.</summary>
    public static QueueWindow operator +(QueueWindow a, QueueWindow b) => new()
    {
        NumArrivals = a.NumArrivals + b.NumArrivals,
        NumCompleted = a.NumCompleted + b.NumCompleted,
        NumTokens = a.NumTokens + b.NumTokens,
        NumPreemptions = a.NumPreemptions + b.NumPreemptions,
        SumOfResponses = a.SumOfResponses + b.SumOfResponses,
        KvTime = a.KvTime + b.KvTime,
        Elapsed = a.Elapsed + b.Elapsed,
        SumOfGaps = a.SumOfGaps + b.SumOfGaps,
        SumOfSizes = a.SumOfSizes + b.SumOfSizes,
    };
}
