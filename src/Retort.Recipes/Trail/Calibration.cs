using Retort.Analysis;
using Retort.Inference;
using Retort.Inference.Lengths;
using Retort.Inference.Scheduling;
using Retort.Inference.Simulation;

namespace Retort.Recipes.Trail;

/// <summary>What decode steps of so many sequences cost with and without the predictor, pair by pair, in seconds (medians over steps).</summary>
internal sealed record OverheadPairs(int Rows, double[] Without, double[] With)
{
    /// <summary>The predictor's share of a step.</summary>
    public Interval Share() => Bootstrap.Mean([.. Without.Zip(With, (without, with) => 1 - without / with)]);

    /// <summary>Microseconds a sequence and step.</summary>
    public Interval MicrosecondsPerSample() => Bootstrap.Mean([.. Without.Zip(With, (without, with) => 1e6 * (with - without) / Rows)]);
}

/// <summary>Seconds that prediction adds to steps.</summary>
/// <param name="PromptToken">To a prompt token where a policy predicts from prompts: all of a prompt's prediction, spread over it.</param>
/// <param name="HiddenPromptToken">Where it reads hidden states too: sums over the prompt, and the first refinement.</param>
/// <param name="DecodeRow">To a decoded row there, with all places busy.</param>
internal sealed record PredictionCost(double PromptToken, double HiddenPromptToken, double DecodeRow)
{
    /// <summary>Steps under a policy that reads lengths from there.</summary>
    public StepCost AddTo(StepCost cost, LengthSource lengths) => lengths switch
    {
        LengthSource.Prompt => cost with { PrefillToken = cost.PrefillToken + PromptToken },
        LengthSource.HiddenStates => cost with { PrefillToken = cost.PrefillToken + HiddenPromptToken, DecodeRow = cost.DecodeRow + DecodeRow },
        _ => cost,
    };
}

/// <summary>What the engine's steps cost on this machine.</summary>
/// <param name="StepSeconds">Fixed,</param>
/// <param name="DecodeRowSeconds">a decoded row</param>
/// <param name="PrefillTokenSeconds">and a prompt token.</param>
/// <param name="Prediction">What prediction adds.</param>
/// <param name="Kappa">Cost of a prompt token over that of a decoded one with all places busy.</param>
/// <param name="Overhead">By number of sequences, ascending.</param>
internal sealed record Calibration(
    double StepSeconds, double DecodeRowSeconds, double PrefillTokenSeconds, PredictionCost Prediction, double Kappa, OverheadPairs[] Overhead)
{
    /// <summary>As a cost model.</summary>
    public StepCost Cost() => new(StepSeconds, DecodeRowSeconds, PrefillTokenSeconds, 0);
}

