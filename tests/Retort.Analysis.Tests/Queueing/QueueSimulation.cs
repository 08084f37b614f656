using Retort.Analysis.Queueing;
using Retort.Core;

namespace Retort.Analysis.Tests.Queueing;

/// <summary>One server, event by event: knows nothing of the formulas, only who goes first.</summary>
internal static class QueueSimulation
{
    private const int Runs = 32, Jobs = 15_000, WarmUp = 1_500, CoolDown = 500;

    /// <summary>
    /// Mean response, mean KV and preemptions a job: mean over independent runs and its standard error. A job predicted r may be
    /// preempted before the age C r; its rank falls with age (SRPT and kin) or stays at the prediction (PSJF).
    /// </summary>
    public static (double Mean, double StandardError)[] Run(
        double lambda, SizeDistribution sizes, PredictionModel predictions, double c, bool falls = true)
    {
        var runs = new double[Runs][];
        Parallel.For(0, Runs, i => runs[i] = One(lambda, sizes, predictions, c, falls, (ulong)i));
        return [.. Enumerable.Range(0, 3).Select(k => runs.Select(run => run[k]).ToArray()).Select(values =>
            (values.Average(), Descriptive.StandardDeviation(values) / Math.Sqrt(Runs)))];
    }

    private sealed class Job
    {
        public double Arrival, Size, Prediction, Age;
        public bool Measured;
    }

    private static double[] One(
        double lambda, SizeDistribution sizes, PredictionModel predictions, double c, bool falls, ulong run)
    {
        var random = CounterRandom.For(3, "queue", run);
        var waiting = new PriorityQueue<Job, (double Rank, double Arrival)>();
        var (now, next, arrived, waitingAges) = (0.0, 0.0, 0, 0.0);
        var (response, measured, kv, time, preemptions) = (0.0, 0, 0.0, 0.0, 0);
        Job? served = null;
        while (arrived < Jobs || served != null)
        {
            var arrives = arrived < Jobs && (served is null || next < now + served.Size - served.Age);
            var end = arrives ? next : now + served!.Size - served.Age;
            if (arrived is > WarmUp and < Jobs)
            {
                time += end - now;
                kv += (end - now) * (waitingAges + (served is null ? 0 : served.Age + 0.5 * (end - now)));
            }

            if (served != null)
            {
                served.Age += end - now;
            }

            now = end;
            if (!arrives)
            {
                if (served!.Measured)
                {
                    (response, measured) = (response + now - served.Arrival, measured + 1);
                }

                served = waiting.TryDequeue(out var best, out _) ? best : null;
                waitingAges -= served?.Age ?? 0;
                continue;
            }

            next = now - ExactMath.Log(1 - random.NextDouble()) / lambda;
            var size = sizes.Sample(ref random);
            var job = new Job { Arrival = now, Size = size, Prediction = predictions.Sample(size, ref random) };
            job.Measured = ++arrived is > WarmUp and <= Jobs - CoolDown;
            if (served is null)
            {
                served = job;
                continue;
            }

            var rank = served.Prediction - (falls ? served.Age : 0);
            if (served.Age < c * served.Prediction && job.Prediction < rank)
            {
                waiting.Enqueue(served, (rank, served.Arrival));
                waitingAges += served.Age;
                preemptions += arrived > WarmUp ? 1 : 0;
                served = job;
            }
            else
            {
                waiting.Enqueue(job, (job.Prediction, job.Arrival));
            }
        }

        return [response / measured, kv / time, preemptions / (double)(Jobs - WarmUp)];
    }
}
