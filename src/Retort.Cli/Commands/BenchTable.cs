using System.Globalization;
using Retort.Recipes.Bench;

namespace Retort.Cli.Commands;

/// <summary>Measurements in columns of fixed width, so that each row can be shown as soon as it is there.</summary>
internal static class BenchTable
{
    private static readonly int[] Widths = [-8, -14, 5, 7, 7, 11, 11, 9, 6, 9];

    /// <summary>The columns' names; peak and roofline are fractions.</summary>
    public static string Header => Line("what", "shape", "batch", "context", "threads", "tokens/s", "us/step", "GFLOP/s", "peak", "roofline");

    /// <summary>One measurement; what makes it doubtful stands under it.</summary>
    public static string Row(BenchResult result)
    {
        var line = Line(
            result.What, result.Shape, Text(result.Batch), Text(result.Context), Text(result.Threads), Text(result.TokensPerSecond, "N0"),
            Text(result.MicrosecondsPerStep, "N1"), Text(result.Gflops, "N1"), Text(result.FractionOfPeak, "0.00"), result.FractionOfRoofline is { } roofline ? Text(roofline, "0.00") : "");
        return result.Flag is null ? line : line + Environment.NewLine + "  " + result.Flag;
    }

    private static string Text(double value, string format = "0") => value.ToString(format, CultureInfo.InvariantCulture);

    private static string Line(params string[] cells) =>
        string.Join(' ', cells.Select((cell, i) => Widths[i] < 0 ? cell.PadRight(-Widths[i]) : cell.PadLeft(Widths[i]))).TrimEnd();
}
