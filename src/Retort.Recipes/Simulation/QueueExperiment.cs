using Retort.Analysis;
using Retort.Analysis.Queueing;
using Retort.Core;
using Retort.Inference.Scheduling;
using Retort.Inference.Simulation;

namespace Retort.Recipes.Simulation;

/// <summary>One queue to compute and to simulate.</summary>
public sealed record QueueSettings
{
    /// <summary>Order of service: a name of <see cref="QueuePolicy"/>.</summary>
    public string Policy { get; init; } = "trail";

    /// <summary>Load of a server, above 0 and below 1.</summary>
    public double Lambda { get; init; } = 0.8;

    /// <summary>Law of the sizes.</summary>
    public SizeDistribution Sizes { get; init; } = SizeDistribution.Parse("exp", "sizes");

    /// <summary>How sizes are predicted.</summary>
    public PredictionModel Predictions { get; init; } = PredictionModel.Perfect;

    /// <summary>A job predicted r is preempted only before the age C r; for trail.</summary>
    public double C { get; init; } = NamedScheduler.DefaultC;

    /// <summary>Jobs served at once.</summary>
    public int Servers { get; init; } = 1;

    /// <summary>Jobs measured; 0: as many as <see cref="TargetError"/> takes, up to <see cref="MostJobs"/>.</summary>
    public long Jobs { get; init; }

    /// <summary>The standard error of the mean response aimed at, as a share of it.</summary>
    public double TargetError { get; init; } = 0.003;

    /// <summary>Where aiming ends.</summary>
    public long MostJobs { get; init; } = 200_000_000;

    /// <summary>Seed of gaps, sizes and predictions.</summary>
    public ulong Seed { get; init; } = 1;
}

/// <summary>What a simulation measured.</summary>
/// <param name="MeanResponse">From arrival to completion, in mean sizes.</param>
/// <param name="MeanKv">Ages of begun, unfinished jobs, summed over them and averaged over time.</param>
/// <param name="PreemptionsPerJob">Places lost to others.</param>
/// <param name="Jobs">Jobs measured.</param>
/// <param name="WarmUpJobs">Jobs before them that were not, all replications together.</param>
/// <param name="Replications">Independent ones, from which the standard errors are.</param>
/// <param name="Notes">What limits the result; empty: nothing.</param>
public sealed record QueueMeasurement(
    Estimate MeanResponse, Estimate MeanKv, Estimate PreemptionsPerJob, long Jobs, long WarmUpJobs, int Replications,
    IReadOnlyList<string> Notes);

/// <summary>
/// Simulates a queue by independent replications, on any number of threads with the same bits: a replication draws from streams
/// of its own. All go on for as many jobs as the standard error asks for; what each measured before its warm-up ended is dropped.
/// Sample means of gaps and sizes, whose expectations are known, are control variates.
/// </summary>
public static class QueueExperiment
{
    /// <summary>Replications of every experiment.</summary>
    public const int Replications = 64;

    /// <summary>Least jobs that may be asked for.</summary>
    public const long LeastJobs = 100 * Replications;

    private const int PilotJobs = 8_000, SliceJobs = 200_000;

    /// <summary>Simulates until enough is known.</summary>
    /// <exception cref="OperationCanceledException">It was asked to stop.</exception>
    public static QueueMeasurement Run(
        QueueSettings settings, int threads, IProgressReporter? progress = null, CancellationToken cancellation = default)
    {
        var notes = new List<string>();
        var tokens = TokensPerUnit(settings, notes);
        var warmUp = WarmUp(settings, notes);
        var queues = new Replication[Replications];
        for (var i = 0; i < Replications; i++)
        {
            queues[i] = new Replication(settings, tokens, (ulong)i);
        }

        var most = Math.Max(1, (settings.Jobs > 0 ? settings.Jobs : settings.MostJobs) / Replications);
        using var phase = (progress ?? SilentProgress.Instance).Begin($"simulate {settings.Policy} at {settings.Lambda}", 0, "jobs");
        Continue(warmUp, isMeasured: false);
        var target = settings.Jobs > 0 ? most : Math.Min(most, PilotJobs + warmUp);
        while (true)
        {
            Continue(target - queues[0].Measured.NumArrivals, isMeasured: true);
            var response = Mean(queues, settings, window => window.SumOfResponses / window.NumCompleted);
            var error = response.StandardError / response.Mean;
            if (settings.Jobs == 0 && error > settings.TargetError && target == most)
            {
                notes.Add(FormattableString.Invariant(
                    $"the standard error is {error:0.0%} of the mean after {most * Replications:N0} jobs, the most run unless --jobs asks for more"));
            }

            if (settings.Jobs > 0 || error <= settings.TargetError || target == most)
            {
                return new(
                    response,
                    Mean(queues, settings, window => window.KvTime / window.Elapsed),
                    Mean(queues, settings, window => (double)window.NumPreemptions / window.NumCompleted),
                    queues.Sum(queue => queue.Measured.NumCompleted), warmUp * Replications, Replications, notes);
            }

            // Errors fall with the root of the number of jobs; a fifth more, since this one is itself an estimate.
            var ratio = Math.Clamp(1.2 * error * error / (settings.TargetError * settings.TargetError), 1.2, 30);
            target = Math.Min(most, (long)(target * ratio));
        }

        void Continue(long jobs, bool isMeasured)
        {
            for (var done = 0L; done < jobs; done += SliceJobs)
            {
                cancellation.ThrowIfCancellationRequested();
                var slice = Math.Min(SliceJobs, jobs - done);
                ParallelItems.Make(Replications, threads, i => queues[i].Continue(slice, isMeasured), cancellation);
                phase.Report(queues.Sum(queue => queue.Measured.NumArrivals));
            }
        }
    }

