using Retort.Core;
using Retort.Inference.Lengths;
using Retort.Models;
using Retort.Tensors;

namespace Retort.Training.Lengths;

/// <summary>
/// Trains a length predictor for a model: lets it complete prompts, learns the remaining length from the hidden states of every
/// layer, picks the layer, and measures on requests it has not learned from. Equal settings give equal bits on any number of threads.
/// </summary>
public static class PredictorTrainer
{
    /// <summary>Trains and measures.</summary>
    /// <param name="model">The model; the predictor computes on its device.</param>
    /// <param name="prompts">Token ids.</param>
    /// <param name="stopTokens">Tokens that end a completion.</param>
    /// <param name="settings">How.</param>
    /// <param name="modelName">For the record.</param>
    /// <param name="dataName">For the record and messages.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="measured">Given every held-out request's errors.</param>
    /// <param name="cancellation">Looked at between small steps.</param>
    public static TrainedPredictor Run(
        Transformer model, IReadOnlyList<int[]> prompts, IReadOnlyList<int> stopTokens, PredictorSettings settings, string modelName, string dataName,
        IProgressReporter? progress = null, Action<HeldOutErrors>? measured = null, CancellationToken cancellation = default)
    {
        settings.Validated(model.Config.NumLayers);
        var run = new Job(model, settings, progress ?? SilentProgress.Instance, cancellation);
        RequireParts(prompts, settings, dataName);
        var requests = ServedRequest.Serve(model, prompts, stopTokens, settings, run.Progress, cancellation);
        return run.Execute(requests, modelName, dataName, measured);
    }

    /// <summary>Refuses prompts of which too few are different; to be asked before anything is generated.</summary>
    public static void RequireParts(IReadOnlyList<int[]> prompts, PredictorSettings settings, string dataName)
    {
        var requests = ServedRequest.Count(prompts.Count, settings);
        var found = prompts.Take(requests).Select(ServedRequest.PartOf).ToHashSet();
        foreach (var part in Enum.GetValues<RequestPart>())
        {
            if (!found.Contains(part))
            {
                throw UserError.Request(
                    dataName, $"gives {requests} requests, of which none is for {part switch
                    {
                        RequestPart.Training => "training",
                        RequestPart.Validation => "validation",
                        _ => "holding out",
                    }}", "a hundred different prompts or more: their hash decides, one tenth each for the last two");
            }
        }
    }

    private sealed class Job(Transformer model, PredictorSettings settings, IProgressReporter progress, CancellationToken cancellation)
    {
        private readonly LengthBins bins = new(settings.MaxLength);
        private readonly PromptFeatures features = new(model.Config.VocabularySize);

        public IProgressReporter Progress => progress;

        private int HiddenSize => model.Config.HiddenSize;

        public TrainedPredictor Execute(ServedRequest[] requests, string modelName, string dataName, Action<HeldOutErrors>? measured)
        {
            using var replay = new HiddenReplay(model, requests.Max(request => request.NumFed));
            int[] layers = [.. settings.Layers?.Order() ?? Enumerable.Range(0, model.Config.NumLayers)];
            var learned = requests.Where(request => request.Part != RequestPart.HeldOut).ToList();
            var probing = ForProbing(learned);
            var (networks, samples) = Probes(replay, layers, probing);
            var best = Array.IndexOf(networks, networks.MinBy(network => network.ValidationError));
            var (chosen, layer) = (networks[best], layers[best]);
            if (probing.Count < learned.Count)
            {
                var (again, more) = Probes(replay, [layer], learned);
                (chosen, samples) = (again[0], more);
            }

            var prompts = TrainPrompts(requests);
            var heldOut = requests.Where(request => request.Part == RequestPart.HeldOut).ToList();
            List<LengthProbe> probes = [.. layers.Select((each, i) => NewProbe(each, networks[i])), NewProbe(layer, chosen)];
            PredictorEvaluation evaluation;
            SmoothingCase smoothing;
            try
            {
                smoothing = ChooseSmoothing(replay, probes[^1], learned);
                evaluation = new PredictorEvaluation(probes, [smoothing, new(BinSmoothing.Published, 1)], bins, settings);
                evaluation.Run(replay, heldOut, progress, cancellation);
            }
            catch
            {
                prompts.Dispose();
                probes[^1].Dispose();
                throw;
            }
            finally
            {
                probes.SkipLast(1).ToList().ForEach(probe => probe.Dispose());
            }

            var meanLength = requests.Where(request => request.Part == RequestPart.Training).Average(request => request.Length);
            var (initialBins, last) = (new BinCounts(), layers.Length);
            var errors = new HeldOutErrors(
                [.. heldOut.Select(request => request.Length)],
                PredictorEvaluation.CountingDown(heldOut, bins, _ => meanLength),
                PredictorEvaluation.CountingDown(heldOut, bins, request => prompts.Predict(request.Prompt), initialBins),
                evaluation.Raw(last), evaluation.Smoothed(last, 0), evaluation.Smoothed(last, 1), PredictorEvaluation.TrueBin(heldOut, bins),
                [.. layers.Select((_, i) => evaluation.Raw(i))], [.. layers.Select((_, i) => evaluation.Smoothed(i, 0))],
                initialBins.Counts, evaluation.Bins.Counts);
            measured?.Invoke(errors);
            var record = new PredictorRecord
            {
                Layer = layer,
                MaxLength = settings.MaxLength,
                Bins = LengthBins.Count,
                HiddenSize = HiddenSize,
                VocabularySize = model.Config.VocabularySize,
                InnerSize = settings.InnerSize,
                MeanLength = meanLength,
                BinShares = smoothing.Smoothing.Shares,
                SmoothingPower = smoothing.Smoothing.Power,
                RefineEvery = smoothing.RefineEvery,
                TrainedOn = new PredictorTraining
                {
                    Model = modelName,
                    Data = dataName,
                    Requests = requests.Length,
                    ValidationRequests = requests.Count(request => request.Part == RequestPart.Validation),
                    HeldOutRequests = heldOut.Count,
                    Samples = samples,
                    MeanLength = requests.Average(request => request.Length),
                    CutOff = requests.Average(request => request.IsCutOff ? 1.0 : 0.0),
                    Seed = settings.Seed,
                    Temperature = settings.Sampling.Temperature,
                    Epochs = settings.Epochs,
                    LearningRate = settings.LearningRate,
                },
                HeldOutMae = new PredictorErrors
                {
                    ConstantMean = errors.Mean(errors.ConstantMean),
                    PromptOnly = errors.Mean(errors.PromptOnly),
                    Probe = errors.Mean(errors.Probe),
                    Smoothed = errors.Mean(errors.Smoothed),
                    Published = errors.Mean(errors.Published),
                    TrueBin = errors.Mean(errors.TrueBin),
                },
                Layers = [.. layers.Select((each, i) => new LayerErrors(
                    each, networks[i].ValidationError, errors.Mean(errors.LayerProbes[i]), errors.Mean(errors.LayerSmoothed[i])))],
            };
            return new TrainedPredictor(record, probes[^1] with { Smoothing = smoothing.Smoothing }, prompts);
        }