/// <summary>Measures steps on the wall clock, as medians: a shared machine has long tails.</summary>
internal sealed class Calibrator(
    TrailSettings settings, RecipeContext context, ServedModel served, GenerationRequest[] requests)
{
    private const int StepsPerMedian = 64, PrefillRepeats = 20;

    /// <summary>All of it.</summary>
    public Calibration Run()
    {
        using var phase = context.Progress.Begin("calibrate", 0, "steps");
        int[] rows = [.. new[] { 1, 2, 4, 8 }.Where(count => count < settings.Places), settings.Places];
        var overhead = Array.ConvertAll(rows, Overhead);
        var (step, row) = Line(
            [.. rows.Select(count => (double)count)], [.. overhead.Select(pairs => Descriptive.Median(pairs.Without))]);
        var prefill = Math.Max(0, Prefill(step));
        var (fromPrompts, fromStates) = PromptOverhead();
        var prediction = new PredictionCost(fromPrompts, fromStates, Math.Max(0, 1e-6 * overhead[^1].MicrosecondsPerSample().Value));
        return new(step, row, prefill, prediction, new StepCost(step, row, prefill, 0).Kappa(settings.Places), overhead);
    }

    private OverheadPairs Overhead(int rows)
    {
        var (without, with) = (new double[settings.Live.OverheadPairs], new double[settings.Live.OverheadPairs]);
        using var plain = Engine(null);
        using var predicting = Engine(served.LengthsOf(LengthSource.HiddenStates));
        DecodeStep(plain, rows);
        DecodeStep(predicting, rows);
        for (var pair = 0; pair < without.Length; pair++)
        {
            // Who goes first alternates, so that a machine getting slower harms both alike.
            for (var turn = 0; turn < 2; turn++)
            {
                if ((pair + turn) % 2 == 0)
                {
                    without[pair] = DecodeStep(plain, rows);
                }
                else
                {
                    with[pair] = DecodeStep(predicting, rows);
                }
            }
        }

        return new(rows, without, with);
    }

    /// <summary>A step that decodes so many sequences and nothing else: the median over windows of the steps from one refinement to the next.</summary>
    private double DecodeStep(GenerationEngine engine, int rows)
    {
        var window = settings.Predictor.RefineEvery;
        var seconds = new double[Math.Max(1, Math.Min(StepsPerMedian, settings.Task.MaxOutputTokens - 2) / window)];
        var mine = new List<int>();
        for (var i = 0; i < rows; i++)
        {
            // One a step, so that refinements fall into different steps, as they do when requests come by themselves.
            mine.AddRange(Submit(engine, 1, seconds.Length * window + rows + 2));
            engine.Step();
        }

        while (engine.Scheduler.Waiting.Length > 0 || HasPrompts(engine))
        {
            engine.Step();
        }

        for (var step = 0; step < seconds.Length * window; step++)
        {
            seconds[step / window] += Timed(engine) / window;
        }

        mine.ForEach(engine.Cancel);
        return Descriptive.Median(seconds);
    }

    /// <summary>Slope of steps that read prompts and decode nothing, above the fixed cost.</summary>
    private double Prefill(double fixedSeconds)
    {
        using var engine = Engine(null);
        var (products, squares) = (0.0, 0.0);
        for (var count = 1; count <= settings.Places; count *= 2)
        {
            var (seconds, tokens) = (new double[PrefillRepeats], new double[PrefillRepeats]);
            for (var repeat = 0; repeat < PrefillRepeats; repeat++)
            {
                var before = engine.NumFed;
                var mine = Submit(engine, count, 2);
                seconds[repeat] = Timed(engine);
                tokens[repeat] = engine.NumFed - before;
                mine.ForEach(engine.Cancel);
            }

            var median = Descriptive.Median(tokens);
            products += median * (Descriptive.Median(seconds) - fixedSeconds);
            squares += median * median;
        }

        return products / squares;
    }

    /// <summary>
    /// What prediction from prompts, and from hidden states, adds to a prompt token: the arrival and only step of one request, pair by pair.
    /// </summary>
    private (double FromPrompts, double FromStates) PromptOverhead()
    {
        GenerationEngine[] engines =
        [
            Engine(null), Engine(served.LengthsOf(LengthSource.Prompt)), Engine(served.LengthsOf(LengthSource.HiddenStates)),
        ];
        var seconds = Array.ConvertAll(engines, _ => new double[settings.Live.OverheadPairs]);
        for (var pair = -1; pair < settings.Live.OverheadPairs; pair++)
        {
            for (var turn = 0; turn < engines.Length; turn++)
            {
                var which = (pair + 1 + turn) % engines.Length;
                var median = Arrival(engines[which]);
                if (pair >= 0)
                {
                    seconds[which][pair] = median;
                }
            }
        }

        Array.ForEach(engines, engine => engine.Dispose());
        return (Added(seconds[1]), Added(seconds[2]));

        double Added(double[] with) => Math.Max(0, Descriptive.Mean([.. with.Zip(seconds[0], (a, b) => a - b)]));
    }

    /// <summary>Seconds a prompt token, from submitting a request to its first token, alone: the median of some.</summary>
    private double Arrival(GenerationEngine engine)
    {
        var seconds = new double[PrefillRepeats];
        for (var repeat = 0; repeat < seconds.Length; repeat++)
        {
            var request = requests[repeat % requests.Length];
            var start = context.Time.GetTimestamp();
            var index = engine.Submit(request);
            engine.Step();
            seconds[repeat] = context.Time.GetElapsedTime(start).TotalSeconds / request.Prompt.Length;
            engine.Cancel(index);
        }

        return Descriptive.Median(seconds);
    }

    private List<int> Submit(GenerationEngine engine, int count, int tokens) =>
        [.. Enumerable.Range(0, count).Select(i => engine.Submit(requests[i % requests.Length] with
        {
            IgnoresStop = true,
            Sampling = requests[0].Sampling with { MaxNewTokens = tokens },
        }))];

    private double Timed(GenerationEngine engine)
    {
        context.Cancellation.ThrowIfCancellationRequested();
        var start = context.Time.GetTimestamp();
        engine.Step();
        return context.Time.GetElapsedTime(start).TotalSeconds;
    }

    private GenerationEngine Engine(ILengthPredictor? predictor) =>
        new(served.Model, served.EngineSettings(NamedScheduler.Get("fcfs").Policy, 0), predictor, context.Time);

    private static bool HasPrompts(GenerationEngine engine)
    {
        foreach (var sequence in engine.Scheduler.Running)
        {
            if (sequence.NumGenerated == 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Least squares, neither end below 0.</summary>
    private static (double Offset, double Slope) Line(double[] x, double[] y)
    {
        var (meanX, meanY) = (Descriptive.Mean(x), Descriptive.Mean(y));
        var squares = x.Sum(value => (value - meanX) * (value - meanX));
        var slope = squares == 0 ? 0 : Math.Max(0, x.Zip(y, (a, b) => (a - meanX) * (b - meanY)).Sum() / squares);
        return (Math.Max(0, meanY - slope * meanX), slope);
    }
}
