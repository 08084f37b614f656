using Retort.Core;
using Retort.Inference.Lengths;
using Retort.Inference.Scheduling;
using Retort.Inference.Simulation;
using Retort.Recipes.Experiment;
using Retort.Tasks.Instructions;

namespace Retort.Recipes.Trail;

/// <summary>How the length predictor is trained (section 7.2 of the specification).</summary>
public sealed record PredictorStudy
{
    /// <summary>Completions generated from training prompts; a tenth of them validate, a tenth are held out.</summary>
    [Doc("Completions that the predictor is trained and measured on", Unit = "requests"), Range(100, 1e7)]
    public int Requests { get; init; } = 20_000;

    /// <summary>The first of them that choose the layer.</summary>
    [Doc("Of these, so many choose the layer", Unit = "requests"), Positive]
    public int ProbingRequests { get; init; } = 1000;

    /// <summary>Hidden vectors of a request, in the mean.</summary>
    [Doc("Hidden vectors taken from a request in the mean, at the same rate from all", Unit = "vectors"), Positive]
    public int StepsPerRequest { get; init; } = 16;

    /// <summary>Passes over the vectors.</summary>
    [Doc("Passes over the vectors", Unit = "epochs"), Positive]
    public int Epochs { get; init; } = 30;

    /// <summary>Tokens from one refinement to the next; the paper refines at every token, its authors' later port at every eighth.</summary>
    [Doc("Tokens from one refinement to the next; the paper has 1, the authors' port 8", Unit = "tokens"), Positive]
    public int RefineEvery { get; init; } = 8;

    /// <summary>Width of the networks' hidden layer.</summary>
    [Doc("Width of the predictor's hidden layer"), Positive]
    public int InnerSize { get; init; } = 64;

    /// <summary>Vectors in a batch.</summary>
    [Doc("Vectors in a batch", Unit = "vectors"), Positive]
    public int BatchVectors { get; init; } = 32;

    /// <summary>Learning rate of the first step; it falls to 0 along half a cosine.</summary>
    [Doc("Learning rate of the probes' first step"), Positive]
    public double LearningRate { get; init; } = 4e-3;
}

/// <summary>What a step of the counted clock costs, in microseconds: about what the model's own steps do on a core of a Zen 3 server.</summary>
public sealed record CostSettings
{
    /// <summary>Whatever is in it.</summary>
    [Doc("Fixed cost of a step", Unit = "us"), NotNegative]
    public double Step { get; init; } = 40;

    /// <summary>A row that decodes.</summary>
    [Doc("Cost of a decoded row", Unit = "us"), NotNegative]
    public double DecodeRow { get; init; } = 50;

    /// <summary>A prompt token that is read.</summary>
    [Doc("Cost of a prompt token", Unit = "us"), NotNegative]
    public double PrefillToken { get; init; } = 36;

    /// <summary>What a prediction from the prompt adds to a prompt token.</summary>
    [Doc("What a prediction from the prompt adds to a prompt token", Unit = "us"), NotNegative]
    public double PromptPrediction { get; init; } = 0.2;

    /// <summary>The same where the policy reads hidden states too.</summary>
    [Doc("The same where the policy reads hidden states too", Unit = "us"), NotNegative]
    public double HiddenPromptPrediction { get; init; } = 0.9;

    /// <summary>What reading hidden states adds to a decoded row that may be displaced.</summary>
    [Doc("What reading hidden states adds to a decoded row that may be displaced", Unit = "us"), NotNegative]
    public double HiddenPrediction { get; init; } = 0.4;

    /// <summary>A step without prediction, in seconds.</summary>
    internal StepCost Steps => new(1e-6 * Step, 1e-6 * DecodeRow, 1e-6 * PrefillToken, 0);

    /// <summary>What prediction adds, in seconds.</summary>
    internal PredictionCost Prediction => new(1e-6 * PromptPrediction, 1e-6 * HiddenPromptPrediction, 1e-6 * HiddenPrediction);
}

/// <summary>Runs on the wall clock.</summary>
public sealed record LiveSettings
{
    /// <summary>Requests of a run at a load below 1.</summary>
    [Doc("Requests of a live run", Unit = "requests"), Range(20, 1e7)]
    public int Requests { get; init; } = 1200;

    /// <summary>Requests of a run at a load above 1.</summary>
    [Doc("Requests of a live run that overloads the engine", Unit = "requests"), Range(20, 1e7)]
    public int OverloadRequests { get; init; } = 600;

