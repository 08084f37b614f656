namespace Retort.Recipes.Simulation;

/// <summary>The beginning of a steady run, which is not counted: the server was empty (paper section 7.3).</summary>
internal static class WarmUp
{
    private const double Share = 0.05;

    /// <summary>How many of so many.</summary>
    public static int Of(int count) => (int)(Share * count);

    /// <summary>What comes after it, of values in the order of arrival.</summary>
    public static double[] Drop(double[] values) => values[Of(values.Length)..];
}
