namespace Retort.Recipes.Figures;

/// <summary>One colour on a light page and its counterpart on a dark one, as #RRGGBB.</summary>
public readonly record struct PageColor(string Light, string Dark);

/// <summary>
/// Colours that stay apart for readers with any kind of colour vision (Okabe and Ito 2008), darkened a little for thin
/// lines on white; each series has its own marker as well.
/// </summary>
public static class Palette
{
    /// <summary>The series, in order.</summary>
    public static IReadOnlyList<PageColor> Colors { get; } =
    [
        new("#0B67A8", "#5AB0EE"), // blue
        new("#D35400", "#FF8A47"), // vermilion
        new("#00876C", "#35C79F"), // green
        new("#A64A8C", "#E08CC6"), // purple
        new("#C28A00", "#F0BE45"), // ochre
        new("#4A5563", "#A8B3C1"), // slate
        new("#3FA7D6", "#8AD4F7"), // sky
        new("#7A4A21", "#C99A6C"), // brown
    ];

    /// <summary>Page behind a figure.</summary>
    public static PageColor Page { get; } = new("#FEFEFE", "#16191E");

    /// <summary>Titles and legends.</summary>
    public static PageColor Ink { get; } = new("#1A1D21", "#ECEEF1");

    /// <summary>Axis names and tick labels.</summary>
    public static PageColor Muted { get; } = new("#59616B", "#A3ABB6");

    /// <summary>Axis lines and reference lines.</summary>
    public static PageColor Rule { get; } = new("#8C939C", "#767E89");

    /// <summary>Grid lines.</summary>
    public static PageColor Grid { get; } = new("#E6E9EC", "#2A2F37");

    /// <summary>Every colour a figure can hold.</summary>
    public static IEnumerable<PageColor> All => [.. Colors, Page, Ink, Muted, Rule, Grid];
}