        /// <summary>The first requests, and no fewer than give one to learn from and one to validate.</summary>
        private List<ServedRequest> ForProbing(List<ServedRequest> learned)
        {
            var first = learned.TakeWhile(request => request.Index < settings.ProbingRequests).ToList();
            return first.Any(request => request.Part == RequestPart.Training) && first.Any(request => request.Part == RequestPart.Validation)
                ? first : learned;
        }

        /// <summary>A probe for each layer, side by side, and the vectors each learned from.</summary>
        private (TrainedNetwork[] Networks, int Samples) Probes(HiddenReplay replay, int[] layers, List<ServedRequest> requests)
        {
            using var store = new VectorStore(model.Device, HiddenSize, layers, requests, settings);
            store.Fill(replay, progress, cancellation);
            return (Train([.. layers.Select(layer => (Func<Device, ClassifierData>)(device => new VectorData(device, store, layer, bins)))],
                [.. layers.Select(layer => $"probe {layer}")], settings), store.Samples(RequestPart.Training).Length);
        }

        private SmoothingCase ChooseSmoothing(HiddenReplay replay, LengthProbe probe, List<ServedRequest> learned)
        {
            var candidates = SmoothingChoice.Candidates(learned.Where(request => request.Part == RequestPart.Training), bins, settings.RefineEvery);
            var evaluation = new PredictorEvaluation([probe], candidates, bins, settings);
            evaluation.Run(replay, [.. learned.Where(request => request.Part == RequestPart.Validation)], progress, cancellation);
            return SmoothingChoice.Best(candidates, evaluation);
        }

        private PromptLengthModel TrainPrompts(ServedRequest[] requests)
        {
            var network = Train(
                [_ => new PromptData(requests, features, bins, settings)], ["prompt"], settings with { LearningRate = settings.PromptLearningRate })[0];
            return new PromptLengthModel(features, bins, NewNetwork(features.Count, network));
        }

        private TrainedNetwork[] Train(Func<Device, ClassifierData>[] data, string[] names, PredictorSettings how)
        {
            using var phase = progress.Begin(names.Length == 1 ? "train " + names[0] : "train probes", (long)names.Length * how.Epochs, "epochs");
            var (networks, finished) = (new TrainedNetwork[names.Length], 0L);
            model.Device.RunOnLanes(names.Length, new TrainingJob((item, lane) =>
            {
                var device = model.Device.Lane(lane);
                networks[item] = ClassifierTraining.Run(device, data[item](device), names[item], bins, how, EpochDone, cancellation);
            }));
            return networks;

            void EpochDone()
            {
                lock (phase)
                {
                    phase.Report(++finished);
                }
            }
        }

        private LengthProbe NewProbe(int layer, TrainedNetwork network) => new(layer, bins, NewNetwork(HiddenSize, network));

        private BinClassifier NewNetwork(int inputs, TrainedNetwork network)
        {
            var classifier = new BinClassifier(model.Device, inputs, settings.InnerSize);
            model.Device.Write(classifier.Parameters.Values, network.Values);
            return classifier;
        }
    }

    private sealed class TrainingJob(Action<int, int> run) : LaneJob
    {
        public override void Run(int item, int lane) => run(item, lane);
    }
}
