namespace Retort.Tensors.Cpu;

public sealed unsafe partial class CpuDevice
{
    private enum PointwiseKind
    {
        Gelu,
        GeluBackward,
        Relu,
        ReluBackward,
    }

    private sealed class GatherRowsJob : RangeJob
    {
        public Tensor X, Y;
        public IntTensor Rows;

        public override void Run(int from, int to, int worker) =>
            Embedding.Gather(X.Data, X.Columns, Rows.Data, Y.Data, Y.Columns, from, to);
    }

    private sealed class ScatterRowsJob : RangeJob
    {
        public Tensor X, Y;
        public IntTensor Rows;

        /// <summary>Column blocks of 16.</summary>
        public override void Run(int from, int to, int worker)
        {
            var (first, end) = (from * Lanes.Count, Math.Min(to * Lanes.Count, Y.Columns));
            for (var i = 0; i < Rows.Length; i++)
            {
                var (source, target) = ((nint)i * X.Columns, (nint)Rows.Data[i] * Y.Columns);
                Elementwise.Add(Y.Data + target, X.Data + source, Y.Data + target, first, end);
            }
        }
    }

    private sealed class EmbedJob : RangeJob
    {
        public IntTensor Tokens;
        public EmbeddingTable Table;
        public Tensor Y;

        public override void Run(int from, int to, int worker)
        {
            if (Table.IsTied && Table.Tied.Format == WeightFormat.BFloat16)
            {
                Embedding.GatherFromPanels(
                    (BFloat16*)Table.Tied.Panels.Address, Table.Width, Tokens.Data, Y.Data, Y.Columns, from, to);
            }
            else if (Table.IsTied)
            {
                Embedding.GatherFromPanels(Table.Tied.Panels.Data, Table.Width, Tokens.Data, Y.Data, Y.Columns, from, to);
            }
            else
            {
                Embedding.Gather(Table.Table.Data, Table.Width, Tokens.Data, Y.Data, Y.Columns, from, to);
            }
        }
    }

    private sealed class EmbedBackwardJob : RangeJob
    {
        public Tensor DY;
        public GradientShards Shards;
        public EmbeddingTable DTable;
        public int* Starts, Order;

        public override void Run(int from, int to, int worker)
        {
            var shards = Shards.RowStarts.Data;
            if (DTable.IsTied)
            {
                EmbeddingGradient.ScatterToPanels(
                    DY.Data, DY.Columns, DTable.Width, Starts, Order, shards, Shards.Count, Shards.ContinueChain,
                    DTable.Tied.Panels.Data, from, to);
            }
            else
            {
                EmbeddingGradient.Scatter(
                    DY.Data, DY.Columns, DTable.Width, Starts, Order, shards, Shards.Count, Shards.ContinueChain,
                    DTable.Table.Data, from, to);
            }
        }
    }

    private sealed class RmsNormJob : RangeJob
    {
        public Tensor X, Gain, Y, Rstd;
        public float Epsilon;

        public override void Run(int from, int to, int worker) => Cpu.RmsNorm.Forward(
            X.Data, X.Columns, Y.Data, X.Columns, Gain.Data, Rstd.Data, X.Columns, Epsilon, from, to);
    }

    private sealed class RmsNormBackwardJob : RangeJob
    {
        public Tensor X, DY, Gain, Rstd, DX;
        public bool Accumulate;

        public override void Run(int from, int to, int worker) => Cpu.RmsNorm.Backward(
            DY.Data, X.Columns, X.Data, X.Columns, Gain.Data, Rstd.Data, DX.Data, X.Columns, X.Columns, Accumulate, from, to);
    }

    private sealed class RmsGainJob : RangeJob
    {
        public Tensor DY, X, Rstd, DGain;
        public int LdRstd, Groups, Width;
        public GradientShards Shards;

        public override void Run(int from, int to, int worker) => NormGradients.RmsGain(
            DY.Data, DY.Columns, X.Data, X.Columns, Rstd.Data, LdRstd, Groups, Width, DGain.Data, Shards.RowStarts.Data, Shards.Count,
            Shards.ContinueChain, from, to);
    }

    private sealed class LayerNormJob : RangeJob
    {
        public Tensor X, Gain, Bias, Y, Mean, Rstd;
        public float Epsilon;