    /// <summary>Requests that arrive at once; 0: no burst is run.</summary>
    [Doc("Requests of a live burst; 0: none is run", Unit = "requests"), NotNegative]
    public int BurstRequests { get; init; } = 400;

    /// <summary>Loads above 1, as shares of the saturated throughput.</summary>
    [Doc("Loads above 1, as shares of the saturated throughput"), Range(1, 100)]
    public IReadOnlyList<double> Overloads { get; init; } = [1.2, 1.5];

    /// <summary>How long the saturated throughput is measured before and after each block of runs.</summary>
    [Doc("Time the saturated throughput is measured for, before and after each block of runs", Unit = "s"), Positive]
    public double CalibrationSeconds { get; init; } = 1;

    /// <summary>Pairs of engines, with and without the predictor, whose steps are timed.</summary>
    [Doc("Pairs of engines, with and without the predictor, whose steps are timed"), Range(3, 10000)]
    public int OverheadPairs { get; init; } = 30;
}

/// <summary>Runs on the counted clock, and theory.</summary>
public sealed record CountedSettings
{
    /// <summary>Requests of a run at a load below 1.</summary>
    [Doc("Requests of a counted run", Unit = "requests"), Range(20, 1e7)]
    public int Requests { get; init; } = 10_000;

    /// <summary>Requests of a run at a load above 1.</summary>
    [Doc("Requests of a counted run that overloads the engine", Unit = "requests"), Range(20, 1e7)]
    public int OverloadRequests { get; init; } = 1500;

    /// <summary>Requests that arrive at once.</summary>
    [Doc("Requests of a counted burst", Unit = "requests"), Range(20, 1e7)]
    public int BurstRequests { get; init; } = 400;

    /// <summary>Seeds.</summary>
    [Doc("Seeds of counted runs"), Range(2, 10000)]
    public int Seeds { get; init; } = 10;

    /// <summary>Loads at which C is varied; the last is the one judged.</summary>
    [Doc("Loads at which C is varied, ascending; the last is judged"), Range(0.01, 10)]
    public IReadOnlyList<double> Loads { get; init; } = [0.7, 0.85, 0.95];

    /// <summary>Cost of a step, by which policies are judged: fixed, so that equal settings give equal bits.</summary>
    [Doc("Cost of a step, by which policies are judged")]
    public CostSettings Cost { get; init; } = new();

    /// <summary>Mean absolute errors of the oracle with noise.</summary>
    [Doc("Mean absolute errors of the oracle with noise", Unit = "tokens"), NotNegative]
    public IReadOnlyList<double> NoiseErrors { get; init; } = [0, 5, 10, 20, 40, 80];

    /// <summary>Loads of the queues that theory knows.</summary>
    [Doc("Loads of the queues that are simulated beside theory"), Range(0.01, 0.99)]
    public IReadOnlyList<double> QueueLoads { get; init; } = [0.5, 0.7, 0.8, 0.9];

    /// <summary>Jobs of each such queue.</summary>
    [Doc("Jobs of each such queue", Unit = "jobs"), Range(6400, 1e12)]
    public long QueueJobs { get; init; } = 4_000_000;
}

/// <summary>Every setting of the recipe. A preset is this record with some fields changed.</summary>
public sealed record TrailSettings : ICheckedSettings
{
    /// <summary>Seeds of the live runs' arrivals. Model, predictor and completions are the same for all.</summary>
    [Doc("Seeds of the live runs' arrivals")]
    public IReadOnlyList<ulong> Seeds { get; init; } = [1, 2, 3, 4, 5];

    /// <summary>Seed of weights, data order, predictor and completions.</summary>
    [Doc("Seed of weights, data order, predictor and completions")]
    public ulong ModelSeed { get; init; } = 1;

    /// <summary>The instructions.</summary>
    [Doc("The task")]
    public InstructionSettings Task { get; init; } = new();

    /// <summary>The model.</summary>
    [Doc("The model")]
    public ModelShape Model { get; init; } = new() { NumLayers = 6, IntermediateSize = 384 };

    /// <summary>Context.</summary>
    [Doc("Context of the model", Unit = "tokens"), Range(64, 65536)]
    public int Context { get; init; } = 320;

    /// <summary>Training problems.</summary>
    [Doc("Training problems", Unit = "problems"), Positive]
    public int TrainProblems { get; init; } = 100_000;

