using System.Collections.Immutable;
using System.Globalization;
using Retort.Core;

namespace Retort.Recipes.Tests.Configuration;

public enum Heuristic
{
    Multiply,
    SumOfSquares,
}

/// <summary>As the tasks' ranges: "1..99".</summary>
public readonly record struct Span(int Low, int High)
{
    public static Span Parse(string text)
    {
        var parts = text.Split("..");
        return parts.Length == 2
            ? new Span(int.Parse(parts[0], CultureInfo.InvariantCulture), int.Parse(parts[1], CultureInfo.InvariantCulture))
            : throw new FormatException("low..high is missing");
    }

    public override string ToString() => $"{Low}..{High}";
}

public sealed record TrainingSettings
{
    [Doc("Peak of the schedule.")]
    [Positive]
    public double LearningRate { get; init; } = 3e-4;

    [Doc("One optimizer step.", Unit = "tokens")]
    [Range(1, 1 << 20)]
    public int BatchTokens { get; init; } = 8192;

    [Range(0, 1, MaxExclusive = true)]
    public float Dropout { get; init; }

    public bool Shuffle { get; init; } = true;

    public ulong Seed { get; init; } = ulong.MaxValue;

    [Positive]
    public float? ClipNorm { get; init; } = 1;

    /// <summary>Derived: no setting.</summary>
    public int HalfBatch => BatchTokens / 2;
}

public sealed record Part(string Name, [property: Positive] double Weight = 1, Heuristic Heuristic = Heuristic.Multiply);

public sealed record ShapeSettings : ICheckedSettings
{
    [Positive]
    public int Width { get; init; } = 64;

    [Positive]
    public int NumHeads { get; init; } = 4;

    public SettingProblem? FindProblem() =>
        Width % NumHeads == 0 ? null : new SettingProblem(nameof(NumHeads), $"{NumHeads} does not divide width {Width}", $"a divisor of {Width}");
}

public sealed record SampleSettings
{
    public string Name { get; init; } = "base";

    public string? Note { get; init; }

    [Doc("Width, heads.")]
    public ShapeSettings Shape { get; init; } = new();

    public TrainingSettings Training { get; init; } = new();

    public Heuristic Heuristic { get; init; } = Heuristic.SumOfSquares;

    public Span Numbers { get; init; } = new(1, 99);

    [Doc("Cut-offs of the output.", Unit = "tokens")]
    [Positive]
    public IReadOnlyList<int> Budgets { get; init; } = [256, 512];

    public ImmutableArray<double> Temperatures { get; init; } = [0.7];

    public IReadOnlyList<Part> Mixture { get; init; } = [new("all")];

    public TrainingSettings? FineTuning { get; init; }
}