        public override void Run(int from, int to, int worker) => Cpu.LayerNorm.Forward(
            X.Data, X.Columns, Y.Data, X.Columns, Gain.Data, Bias.Data, Mean.Data, Rstd.Data, X.Columns, Epsilon, from, to);
    }

    private sealed class LayerNormBackwardJob : RangeJob
    {
        public Tensor X, DY, Gain, Mean, Rstd, DX;
        public bool Accumulate;

        public override void Run(int from, int to, int worker) => Cpu.LayerNorm.Backward(
            DY.Data, X.Columns, X.Data, X.Columns, Gain.Data, Mean.Data, Rstd.Data, DX.Data, X.Columns, X.Columns, Accumulate,
            from, to);
    }

    private sealed class LayerGainJob : RangeJob
    {
        public Tensor DY, X, Mean, Rstd, DGain, DBias;
        public GradientShards Shards;

        public override void Run(int from, int to, int worker)
        {
            if (!DGain.IsAbsent)
            {
                NormGradients.LayerGain(
                    DY.Data, DY.Columns, X.Data, X.Columns, Mean.Data, Rstd.Data, DGain.Data, Shards.RowStarts.Data, Shards.Count,
                    Shards.ContinueChain, from, to);
            }

            if (!DBias.IsAbsent)
            {
                NormGradients.Bias(
                    DY.Data, DY.Columns, DBias.Data, Shards.RowStarts.Data, Shards.Count, Shards.ContinueChain, from, to);
            }
        }
    }

    private sealed class HeadNormJob : RangeJob
    {
        public Tensor X, GainQ, GainK, Y, Rstd;
        public HeadShape Heads;
        public float Epsilon;

        public override void Run(int from, int to, int worker) => Cpu.HeadNorm.Forward(
            X.Data, X.Columns, Y.Data, X.Columns, GainQ.Data, GainK.Data, Rstd.Data, Heads, Epsilon, from, to);
    }

    private sealed class HeadNormBackwardJob : RangeJob
    {
        public Tensor X, DY, GainQ, GainK, Rstd, DX;
        public HeadShape Heads;

        public override void Run(int from, int to, int worker) => Cpu.HeadNorm.Backward(
            DY.Data, X.Columns, X.Data, X.Columns, GainQ.Data, GainK.Data, Rstd.Data, DX.Data, X.Columns, Heads, from, to);
    }

    private sealed class RopeJob : RangeJob
    {
        public Tensor X;
        public IntTensor Positions;
        public RopeTables Tables;
        public int NumHeads, HeadDim;
        public bool Inverse;

        public override void Run(int from, int to, int worker) => Cpu.Rope.Rotate(
            X.Data, X.Columns, 0, NumHeads, HeadDim, Positions.Data, Tables.Cos.Data, Tables.Sin.Data, Inverse, from, to);
    }

    private sealed class SwiGluJob : RangeJob
    {
        public Tensor GateUp, Y;

        public override void Run(int from, int to, int worker) =>
            ActivationSwiGlu.Forward(GateUp.Data, GateUp.Columns, Y.Data, Y.Columns, Y.Columns, from, to);
    }

    private sealed class SwiGluBackwardJob : RangeJob
    {
        public Tensor DY, GateUp, DGateUp;

        public override void Run(int from, int to, int worker) => ActivationSwiGlu.Backward(
            DY.Data, DY.Columns, GateUp.Data, GateUp.Columns, DGateUp.Data, DGateUp.Columns, DY.Columns, from, to);
    }

    private sealed class PointwiseJob : RangeJob
    {
        public PointwiseKind Kind;
        public Tensor DY, X, Y;

        public override void Run(int from, int to, int worker)
        {
            var (first, end) = ((nint)from * BlockElements, (nint)Math.Min(X.Length, (long)to * BlockElements));
            switch (Kind)
            {
                case PointwiseKind.Gelu:
                    ActivationPointwise.GeluForward(X.Data, Y.Data, first, end);
                    break;
                case PointwiseKind.GeluBackward:
                    ActivationPointwise.GeluBackward(DY.Data, X.Data, Y.Data, first, end);
                    break;
                case PointwiseKind.Relu:
                    ActivationPointwise.ReluForward(X.Data, Y.Data, first, end);
                    break;
                default:
                    ActivationPointwise.ReluBackward(DY.Data, X.Data, Y.Data, first, end);
                    break;
            }
        }
    }
}
