using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Retort.Core;

namespace Retort.Inference.Lengths;

/// <summary>Errors of predictors on held-out requests: the mean of |estimate - tokens still to come| over all their decode steps.</summary>
public sealed record PredictorErrors
{
    /// <summary>The mean training length, counted down.</summary>
    public required double ConstantMean { get; init; }

    /// <summary>The prompt model's length, counted down.</summary>
    public required double PromptOnly { get; init; }

    /// <summary>The chosen layer's probe, each step by itself.</summary>
    public required double Probe { get; init; }

    /// <summary>The same, smoothed over the steps.</summary>
    public required double Smoothed { get; init; }

    /// <summary>The same, smoothed by the published rule at every token.</summary>
    public required double Published { get; init; }

    /// <summary>The midpoint of the true bin: what no choice of bins can better.</summary>
    public required double TrueBin { get; init; }
}

/// <summary>One layer's probe.</summary>
/// <param name="Layer">The block, counted from 0.</param>
/// <param name="Validation">Error on the validation requests' sampled steps, by which epoch and layer are chosen.</param>
/// <param name="Probe">Error on held-out requests, each step by itself.</param>
/// <param name="Smoothed">The same, smoothed over the steps.</param>
public sealed record LayerErrors(int Layer, double Validation, double Probe, double Smoothed);

/// <summary>What a predictor was trained on.</summary>
public sealed record PredictorTraining
{
    /// <summary>The model, as it was named.</summary>
    public required string Model { get; init; }

    /// <summary>The prompts, as they were named.</summary>
    public required string Data { get; init; }

    /// <summary>Requests generated; of these, so many validate and so many are held out.</summary>
    public required int Requests { get; init; }

    /// <inheritdoc cref="Requests"/>
    public required int ValidationRequests { get; init; }

    /// <inheritdoc cref="Requests"/>
    public required int HeldOutRequests { get; init; }

    /// <summary>Hidden vectors the probe was trained on.</summary>
    public required int Samples { get; init; }

    /// <summary>Mean completion length, and the share of completions cut off at their limit.</summary>
    public required double MeanLength { get; init; }

    /// <inheritdoc cref="MeanLength"/>
    public required double CutOff { get; init; }

    /// <summary>Seed of everything random.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Temperature of the completions.</summary>
    public required double Temperature { get; init; }

    /// <summary>Passes over the data, and the highest learning rate.</summary>
    public required int Epochs { get; init; }

    /// <inheritdoc cref="Epochs"/>
    public required double LearningRate { get; init; }
}

/// <summary>predictor.json: the shapes of a trained predictor, where it comes from and how well it does.</summary>
public sealed record PredictorRecord
{
    /// <summary>The file.</summary>
    public const string FileName = "predictor.json";

    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The block whose output the probe reads, counted from 0.</summary>
    public required int Layer { get; init; }

    /// <summary>Upper end of the last bin, in tokens.</summary>
    public required int MaxLength { get; init; }

    /// <summary>Bins; always 10.</summary>
    public required int Bins { get; init; }

    /// <summary>Width of the model's residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Tokens of the model.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Width of both networks' hidden layer.</summary>
    public required int InnerSize { get; init; }

    /// <summary>Mean length of the training completions, in tokens.</summary>
    public required double MeanLength { get; init; }

    /// <summary>How often each bin is the true one over the training completions' steps: see <see cref="BinSmoothing"/>.</summary>
    public required IReadOnlyList<double> BinShares { get; init; }

    /// <summary>Power of the smoothing, the best on the validation requests.</summary>
    public required double SmoothingPower { get; init; }

    /// <summary>Tokens from one refinement of a belief to the next; the power and the errors are of this interval.</summary>
    public required int RefineEvery { get; init; }

    /// <summary>What it was trained on.</summary>
    public required PredictorTraining TrainedOn { get; init; }

    /// <summary>Mean absolute errors on held-out requests, in tokens.</summary>
    public required PredictorErrors HeldOutMae { get; init; }

    /// <summary>The same for the probe of every layer looked at.</summary>
    public required IReadOnlyList<LayerErrors> Layers { get; init; }

    internal static PredictorRecord Read(string path)
    {
        try
        {
            var record = JsonSerializer.Deserialize<PredictorRecord>(File.ReadAllText(path), Options)
                ?? throw UserError.Request(path, "is null", "the file that 'train predictor' wrote");
            return record.Validated(path);
        }
        catch (JsonException fault)
        {
            throw UserError.Request(path, $"is not a predictor's record ({fault.Message})", "the file that 'train predictor' wrote");
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            throw UserError.Request(path, "does not exist", "a folder that 'train predictor' wrote");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw UserError.Environment(path, $"cannot be read ({fault.Message})", "a readable file", fault);
        }
    }

    internal void Write(string path) => AtomicFile.WriteText(path, JsonSerializer.Serialize(this, Options) + "\n");

    private PredictorRecord Validated(string path)
    {
        const int most = 1 << 24;
        Check(Layer >= 0, "layer", Layer, "a block, counted from 0");
        Check(MaxLength is >= LengthBins.Count and <= most, "max_length", MaxLength, $"{LengthBins.Count} to {most}");
        Check(Bins == LengthBins.Count, "bins", Bins, $"{LengthBins.Count}");
        Check(HiddenSize is >= 1 and <= most, "hidden_size", HiddenSize, $"1 to {most}");
        Check(VocabularySize is >= 1 and <= most, "vocabulary_size", VocabularySize, $"1 to {most}");
        Check(InnerSize is >= 1 and <= 1 << 16, "inner_size", InnerSize, $"1 to {1 << 16}");
        Check(
            BinShares.Count == LengthBins.Count && BinShares.All(share => share is > 0 and < 1), "bin_shares",
            $"[{string.Join(", ", BinShares)}]", $"{LengthBins.Count} shares, each above 0 and below 1");
        Check(SmoothingPower is > 0 and <= 1, "smoothing_power", SmoothingPower, "above 0, at most 1");
        Check(RefineEvery is >= 1 and <= most, "refine_every", RefineEvery, "1 token or more");
        Check(MeanLength is > 0 and <= most, "mean_length", MeanLength, "a positive number of tokens");
        return this;

        void Check(bool valid, string field, object value, string expected)
        {
            if (!valid)
            {
                throw UserError.Request($"{path}: {field}", $"is {value}", expected);
            }
        }
    }
}
