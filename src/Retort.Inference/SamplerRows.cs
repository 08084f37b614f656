using Retort.Core;
using Retort.Tensors;

namespace Retort.Inference;

/// <summary>The rows of one step's drawing, with their biases and most probable tokens. Reused: steps allocate nothing.</summary>
/// <param name="maxRows">Most rows of a step.</param>
/// <param name="vocabularySize">The model's tokens.</param>
internal sealed class SamplerRows(int maxRows, int vocabularySize)
{
    private readonly SamplingRow[] rows = new SamplingRow[maxRows];
    private readonly int[] tokens = new int[maxRows];
    private readonly float[] logprobs = new float[maxRows];
    private readonly TokenLogprob[] tops = new TokenLogprob[maxRows * GenerationRequest.MaxTopLogprobs];
    private LogitBias[] biases = [];
    private int numBiases, numTops;

    /// <summary>Rows added since <see cref="Clear"/>.</summary>
    public int Count { get; private set; }

    /// <summary>Refuses biases and counts that no row can have; <paramref name="request"/> is as its caller gave it.</summary>
    public static void Check(GenerationRequest request, int vocabularySize)
    {
        if (request.NumTopLogprobs is < 0 or > GenerationRequest.MaxTopLogprobs)
        {
            throw UserError.Request("topLogprobs", $"is {request.NumTopLogprobs}", $"0 to {GenerationRequest.MaxTopLogprobs}");
        }

        if (request.ReportsTempered && request.Sampling.Temperature == 0)
        {
            throw UserError.Request("temperature", "is 0, and log-probabilities at that temperature are wanted", "a temperature above 0");
        }

        if (request.LogitBias.Count == 0)
        {
            return;
        }

        var (biased, numBanned) = (new HashSet<int>(), 0);
        foreach (var (token, bias) in request.LogitBias)
        {
            if ((uint)token >= (uint)vocabularySize || !biased.Add(token))
            {
                throw UserError.Request("logitBias", $"biases token {token}", $"tokens of the vocabulary, 0 to {vocabularySize - 1}, each once");
            }

            // Within these no sum of a logit and a bias overflows.
            if (!(float.IsNegativeInfinity(bias) || float.Abs(bias) <= 1e30f))
            {
                throw UserError.Request("logitBias", $"gives token {token} the bias {bias}", "-1e30 to 1e30, or negative infinity");
            }

            numBanned += float.IsNegativeInfinity(bias) ? 1 : 0;
        }

        if (numBanned == vocabularySize)
        {
            throw UserError.Request("logitBias", "bans every token of the vocabulary", "at least one token that may be drawn");
        }
    }

    /// <summary>Begins a step.</summary>
    public void Clear() => (Count, numBiases, numTops) = (0, 0, 0);

    /// <summary>Adds a row that draws by a request's settings.</summary>
    public void Add(GenerationRequest request, float uniform)
    {
        var (s, numBiased) = (request.Sampling, request.LogitBias.Count);
        if (numBiases + numBiased > biases.Length)
        {
            Array.Resize(ref biases, Math.Max(2 * biases.Length, numBiases + numBiased));
        }

        for (var i = 0; i < numBiased; i++)
        {
            biases[numBiases + i] = request.LogitBias[i];
        }

        var row = new SamplingRow(s.Temperature, s.TopK, s.TopP, s.MinP, uniform)
        {
            BiasStart = numBiases,
            BiasCount = numBiased,
            TopStart = numTops,
            TopCount = Math.Min(request.NumTopLogprobs, vocabularySize),
            ReportsTempered = request.ReportsTempered,
        };
        (rows[Count++], numBiases, numTops) = (row, numBiases + numBiased, numTops + row.TopCount);
    }

    /// <summary>Draws a token from each of the first rows of logits[rows, vocabulary].</summary>
    public void Draw(Device device, Tensor logits) =>
        device.Sample(logits, rows.AsSpan(0, Count), tokens, logprobs, biases.AsSpan(0, numBiases), tops.AsSpan(0, numTops));

    /// <summary>The token drawn from a row.</summary>
    public int Token(int row) => tokens[row];

    /// <summary>Its log-probability under the model itself.</summary>
    public float Logprob(int row) => logprobs[row];

    /// <summary>The row's most probable tokens, best first.</summary>
    public ReadOnlySpan<TokenLogprob> Top(int row) => tops.AsSpan(rows[row].TopStart, rows[row].TopCount);
}
