using Retort.Tensors.Reference;

namespace Retort.Tensors.Cpu;

public sealed unsafe partial class CpuDevice
{
    private const double ExpCost = 0.6, OptimizerCost = 0.8;

    /// <inheritdoc/>
    public override double SumOfSquares(Tensor flat)
    {
        var blocks = SumSquares.BlockCount(flat.Length);
        var job = pool.Job<SumSquaresJob>();
        job.X = flat;
        job.Partials = (double*)pool.SharedScratch(2L * blocks);
        job.Split(pool, blocks, 0.1 * BlockElements);
        return SumSquares.Total(job.Partials, blocks);
    }

    /// <inheritdoc/>
    public override void AdamW(Tensor parameters, Tensor gradients, Tensor m, Tensor v, in AdamWStep step)
    {
        var job = pool.Job<AdamWJob>();
        (job.P, job.G, job.M, job.V, job.StepNumbers) = (parameters, gradients, m, v, step);
        job.Split(pool, Blocks(parameters.Length), OptimizerCost * BlockElements);
    }

    /// <inheritdoc/>
    protected override void CrossEntropyCore(
        Tensor logits, IntTensor targets, Tensor weights, float zLoss, float gradientScale, Tensor losses, Tensor logprobs)
    {
        var job = pool.Job<CrossEntropyJob>();
        (job.Logits, job.Targets, job.Weights, job.ZLoss, job.Scale, job.Losses, job.Logprobs) =
            (logits, targets, weights, zLoss, gradientScale, losses, logprobs);
        job.Split(pool, logits.Rows, 2 * ExpCost * logits.Columns);
    }

    /// <inheritdoc/>
    protected override void PolicyLossCore(
        Tensor logits, in PolicyLossRows rows, in PolicyLossSettings settings, bool writesGradient, Tensor readings)
    {
        var job = pool.Job<PolicyLossJob>();
        (job.Logits, job.Rows, job.Settings, job.WritesGradient, job.Readings) = (logits, rows, settings, writesGradient, readings);
        job.Split(pool, logits.Rows, (writesGradient ? 2 : 1) * ExpCost * logits.Columns);
    }

    /// <inheritdoc/>
    protected override void ValueLossCore(
        Tensor values, Tensor targets, Tensor oldValues, Tensor weights, float clip, bool writesGradient, Tensor losses) =>
        Reference.PolicyLoss.Value(values, targets, oldValues, weights, clip, writesGradient, losses, 0, values.Rows);

    /// <inheritdoc/>
    protected override void SampleCore(
        Tensor logits, ReadOnlySpan<SamplingRow> rows, Span<int> tokens, Span<float> logprobs,
        ReadOnlySpan<LogitBias> biases, Span<TokenLogprob> tops)
    {
        fixed (SamplingRow* settings = rows)
        fixed (int* drawn = tokens)
        fixed (float* values = logprobs)
        fixed (LogitBias* added = biases)
        fixed (TokenLogprob* best = tops)
        {
            // Probabilities, and sort keys of 64 bits.
            pool.ReserveScratch(3L * logits.Columns + 16);
            var job = pool.Job<SampleJob>();
            (job.Pool, job.Logits) = (pool, logits);
            job.Rows = settings;
            job.Tokens = drawn;
            job.Logprobs = values;
            job.Biases = added;
            job.Tops = best;
            job.Split(pool, rows.Length, 2 * ExpCost * logits.Columns);
        }
    }

    private sealed class CrossEntropyJob : RangeJob
    {
        public Tensor Logits, Weights, Losses, Logprobs;
        public IntTensor Targets;
        public float ZLoss, Scale;

        public override void Run(int from, int to, int worker)
        {
            if (Scale == 0)
            {
                Cpu.CrossEntropy.Forward(
                    Logits.Data, Logits.Columns, Logits.Columns, Targets.Data, Weights.Data, ZLoss, Losses.Data, Logprobs.Data, from, to);
            }
            else
            {
                Cpu.CrossEntropy.ForwardBackward(
                    Logits.Data, Logits.Columns, Logits.Columns, Targets.Data, Weights.Data, ZLoss, Scale, Losses.Data, Logprobs.Data,
                    from, to);
            }
        }
    }