    private static Estimate Mean(Replication[] queues, QueueSettings settings, Func<QueueWindow, double> outcome)
    {
        var gap = 1 / (settings.Lambda * settings.Servers);
        return ControlVariates.Mean(
            Array.ConvertAll(queues, queue => outcome(queue.Measured)),
            Array.ConvertAll(queues, queue => queue.Measured.SumOfSizes / queue.Measured.NumArrivals - 1),
            Array.ConvertAll(queues, queue => queue.Measured.SumOfGaps / queue.Measured.NumArrivals / gap - 1));
    }

    /// <summary>
    /// An empty queue forgets that it was empty in about 2 E[X^2] / (1 - lambda)^2 mean sizes (relaxation of the workload); ten times
    /// that, but never more than a quarter of what is asked for.
    /// </summary>
    private static long WarmUp(QueueSettings settings, List<string> notes)
    {
        var idle = 1 - settings.Lambda;
        var wanted = 1000 + (long)Math.Min(1e15, settings.Servers * 20 * settings.Sizes.SecondMoment / (idle * idle));
        var most = (settings.Jobs > 0 ? settings.Jobs : settings.MostJobs) / (4 * Replications);
        if (wanted <= most)
        {
            return wanted;
        }

        notes.Add(FormattableString.Invariant(
            $"each replication warms up for {most:N0} jobs, and {wanted:N0} are wanted to forget that it began empty"));
        return most;
    }

    /// <summary>As fine as lets nearly all of the load pass uncut.</summary>
    private static int TokensPerUnit(QueueSettings settings, List<string> notes)
    {
        const int Fine = 100_000, Coarse = 20_000;
        if (settings.Sizes.TailMoment(1, QueueSimulationSettings.MostTokens / Fine) < 1e-6)
        {
            return Fine;
        }

        var cut = QueueSimulationSettings.MostTokens / Coarse;
        if (settings.Sizes.TailMoment(1, cut) is > 1e-5 and var lost)
        {
            notes.Add(FormattableString.Invariant($"sizes above {cut:N0} mean sizes, {lost:0.0%} of the load, are cut to that"));
        }

        return Coarse;
    }

    /// <summary>A queue with streams of its own and what it has measured.</summary>
    private sealed class Replication
    {
        private readonly QueueSettings settings;
        private readonly bool isTold;
        private readonly double meanGap;
        private readonly QueueSimulation queue;
        private CounterRandom gaps, sizes, predictions;

        public Replication(QueueSettings settings, int tokensPerUnit, ulong index)
        {
            this.settings = settings;
            var policy = QueuePolicy.Get(settings.Policy);
            isTold = policy.IsTold;
            meanGap = 1 / (settings.Lambda * settings.Servers);
            gaps = CounterRandom.For(settings.Seed, "simulate/gaps", index);
            sizes = CounterRandom.For(settings.Seed, "simulate/sizes", index);
            predictions = CounterRandom.For(settings.Seed, "simulate/predictions", index);
            queue = new QueueSimulation(
                new QueueSimulationSettings(policy.Scheduling(settings.C), settings.Servers)
                {
                    SharesProcessor = policy.Formula == QueueingPolicy.ProcessorSharing,
                    TokensPerUnit = tokensPerUnit,
                },
                Next);
        }

        public QueueWindow Measured { get; private set; }

        /// <summary>Returns nothing of interest.</summary>
        public bool Continue(long jobs, bool isMeasured)
        {
            var window = queue.Run(jobs);
            Measured = isMeasured ? Measured + window : Measured;
            return true;
        }

        private VirtualJob Next()
        {
            var gap = -meanGap * ExactMath.Log(1 - gaps.NextDouble());
            var size = settings.Sizes.Sample(ref sizes);
            return new VirtualJob(gap, size, isTold ? settings.Predictions.Sample(size, ref predictions) : size);
        }
    }
}
