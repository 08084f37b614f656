namespace Retort.Tensors.Cpu;

public sealed unsafe partial class CpuDevice
{
    /// <summary>FLOPs an attention kernel does in a nanosecond on one core, roughly.</summary>
    private const double AttentionRate = 40;

    /// <summary>Rows that a long sequence is cut into when there are too few heads to share out.</summary>
    private const int RowBlock = 48;

    /// <inheritdoc/>
    protected override void AttentionCore(
        Tensor qkv, IntTensor sequenceStarts, HeadShape heads, AttentionBias bias, Tensor output, Tensor lse)
    {
        var job = pool.Job<AttentionJob>();
        (job.Pool, job.Heads, job.Qkv, job.Starts, job.Bias, job.Output, job.Lse) =
            (pool, heads, qkv, sequenceStarts, bias, output, lse);
        job.SplitSequences(sequenceStarts.Length - 1, minUnits: 2 * Threads);
        pool.ReserveScratch(AttentionForward.ScratchFloats(heads, job.MaxTokens));
        pool.Run(job.NumUnits, job, job.Flops / AttentionRate / 1000);
    }

    /// <inheritdoc/>
    protected override void AttentionBackwardCore(
        Tensor dOut, Tensor qkv, Tensor output, Tensor lse, IntTensor sequenceStarts, HeadShape heads, AttentionBias bias, Tensor dQkv)
    {
        var job = pool.Job<AttentionBackwardJob>();
        (job.Pool, job.Heads, job.Qkv, job.Starts, job.Bias, job.Output, job.Lse, job.DOut, job.DQkv) =
            (pool, heads, qkv, sequenceStarts, bias, output, lse, dOut, dQkv);
        job.SplitSequences(sequenceStarts.Length - 1, minUnits: Threads);
        pool.ReserveScratch(Cpu.AttentionBackward.ScratchFloats(heads, job.MaxTokens));
        pool.Run(job.NumUnits * (job.IsFused ? 1 : 2), job, 2.5 * job.Flops / AttentionRate / 1000);
    }

    /// <inheritdoc/>
    protected override void AttentionBiasBackwardCore(
        Tensor dOut, Tensor qkv, Tensor output, Tensor lse, IntTensor sequenceStarts, HeadShape heads, AttentionBias bias,
        GradientShards shards, Tensor dTable)
    {
        var job = pool.Job<AttentionBiasJob>();
        (job.Pool, job.Heads, job.Qkv, job.Starts, job.Bias, job.Output, job.Lse, job.DOut, job.Shards, job.DTable) =
            (pool, heads, qkv, sequenceStarts, bias, output, lse, dOut, shards, dTable);
        job.SplitSequences(sequenceStarts.Length - 1, minUnits: 1);
        pool.ReserveScratch(AttentionBiasGradient.ScratchFloats(heads, job.MaxTokens, dTable.Rows, shards.Count));
        pool.Run(heads.NumHeads, job, job.Flops / AttentionRate / 1000);
    }

    /// <inheritdoc/>
    protected override void CachedAttentionCore(
        Tensor qkv, StepLayout layout, KvPages pages, int layer, HeadShape heads, AttentionBias bias, Tensor output)
    {
        var job = pool.Job<CachedAttentionJob>();
        (job.Pool, job.Heads, job.Qkv, job.Layout, job.Pages, job.Layer, job.Bias, job.Output) =
            (pool, heads, qkv, layout, pages, layer, bias, output);
        pool.ReserveScratch(AttentionPaged.ScratchFloats(heads));
        job.AppendAll();
        job.Share(pool);
    }

    /// <summary>Units of training attention: a sequence, a key/value head and, where those are few, a block of rows.</summary>
    private abstract class SequenceJob : PoolJob
    {
        public WorkerPool Pool = null!;
        public HeadShape Heads;
        public Tensor Qkv, Output, Lse;
        public IntTensor Starts;
        public AttentionBias Bias;
        private int numSequences, blocksPerSequence;

        public int NumUnits => numSequences * Heads.NumKvHeads * blocksPerSequence;

        public bool IsFused => blocksPerSequence == 1;

        public double Flops { get; private set; }

        public int MaxTokens { get; private set; }

        public void SplitSequences(int count, int minUnits)
        {
            (numSequences, MaxTokens, Flops) = (count, 1, 0);
            for (var s = 0; s < count; s++)
            {
                var tokens = Starts.Data[s + 1] - Starts.Data[s];
                MaxTokens = Math.Max(MaxTokens, tokens);
                Flops += 2.0 * Heads.NumHeads * Heads.HeadDim * tokens * tokens;
            }

            blocksPerSequence = count * Heads.NumKvHeads >= minUnits ? 1 : (MaxTokens + RowBlock - 1) / RowBlock;
        }

        protected void Unit(int unit, out int firstRow, out int tokens, out int kvHead, out int rowBegin, out int rowEnd)
        {
            var (sequenceHead, block) = Math.DivRem(unit, blocksPerSequence);
            (var sequence, kvHead) = Math.DivRem(sequenceHead, Heads.NumKvHeads);
            firstRow = Starts.Data[sequence];
            tokens = Starts.Data[sequence + 1] - firstRow;
            (rowBegin, rowEnd) = blocksPerSequence == 1
                ? (0, tokens)
                : (Math.Min(tokens, block * RowBlock), Math.Min(tokens, (block + 1) * RowBlock));
        }

        protected static float* At(Tensor tensor, int row) => tensor.Data + (long)row * tensor.Columns;
    }

