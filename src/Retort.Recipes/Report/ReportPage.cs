using Retort.Recipes.Figures;

namespace Retort.Recipes.Report;

/// <summary>What report.html shows beyond report.json.</summary>
/// <param name="Title">What was studied: "Sequential search against parallel sampling".</param>
/// <param name="Source">The published work, one line.</param>
/// <param name="Figures">Drawn in order, inside the page.</param>
/// <param name="ConfigYaml">The resolved configuration.</param>
/// <param name="Machine">Processor, cores and runtime, one line.</param>
public sealed record ReportPage(
    string Title, string Source, IReadOnlyList<Figure> Figures, string ConfigYaml, string Machine)
{
    /// <summary>The outcome in a paragraph; null: made from the verdicts.</summary>
    public string? Summary { get; init; }
}
