using Retort.Analysis;
using Retort.Inference;
using Retort.Inference.Lengths;
using Retort.Inference.Scheduling;
using Retort.Inference.Simulation;

namespace Retort.Recipes.Trail;

/// <summary>What decode steps of so many sequences cost with and without the predictor, by pairs of engines, in seconds.</summary>
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
/// <param name="RefinedRow">To a decoded row there while its sequence may be displaced, with all places busy.</param>
internal sealed record PredictionCost(double PromptToken, double HiddenPromptToken, double RefinedRow)
{
    /// <summary>Steps under a policy that reads lengths from there.</summary>
    public StepCost AddTo(StepCost cost, LengthSource lengths) => lengths switch
    {
        LengthSource.Prompt => cost with { PredictedPromptToken = PromptToken },
        LengthSource.HiddenStates => cost with { PredictedPromptToken = HiddenPromptToken, RefinedRow = RefinedRow },
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
    private const int StepsPerMedian = 64, RunsPerPair = 10, ArrivalsPerPair = 200, PrefillRepeats = 20;

    /// <summary>Rows that all of it feeds through the model, about.</summary>
    public static double NumRows(TrailSettings settings, int promptTokens) => settings.Live.OverheadPairs
        * (2.0 * (1 + RunsPerPair) * StepsPerMedian * StepSizes(settings).Sum() + 3.0 * ArrivalsPerPair * promptTokens);

    /// <summary>All of it.</summary>
    public Calibration Run()
    {
        using var phase = context.Progress.Begin("calibrate", 0, "steps");
        var rows = StepSizes(settings);
        var overhead = Array.ConvertAll(rows, Overhead);
        var (step, row) = Line(
            [.. rows.Select(count => (double)count)], [.. overhead.Select(pairs => Descriptive.Median(pairs.Without))]);
        var prefill = Math.Max(0, Prefill(step));
        var (fromPrompts, fromStates) = PromptOverhead();
        var prediction = new PredictionCost(fromPrompts, fromStates, Math.Max(0, 1e-6 * overhead[^1].MicrosecondsPerSample().Value));
        return new(step, row, prefill, prediction, new StepCost(step, row, prefill, 0).Kappa(settings.Places), overhead);
    }

    /// <summary>Sequences of the steps that are timed, ascending to all places.</summary>
    private static int[] StepSizes(TrailSettings settings) => [.. new[] { 1, 2, 4, 8 }.Where(count => count < settings.Places), settings.Places];

    private OverheadPairs Overhead(int rows)
    {
        var (without, with) = (new double[settings.Live.OverheadPairs], new double[settings.Live.OverheadPairs]);
        for (var pair = 0; pair < without.Length; pair++)
        {
            var engines = Engines(pair, LengthSource.None, LengthSource.HiddenStates);
            try
            {
                DecodeSteps(engines[0], engines[1], rows);
                for (var run = 0; run < RunsPerPair; run++)
                {
                    var (plain, predicting) = DecodeSteps(engines[0], engines[1], rows);
                    without[pair] += plain / RunsPerPair;
                    with[pair] += predicting / RunsPerPair;
                }
            }
            finally
            {
                Array.ForEach(engines, engine => engine.Dispose());
            }
        }

        return new(rows, without, with);
    }

    /// <summary>
    /// Steps that decode so many sequences and nothing else, in windows from one refinement to the next, the engines taking turns: the median
    /// without, and that with the median of what the other takes more.
    /// </summary>
    private (double Without, double With) DecodeSteps(GenerationEngine plain, GenerationEngine predicting, int rows)
    {
        var window = settings.Predictor.RefineEvery;
        var seconds = new double[Math.Max(1, Math.Min(StepsPerMedian, settings.Task.MaxOutputTokens - rows - 2) / window)];
        var more = new double[seconds.Length];
        GenerationEngine[] engines = [plain, predicting];
        var mine = Array.ConvertAll(engines, engine => Fill(engine, rows, seconds.Length * window));
        for (var i = 0; i < seconds.Length; i++)
        {
            // Who goes first alternates, so that a machine getting slower harms both alike.
            var first = Window(engines[i % 2]);
            var second = Window(engines[1 - i % 2]);
            (seconds[i], more[i]) = i % 2 == 0 ? (first, second - first) : (second, first - second);
        }

        for (var i = 0; i < engines.Length; i++)
        {
            mine[i].ForEach(engines[i].Cancel);
        }

        var without = Descriptive.Median(seconds);
        return (without, without + Descriptive.Median(more));

        double Window(GenerationEngine engine)
        {
            var sum = 0.0;
            for (var step = 0; step < window; step++)
            {
                sum += Timed(engine);
            }

            return sum / window;
        }
    }

    /// <summary>Brings sequences to where they decode, with so many steps to come.</summary>
    private List<int> Fill(GenerationEngine engine, int rows, int steps)
    {
        var mine = new List<int>();
        for (var i = 0; i < rows; i++)
        {
            // One a step, so that refinements fall into different steps, as they do when requests come by themselves.
            mine.AddRange(Submit(engine, 1, steps + rows + 2));
            engine.Step();
        }

        while (engine.Scheduler.Waiting.Length > 0 || HasPrompts(engine))
        {
            engine.Step();
        }

        return mine;
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
    /// What prediction from prompts, and from hidden states, adds to a prompt token: the arrival and only step of one request, the engines taking
    /// turns. The mean over pairs of engines, in each the median.
    /// </summary>
    private (double FromPrompts, double FromStates) PromptOverhead()
    {
        var pairs = settings.Live.OverheadPairs;
        var (fromPrompts, fromStates) = (new double[pairs], new double[pairs]);
        double[][] more = [new double[ArrivalsPerPair], new double[ArrivalsPerPair], new double[ArrivalsPerPair]];
        var seconds = new double[more.Length];
        for (var pair = 0; pair < pairs; pair++)
        {
            var engines = Engines(pair, LengthSource.None, LengthSource.Prompt, LengthSource.HiddenStates);
            try
            {
                for (var repeat = 0; repeat < ArrivalsPerPair; repeat++)
                {
                    for (var turn = 0; turn < engines.Length; turn++)
                    {
                        // Forwards and backwards, so that nobody always follows the same other one.
                        var which = (repeat + (repeat % 2 == 0 ? turn : engines.Length - turn)) % engines.Length;
                        seconds[which] = Arrival(engines[which], requests[repeat % requests.Length]);
                    }

                    for (var which = 0; which < engines.Length; which++)
                    {
                        more[which][repeat] = seconds[which] - seconds[0];
                    }
                }

                (fromPrompts[pair], fromStates[pair]) = (Descriptive.Median(more[1]), Descriptive.Median(more[2]));
            }
            finally
            {
                Array.ForEach(engines, engine => engine.Dispose());
            }
        }

        return (Math.Max(0, Descriptive.Mean(fromPrompts)), Math.Max(0, Descriptive.Mean(fromStates)));
    }

    /// <summary>Seconds a prompt token, from submitting a request to its first token, alone.</summary>
    private double Arrival(GenerationEngine engine, GenerationRequest request)
    {
        context.Cancellation.ThrowIfCancellationRequested();
        var start = context.Time.GetTimestamp();
        var index = engine.Submit(request);
        engine.Step();
        var seconds = context.Time.GetElapsedTime(start).TotalSeconds;
        engine.Cancel(index);
        return seconds / request.Prompt.Length;
    }

    /// <summary>
    /// An engine for each source of lengths, made in an order that turns: where their memory lies makes more of a difference than prediction.
    /// </summary>
    private GenerationEngine[] Engines(int turn, params LengthSource[] sources)
    {
        var engines = new GenerationEngine[sources.Length];
        for (var i = 0; i < sources.Length; i++)
        {
            var which = (i + turn) % sources.Length;
            engines[which] = Engine(served.LengthsOf(sources[which]));
        }

        return engines;
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
        new(served.Model, served.EngineSettings(Recording.InOrder, 0), predictor, context.Time);

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