    /// <summary>How the model is trained.</summary>
    [Doc("How the model is trained")]
    public ModelTraining Training { get; init; } = new() { Steps = 7500, BatchSequences = 32, PeakLearningRate = 3e-3 };

    /// <summary>How the predictor is trained.</summary>
    [Doc("How the length predictor is trained")]
    public PredictorStudy Predictor { get; init; } = new();

    /// <summary>Requests of the workload, recorded once.</summary>
    [Doc("Requests of the workload, recorded once and drawn from by every run", Unit = "requests"), Range(20, 1e7)]
    public int RecordedRequests { get; init; } = 6000;

    /// <summary>Places in the batch, B.</summary>
    [Doc("Places in the batch", Unit = "sequences"), Range(1, 1024)]
    public int Places { get; init; } = 8;

    /// <summary>Tokens a step may hold beside one for each place.</summary>
    [Doc("Prompt tokens of a step, at most", Unit = "tokens"), Positive]
    public int PrefillTokens { get; init; } = 64;

    /// <summary>Cache of the roomy configuration.</summary>
    [Doc("Keys and values that fit the roomy cache", Unit = "tokens"), Positive]
    public int RoomyKvTokens { get; init; } = 2048;

    /// <summary>Cache of the tight configuration.</summary>
    [Doc("Keys and values that fit the tight cache", Unit = "tokens"), Positive]
    public int TightKvTokens { get; init; } = 640;

    /// <summary>C of the limited policies.</summary>
    [Doc("C of the limited policies"), Range(0, 1)]
    public double C { get; init; } = NamedScheduler.DefaultC;

    /// <summary>Values of C that are compared.</summary>
    [Doc("Values of C that are compared"), Range(0, 1)]
    public IReadOnlyList<double> CValues { get; init; } = [0, 0.2, 0.5, 0.8, 1];

    /// <summary>Steady loads of the live runs, ascending.</summary>
    [Doc("Steady loads of the live runs, as shares of the saturated throughput, ascending"), Range(0.01, 0.999)]
    public IReadOnlyList<double> Loads { get; init; } = [0.7, 0.85, 0.95];

    /// <summary>Runs on the wall clock.</summary>
    [Doc("Runs on the wall clock")]
    public LiveSettings Live { get; init; } = new();

    /// <summary>Runs on the counted clock.</summary>
    [Doc("Runs on the counted clock, and theory")]
    public CountedSettings Counted { get; init; } = new();

    /// <summary>The schedulers' margin, in tokens.</summary>
    internal double Margin => new LengthBins(Task.MaxOutputTokens).Margin;

    /// <inheritdoc/>
    public SettingProblem? FindProblem()
    {
        double[] judged = [0.2, 0.5, 0.8, 1];
        return SeedList.FindProblem(nameof(Seeds), Seeds) is { } seeds ? seeds
            : Seeds.Count < 2 ? new(nameof(Seeds), "has fewer than two", "two seeds or more: intervals are over them")
            : Task.FindProblem() is { } problem ? new(nameof(Task), problem.What, problem.Expected)
            : Loads.Count != 3 || !Ascends(Loads) ? new(nameof(Loads), "are not three, ascending", "three loads, such as [0.7, 0.85, 0.95]")
            : Live.Overloads.Count == 0 || !Ascends(Live.Overloads) ? new(nameof(Live), "has no overloads, or they do not ascend", "one at least, ascending: C5 is judged at the first")
            : Counted.Loads.Count == 0 || !Ascends(Counted.Loads) ? new(nameof(Counted), "has loads that do not ascend", "at least one load, ascending")
            : Array.Exists(judged, c => !CValues.Contains(c)) ? new(nameof(CValues), "lacks a value that is judged", "0.2, 0.5, 0.8 and 1 among them")
            : Context < InstructionSettings.MaxPromptTokens + Task.MaxOutputTokens
                ? new(nameof(Context), $"is {Context}", $"room for a prompt and an output: {InstructionSettings.MaxPromptTokens + Task.MaxOutputTokens}")
            : RoomyKvTokens < Context || TightKvTokens < Context
                ? new(nameof(TightKvTokens), $"or roomyKvTokens is below the context of {Context}", "a cache that holds one sequence")
            : null;
    }

    private static bool Ascends(IReadOnlyList<double> values) => values.Zip(values.Skip(1)).All(pair => pair.First < pair.Second);
}