    private sealed class PolicyLossJob : RangeJob
    {
        public Tensor Logits, Readings;
        public PolicyLossRows Rows;
        public PolicyLossSettings Settings;
        public bool WritesGradient;

        public override void Run(int from, int to, int worker) =>
            Cpu.PolicyLoss.Run(Logits, Rows, Settings, WritesGradient, Readings.Data, from, to);
    }

    private sealed class SampleJob : RangeJob
    {
        public WorkerPool Pool = null!;
        public Tensor Logits;
        public SamplingRow* Rows;
        public int* Tokens;
        public float* Logprobs;
        public LogitBias* Biases;
        public TokenLogprob* Tops;

        public override void Run(int from, int to, int worker)
        {
            var vocabulary = Logits.Columns;
            var probabilities = Pool.Scratch(worker);
            var keys = new Span<ulong>(probabilities + (vocabulary + 1) / 2 * 2, vocabulary);
            for (var r = from; r < to; r++)
            {
                var logits = Logits.Data + (long)r * vocabulary;
                ref readonly var row = ref Rows[r];
                var max = Cpu.CrossEntropy.Max(logits, vocabulary);
                var lse = max + Elementary.Log(Cpu.CrossEntropy.SumExp(logits, vocabulary, max));
                var drawnFrom = logits;
                if (row.BiasCount > 0)
                {
                    // Biased in the scratch, which the probabilities then overwrite.
                    drawnFrom = Biased(logits, vocabulary, new ReadOnlySpan<LogitBias>(Biases + row.BiasStart, row.BiasCount), probabilities);
                    max = Cpu.CrossEntropy.Max(drawnFrom, vocabulary);
                }

                if (row.Temperature == 0)
                {
                    CrossEntropyReadings.ArgMax(drawnFrom, vocabulary, vocabulary, Tokens + r, 0, 1);
                }
                else
                {
                    Cpu.CrossEntropy.Exponentials(drawnFrom, vocabulary, max, row.Temperature, probabilities);
                    Tokens[r] = Sampling.Draw(new ReadOnlySpan<float>(probabilities, vocabulary), row, keys);
                }

                Logprobs[r] = Tokens[r] < 0 ? float.NaN
                    : row.ReportsTempered ? TemperedLogprob(logits, vocabulary, Tokens[r], row.Temperature, probabilities)
                    : logits[Tokens[r]] - lse;
                if (row.TopCount > 0)
                {
                    TopLogits.Select(logits, vocabulary, lse, new Span<TokenLogprob>(Tops + row.TopStart, row.TopCount));
                }
            }
        }

        private static float TemperedLogprob(float* logits, int vocabulary, int token, float temperature, float* scratch)
        {
            new ReadOnlySpan<float>(logits, vocabulary).CopyTo(new Span<float>(scratch, vocabulary));
            Cpu.PolicyLoss.Divide(scratch, vocabulary, temperature);
            var max = Cpu.CrossEntropy.Max(scratch, vocabulary);
            return scratch[token] - (max + Elementary.Log(Cpu.CrossEntropy.SumExp(scratch, vocabulary, max)));
        }

        private static float* Biased(float* logits, int vocabulary, ReadOnlySpan<LogitBias> biases, float* into)
        {
            new ReadOnlySpan<float>(logits, vocabulary).CopyTo(new Span<float>(into, vocabulary));
            foreach (var bias in biases)
            {
                into[bias.Token] += bias.Bias;
            }

            return into;
        }
    }

    private sealed class SumSquaresJob : RangeJob
    {
        public Tensor X;
        public double* Partials;

        public override void Run(int from, int to, int worker) => SumSquares.Blocks(X.Data, X.Length, Partials, from, to);
    }

    private sealed class AdamWJob : RangeJob
    {
        public Tensor P, G, M, V;
        public AdamWStep StepNumbers;

        public override void Run(int from, int to, int worker) => Cpu.AdamW.Step(
            P.Data, G.Data, M.Data, V.Data, StepNumbers, (nint)from * BlockElements, (nint)Math.Min(P.Length, (long)to * BlockElements));
    }
}
