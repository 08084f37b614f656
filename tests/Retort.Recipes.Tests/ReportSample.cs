using Retort.Recipes.Figures;
using Retort.Recipes.Report;

namespace Retort.Recipes.Tests;

/// <summary>A report with one claim of every verdict and one figure of every kind; the numbers are made up.</summary>
internal static class ReportSample
{
    public const string ConfigYaml = "preset: quick\nseeds: [1, 2, 3]\ntask:\n  name: countdown\n  numbers: 1..20\n";

    public static Claim C1 { get; } = new(
        "C1", true, "On CountDown, at equal compute, the direct model with best-of-n beats the backtracking model.",
        "17M, largest budget: 61 % direct against 41.5 % backtracking",
        [Test.LowerBoundAbove(0, "direct - backtracking at equal compute")],
        [new("the share of its generator's problems the backtracking model solves", 0.8)]);

    public static Claim C2 { get; } = new(
        "C2", true, "On Sudoku the order flips: sequential search wins.", "144M: 89 % backtracking against 74 % direct",
        [
            Test.UpperBoundBelow(0, "direct - backtracking on Sudoku"),
            Test.LowerBoundAbove(0, "(direct - backtracking) on CountDown minus the same on Sudoku"),
        ],
        []);

    public static Claim C3 { get; } = C1 with
    {
        Id = "C3",
        Headline = false,
        Statement = "Size helps the direct model but hardly helps the backtracking model.",
        Paper = "3M to 144M: direct 52 to 68.5 %, backtracking 41.5 to 43 %",
    };

    public static Claim C5 { get; } = C2 with
    {
        Id = "C5",
        Headline = false,
        Statement = "Depth of search <explains> the flip & \"more\".",
        Paper = "tables 5.3 and 5.4",
    };

    public static Axis Cost { get; } = new("generation cost (FLOPs per problem)") { Scale = AxisScale.Log };

    public static Axis Accuracy { get; } = new("problems solved") { Format = NumberFormat.Percent };

    public static IReadOnlyList<Figure> Figures { get; } =
    [
        new("accuracy", "Parallel sampling beats sequential search on CountDown", Cost, Accuracy,
        [
            new("direct, best of n", SeriesKind.Line, Curve([0.17, 0.25, 0.37, 0.50, 0.61], 0.05)),
            new("backtracking", SeriesKind.Line, Curve([0.075, 0.115, 0.255, 0.35, 0.415], 0.05)),
            new("trace generator", SeriesKind.Line, Curve([0.12, 0.18, 0.305, 0.395, 0.48], 0)) { Color = 5, Dashed = true },
        ])
        {
            Caption = "Share of 400 unseen problems solved against the engine's own count of floating-point operations. "
                + "Bars are 95 % bootstrap intervals over problems.",
            References = [new(0.58, "best published backtracking, 58%")],
        },
        new("gap", "Deeper search erases the direct model's lead", new("task and size")
        {
            Categories = ["CountDown 17M", "CountDown 38M", "Sudoku 17M", "Sudoku 38M"],
        }, new("direct − backtracking") { Format = NumberFormat.Percent },
        [
            new("original", SeriesKind.Bars, [new(0, 0.15, 0.08, 0.21), new(1, 0.05, -0.02, 0.12), new(2, 0.05, -0.03, 0.12), new(3, -0.19, -0.26, -0.12)]),
            new("deeper", SeriesKind.Bars, [new(0, -0.08, -0.15, -0.01), new(1, -0.035, -0.1, 0.04), new(2, 0.075, 0, 0.14), new(3, -0.055, -0.12, 0.02)]),
        ])
        {
            Caption = "Difference at the largest budget; bars are 95 % intervals.", References = [new(0)],
        },
        new("lengths", "Wrong traces are the long ones", new("trace length (tokens)")
        {
            Categories = Series.BinLabels([0, 512, 1024, 2048, 4096, 8192]),
        }, new("traces"),
        [
            Series.Histogram("correct", [0, 512, 1024, 2048, 4096, 8192], Enumerable.Range(0, 900).Select(i => i * i % 3000.0)),
            Series.Histogram("incorrect", [0, 512, 1024, 2048, 4096, 8192], Enumerable.Range(0, 700).Select(i => 900 + i * 9.7)),
        ])
        {
            Caption = "Lengths of depth-first traces.", Stacked = true,
        },
        new("mistakes", "Mistakes per problem", new("problem, sorted by the generator's mistakes") { Format = NumberFormat.Plain },
            new("mistakes"),
        [
            new("backtracking", SeriesKind.Scatter, [.. Enumerable.Range(0, 120).Select(i => new Point(i, Math.Min(42, 1 + i * i / 400 + i * 7 % 11)))]),
            new("generator", SeriesKind.Steps, [.. Enumerable.Range(0, 120).Select(i => new Point(i, 1 + i * i / 400))]) { Color = 5 },
        ])
        {
            Caption = "Unsolved problems count as 42.", References = [new(42, "unsolved"), new(60, "median", Vertical: true)],
        },
        new("loss", "Validation loss with its spread over three seeds", new("training step") { Min = 0 }, new("loss (nats per token)") { Min = 0.4 },
        [
            new("direct", SeriesKind.Band, Loss(0.55, 300)),
            new("backtracking", SeriesKind.Band, Loss(0.75, 700)),
        ])
        {
            Caption = "Lines are means over seeds, bands their range.",
        },
    ];

    public static RunReport Report { get; } = new(
        "backtracking", "quick", [1, 2, 3], "0123abc", "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8",
        427.25, new(1.25e14, 3.5e13),
        [
            C1.Judge([new(0.123, 0.081, 0.164, 400)], [0.91]),
            C2.Judge([new(0.052, 0.012, 0.094, 400), new(0.07, 0.01, 0.13, 800)], []),
            C3.Judge([new(0.02, -0.031, 0.071, 400)], [0.85]),
            C1.Judge([new(0.2, 0.15, 0.25, 400)], [0.42]) with { Id = "C4", Headline = false },
            C5.NotRun("needs two depths; the quick preset trains one"),
        ],
        [
            new("Problems solved by budget", ["model", "parameters", "256", "512", "1024", "share of generator"],
                [["direct", 812_544, 0.17, 0.25, 0.37, double.NaN], ["backtracking <b>", 812_544, 0.075, 0.115, 0.255, 0.85]]),
        ],
        ["figures/accuracy.svg"],
        ["Numbers are single tokens instead of digits.", "Three seeds & 400 problems, where the paper has one seed and 200."]);

    public static ReportPage Page { get; } = new(
        "Sequential search against parallel sampling",
        "After Qin, Alvarez-Melis, Jelassi and Malach, “To Backtrack or Not to Backtrack”, COLM 2025 (arXiv 2504.07052)",
        Figures, ConfigYaml, "2 cores, .NET 10.0, AVX-512");

    private static Point[] Curve(double[] values, double half) =>
        [.. values.Select((y, i) => half == 0
            ? new Point(2.1e8 * Math.Pow(2.1, i), y)
            : new Point(2e8 * Math.Pow(2.1, i), y, y - half, y + half))];

    private static Point[] Loss(double floor, double tau) =>
        [.. Enumerable.Range(0, 60).Select(i => i * 50.0).Select(step =>
            new Point(step, floor + 1.6 / (1 + step / tau), floor - 0.03 + 1.55 / (1 + step / tau), floor + 0.04 + 1.66 / (1 + step / tau)))];
}
