using System.Globalization;

namespace Retort.Recipes.Trail;

/// <summary>How a run of some settings differs from the paper, a line each: as honest as a methods section.</summary>
internal static class TrailDepartures
{
    /// <summary>The lines that are true of these settings.</summary>
    public static IReadOnlyList<string> Of(TrailSettings settings)
    {
        (bool Applies, string Line)[] lines =
        [
            (true, $"The model has {settings.Model.NumLayers} blocks of width {settings.Model.HiddenSize} and was trained here on synthetic instructions; "
                + "the paper's is Llama-3-8B-Instruct on Alpaca."),
            (true, $"Outputs have at most {settings.Task.MaxOutputTokens} tokens, so bins are {settings.Task.MaxOutputTokens / 10.0:0.#} wide; the paper's are 51.2."),
            (settings.Predictor.LearningRate != 0.01, "The probe's learning rate is lower than the paper's 0.01 (config: predictor.learningRate)."),
            (true, $"The probe learns from decode steps drawn at the same rate from every request, {settings.Predictor.StepsPerRequest} vectors a request in the mean; "
                + "the authors' port takes 16 of each, which shows it short requests too often."),
            (settings.Predictor.RefineEvery > 1,
                $"Beliefs are refined at every token number {settings.Predictor.RefineEvery} and count down between, as in the authors' later port; the paper, "
                + "and C3 here, refine at each."),
            (true, "The prompt-only baseline is a two-layer network over counted and leading tokens, trained on the same requests; the paper's is BERT."),
            (true, "Completions are drawn at temperature 1 with a seed each: a request's tokens are its own whatever the policy does, "
                + "so every policy serves identical work without ignoring the end token."),
            (true, "Arrivals are a Poisson process given the number of requests in the run, so that the load is exact; "
                + "each is one of the recorded requests, drawn anew for each seed."),
            (true, "Smoothing divides the classifier's output by the bins' shares and takes a power of it, chosen on validation requests; "
                + "the paper multiplies by the output itself. C3 is judged on the paper's rule, C1 and the policies on the one served."),
            (true, "Loads of live runs are shares of the saturated throughput under first come, first served, measured before each block of runs: the speed of shared machines drifts."),
            (true, "The engine runs in the process of its clients; requests enter between steps, and latency counts from when a request was due."),
            (true, "A preempted request keeps its keys until somebody needs the memory (resident); "
                + "the paper discards and recomputes on exhaustion, which is what happens here in the tight cache."),
            (true, string.Create(
                CultureInfo.InvariantCulture,
                $"Policies, C, burst and noise are compared on a counted clock: the recorded tokens and beliefs, the engine's scheduler and pages, and a step of "
                + $"{settings.Counted.Cost.Step} us + {settings.Counted.Cost.DecodeRow} us a row + {settings.Counted.Cost.PrefillToken} us a prompt token, with "
                + $"{settings.Counted.Cost.HiddenPrediction} us a row that may be displaced and {settings.Counted.Cost.HiddenPromptPrediction} us a prompt token for the predictor where the policy reads "
                + $"hidden states, {settings.Counted.Cost.PromptPrediction} us a prompt token where it reads the prompt alone. "
                + $"It equals the engine's own schedule step by step; on a wall clock a shared machine's speed drifts by more than what is compared.")),
            (true, "Section 7.4 of the specification expects C between 0.5 and 1 to be flat within 2 % where recomputation is cheap: "
                + "C7 may well fail here, and the two other regimes of cost are shown beside."),
            (true, "The first 5 % of a steady run's requests are not counted; overloads and bursts are counted whole."),
            (true, "C5 is judged at the middle and the highest steady load and at the first overload; "
                + "at the lowest load order decides little, and the predictor's own cost is visible."),
            (true, "The appendix shows the mean of the keys in use over time, and the peak on the counted clock; theory's peak is that of the longest job."),
        ];
        return [.. lines.Where(line => line.Applies).Select(line => line.Line)];
    }
}
