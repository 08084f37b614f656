namespace Retort.Tensors.Cpu;

/// <summary>Chunks of transposing weight panels: one panel of 16 inputs each.</summary>
internal sealed unsafe class MatMulTransposeJob : PoolJob
{
    public float* Panels, Target;
    public int InDim, OutDim, FirstPanel;

    public override void Execute(int chunk, int worker) => MatMulPanels.TransposePanel(
        Panels, InDim, OutDim, (FirstPanel + chunk) * MatMul.PanelWidth, Target + (nint)chunk * MatMul.PanelWidth * OutDim);
}
