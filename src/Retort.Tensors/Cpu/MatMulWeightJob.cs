using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Retort.Tensors.Cpu;

/// <summary>
/// Chunks of <c>dW = sum over t of X[t, i] dY[t, o]</c>, a block of inputs by a range of panels each. Per block of tokens X
/// is transposed and dY copied to panels, so that the forward tile serves here too: its rows are inputs, its k are tokens.
/// </summary>
internal sealed unsafe class MatMulWeightJob : PoolJob
{
    private const int Lanes = MatMul.PanelWidth;
    private const int TokenBlock = 128, TokenPad = 16, LargestInputBlock = 256, LargestPanelBlock = 16;

    // One token more than a block holds, or all panels would fall on the same cache sets.
    private const int PanelFloats = (TokenBlock + 1) * Lanes;

    public float* X, DY, Grad;
    public nint Ldx, Ldy;
    public int* Starts;
    public int Shards, InDim, OutDim;
    public bool ContinueChain;
    public SimdWidth Width;
    public WorkerPool? Pool;

    private int inputBlock, panelBlocks, panelsPerBlock;
    private nint transposedFloats;

    /// <summary>Cuts the product for a number of threads and returns the number of chunks.</summary>
    public int Plan(int threads)
    {
        var panels = MatMulPanels.Count(OutDim);
        panelBlocks = (panels + LargestPanelBlock - 1) / LargestPanelBlock;
        var tallest = Width == SimdWidth.Vector512 ? 8 : 6;
        var inputBlocks = (InDim + LargestInputBlock - 1) / LargestInputBlock;

        // Two chunks a thread, by halving the longer side: X is transposed once a panel block and dY copied once an input
        // block, so square blocks copy least. Blocks below 64 copy too much: there one chunk a thread must do.
        while (threads > 1 && inputBlocks * panelBlocks < 2 * threads)
        {
            var (inputs, outputs) = (InDim / inputBlocks, panels * Lanes / panelBlocks);
            var least = inputBlocks * panelBlocks < threads ? 2 * Lanes : 4 * Lanes;
            if (Math.Max(inputs, outputs) < 2 * least)
            {
                break;
            }

            if (inputs >= outputs)
            {
                inputBlocks *= 2;
            }
            else
            {
                panelBlocks *= 2;
            }
        }

        inputBlock = ((InDim + inputBlocks - 1) / inputBlocks + tallest - 1) / tallest * tallest;
        inputBlocks = (InDim + inputBlock - 1) / inputBlock;
        panelsPerBlock = (panels + panelBlocks - 1) / panelBlocks;
        panelBlocks = (panels + panelsPerBlock - 1) / panelsPerBlock;
        transposedFloats = (nint)inputBlock * (TokenBlock + TokenPad);
        var levels = BitOperations.Log2((uint)Shards);
        Pool!.ReserveScratch(transposedFloats + PanelFloats * panelsPerBlock + levels * (nint)inputBlock * panelsPerBlock * Lanes);
        return inputBlocks * panelBlocks;
    }

    public override void Execute(int chunk, int worker)
    {
        var firstIn = chunk / panelBlocks * inputBlock;
        var inputs = Math.Min(inputBlock, InDim - firstIn);
        var firstPanel = chunk % panelBlocks * panelsPerBlock;
        var panels = Math.Min(panelsPerBlock, MatMulPanels.Count(OutDim) - firstPanel);
        var levels = BitOperations.Log2((uint)Shards);
        nint blockFloats = (nint)inputs * panels * Lanes;
        var transposed = Pool!.Scratch(worker);
        var dyPanels = transposed + transposedFloats;
        var stack = dyPanels + PanelFloats * panelsPerBlock;
        var grad = Grad + (nint)firstPanel * InDim * Lanes + (nint)firstIn * Lanes;
        var gradStride = (nint)InDim * Lanes;

        for (var shard = 0; shard < Shards; shard++)
        {
            // Level l of the stack holds a finished subtree of 2^l shards, waiting for its right neighbour. An even shard
            // goes to level 0; an odd one adds its left neighbour as it finishes and rises while the level above is taken.
            var rises = BitOperations.TrailingZeroCount(~(uint)shard);
            var left = rises > 0 ? stack : null;
            var top = rises == levels;
            var target = top ? grad : stack + rises * blockFloats;
            var targetStride = top ? gradStride : (nint)inputs * Lanes;
            Shard(shard, firstIn, inputs, firstPanel, panels, transposed, dyPanels, left, target, targetStride);
            for (var level = 1; level < rises; level++)
            {
                AddLeft(stack + level * blockFloats, inputs, panels, target, targetStride);
            }
        }
    }

    private void Shard(
        int shard, int firstIn, int inputs, int firstPanel, int panels, float* transposed, float* dyPanels,
        float* left, float* target, nint targetStride)
    {
        var (token, end) = (Starts[shard], Starts[shard + 1]);
        var fresh = !ContinueChain;
        do
        {
            var count = Math.Min(TokenBlock, end - token);
            var last = token + count >= end;
            var ld = TokenBlock + TokenPad;
            MatMulPanels.Transpose(X + token * Ldx + firstIn, Ldx, count, inputs, transposed, ld);
            var column = firstPanel * Lanes;
            MatMulPanels.CopyPanels(
                DY + token * Ldy + column, Ldy, count, Math.Min(panels * Lanes, OutDim - column), dyPanels, PanelFloats);
            for (var panel = 0; panel < panels; panel++)
            {
                var y = target + panel * targetStride;
                var tile = new MatMulTile<float>
                {
                    X = transposed,
                    Ldx = ld,
                    Panel = dyPanels + panel * PanelFloats,
                    Depth = count,
                    Start = fresh ? null : y,
                    LdStart = Lanes,
                    Y = y,
                    Ldy = Lanes,
                    Residual = last && left != null ? left + (nint)panel * inputs * Lanes : null,
                    LdResidual = Lanes,
                };
                MatMulTiles.Run(Width, tile, inputs, 1);
            }

            fresh = false;
            token += count;
        }
        while (token < end);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddLeft(float* left, int inputs, int panels, float* target, nint targetStride)
    {
        for (nint panel = 0; panel < panels; panel++)
        {
            var right = target + panel * targetStride;
            for (nint i = 0; i < (nint)inputs * Lanes; i += 8)
            {
                (Vector256.Load(left + i) + Vector256.Load(right + i)).Store(right + i);
            }

            left += (nint)inputs * Lanes;
        }
    }
}