    private sealed class AttentionJob : SequenceJob
    {
        public override void Execute(int chunk, int worker)
        {
            Unit(chunk, out var firstRow, out _, out var kvHead, out var rowBegin, out var rowEnd);
            var scratch = Pool.Scratch(worker);
            AttentionForward.Run(
                Heads, At(Qkv, firstRow), At(Output, firstRow), At(Lse, firstRow), ScoreBias.Of(Bias).From(firstRow), kvHead, rowBegin,
                rowEnd, scratch);
        }
    }

    private sealed class AttentionBackwardJob : SequenceJob
    {
        public Tensor DOut, DQkv;

        public override void Execute(int chunk, int worker)
        {
            var gradients = IsFused ? AttentionGradients.Queries | AttentionGradients.KeysAndValues
                : chunk < NumUnits ? AttentionGradients.Queries
                : AttentionGradients.KeysAndValues;
            Unit(chunk % NumUnits, out var firstRow, out var tokens, out var kvHead, out var rowBegin, out var rowEnd);
            var scratch = Pool.Scratch(worker);
            Cpu.AttentionBackward.Run(
                Heads, At(Qkv, firstRow), At(Output, firstRow), At(DOut, firstRow), At(Lse, firstRow), At(DQkv, firstRow),
                ScoreBias.Of(Bias).From(firstRow), tokens, kvHead, gradients, rowBegin, rowEnd, scratch);
        }
    }

    private sealed class AttentionBiasJob : SequenceJob
    {
        public Tensor DOut, DTable;
        public GradientShards Shards;

        public override void Execute(int chunk, int worker) => AttentionBiasGradient.Run(
            Heads, Qkv.Data, Output.Data, DOut.Data, Lse.Data, Bias, Starts, chunk, Shards, DTable, MaxTokens, Pool.Scratch(worker));
    }

    private sealed class CachedAttentionJob : RangeJob
    {
        private const int RowsPerUnit = 64;

        public WorkerPool Pool = null!;
        public HeadShape Heads;
        public Tensor Qkv, Output;
        public AttentionBias Bias;
        public StepLayout Layout = null!;
        public KvPages Pages = null!;
        public int Layer;
        private int headGroups, rowBlocks;

        /// <summary>Keys and values of all new rows go to their pages before any row looks at them.</summary>
        public void AppendAll()
        {
            if (Pages.Format == KvFormat.BFloat16)
            {
                AppendAll<BFloat16>();
            }
            else
            {
                AppendAll<float>();
            }
        }

        /// <summary>Units are sequences; where those are few, key/value heads and blocks of rows as well.</summary>
        public void Share(WorkerPool pool)
        {
            var mostRows = 1;
            for (var s = 0; s < Layout.NumSequences; s++)
            {
                mostRows = Math.Max(mostRows, Layout.RowStarts[s + 1] - Layout.RowStarts[s]);
            }

            rowBlocks = (mostRows + RowsPerUnit - 1) / RowsPerUnit;
            var nanoseconds = 4.0 * Heads.NumHeads * Heads.HeadDim * Layout.KeysSeen / AttentionRate;
            // One row's heads are quickest together: they are parted only where threads would stand idle.
            var together = mostRows == 1
                && (Layout.NumSequences >= 4 * pool.ThreadCount || !IsWorthSharing(pool, nanoseconds / 1000));
            headGroups = together ? 1 : Heads.NumKvHeads;
            var units = Layout.NumSequences * headGroups * rowBlocks;
            Split(pool, units, nanoseconds / units);
        }

        public override void Run(int from, int to, int worker)
        {
            if (Pages.Format == KvFormat.BFloat16)
            {
                Run<BFloat16>(from, to, worker);
            }
            else
            {
                Run<float>(from, to, worker);
            }
        }

        private void AppendAll<TStored>()
            where TStored : unmanaged
        {
            for (var s = 0; s < Layout.NumSequences; s++)
            {
                fixed (int* table = Layout.Pages(s))
                {
                    var first = Layout.RowStarts[s];
                    AttentionPaged.Append(
                        Heads, Qkv.Data + (long)first * Qkv.Columns, ScoreBias.Of(Bias).From(first), Layout.StartPositions[s],
                        Layout.RowStarts[s + 1] - first, PagesOf<TStored>(table));
                }
            }
        }

        private void Run<TStored>(int from, int to, int worker)
            where TStored : unmanaged
        {
            var scratch = Pool.Scratch(worker);
            var headsPerGroup = Heads.NumKvHeads / headGroups;
            for (var unit = from; unit < to; unit++)
            {
                var (sequenceGroup, block) = Math.DivRem(unit, rowBlocks);
                var (s, group) = Math.DivRem(sequenceGroup, headGroups);
                var first = Layout.RowStarts[s] + block * RowsPerUnit;
                var rows = Math.Min(RowsPerUnit, Layout.RowStarts[s + 1] - first);
                if (rows <= 0)
                {
                    continue;
                }

                fixed (int* table = Layout.Pages(s))
                {
                    AttentionPaged.Attend(
                        Heads, Qkv.Data + (long)first * Qkv.Columns, Output.Data + (long)first * Output.Columns,
                        ScoreBias.Of(Bias).From(first), Layout.StartPositions[s] + block * RowsPerUnit, rows, group * headsPerGroup,
                        (group + 1) * headsPerGroup, PagesOf<TStored>(table), scratch);
                }
            }
        }

        private AttentionPages<TStored> PagesOf<TStored>(int* table)
            where TStored : unmanaged =>
            new((TStored*)Pages.Keys(Layer), (TStored*)Pages.Values(Layer), (int*)Pages.Ids, Pages.PageElements, table);
    }
}
