using Retort.Core;
using Retort.Inference.Scheduling;
using Retort.Models;

namespace Retort.Inference.Simulation;

/// <summary>
/// Measures what an engine's steps cost on this machine, a fraction of a second in all: the quickest of each kind, since whatever else runs only adds.
/// </summary>
public static class StepCostMeter
{
    private const int Warmup = 4, Steps = 24, Repeats = 7, LongestPrompt = 128;

    /// <summary>
    /// Decode steps with one place busy and with all of them give the fixed cost and that of a row; steps that read one prompt give
    /// that of a prompt token. Swapping is not measured.
    /// </summary>
    public static StepCost Measure(Transformer model, EngineSettings settings, TimeProvider time)
    {
        settings = settings with { Policy = new SchedulerPolicy(), CachesPrefixes = false };
        using var engine = new GenerationEngine(model, settings, time: time);
        var places = settings.MaxSequences;
        var alone = DecodeStep(1);
        var row = places == 1 ? 0 : Math.Max(0, (DecodeStep(places) - alone) / (places - 1));
        var step = Math.Max(0, alone - row);
        return new StepCost(step, row, PrefillToken(step), 0);

        double DecodeStep(int rows)
        {
            var tokens = Math.Min(Warmup + Steps, engine.MaxLength - 1);
            var requests = Enumerable.Range(0, rows).Select(_ => engine.Submit(Request(1, tokens))).ToArray();
            var seconds = new List<double>();
            for (var step = 0; step < tokens && engine.IsBusy; step++)
            {
                var taken = Timed();
                if (step >= Math.Min(Warmup, tokens / 2))
                {
                    seconds.Add(taken);
                }
            }

            Array.ForEach(requests, engine.Cancel);
            return seconds.Min();
        }

        double PrefillToken(double step)
        {
            var prompt = Math.Min(Math.Min(LongestPrompt, settings.PrefillTokens + 1), engine.MaxLength - 1);
            var seconds = new List<double>();
            for (var repeat = 0; repeat < Repeats; repeat++)
            {
                var request = engine.Submit(Request(prompt, 1));
                seconds.Add(Timed());
                engine.Cancel(request);
            }

            return Math.Max(0, (seconds.Min() - step) / prompt);
        }

        double Timed()
        {
            var start = time.GetTimestamp();
            engine.Step();
            return time.GetElapsedTime(start).TotalSeconds;
        }

        GenerationRequest Request(int prompt, int tokens)
        {
            var random = CounterRandom.For(1, "step cost", (ulong)prompt);
            var ids = Enumerable.Range(0, prompt).Select(_ => random.NextInt32(model.Config.VocabularySize)).ToArray();
            return new GenerationRequest(ids, new SamplingSettings { MaxNewTokens = tokens }, 1) { IgnoresStop = true };
        }
    }
}
