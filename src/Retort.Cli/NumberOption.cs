using System.CommandLine;
using System.Globalization;

namespace Retort.Cli;

/// <summary>Options that take a number; null where the option is not given. A wrong one is told with its range.</summary>
internal static class NumberOption
{
    /// <summary>A whole number from <paramref name="min"/> to <paramref name="max"/>.</summary>
    public static Option<int?> Whole(string name, int min, int max, string description) => new(name)
    {
        HelpName = "N",
        Description = description,
        CustomParser = result =>
        {
            var word = result.Tokens[^1].Value;
            if (int.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max)
            {
                return value;
            }

            result.AddError(FormattableString.Invariant($"{name} is '{word}'; expected a whole number in {min}..{max}"));
            return null;
        },
    };

    /// <summary>A number that <paramref name="allows"/> lets through; <paramref name="expected"/> says which.</summary>
    public static Option<float?> Real(string name, Predicate<float> allows, string expected, string description) => new(name)
    {
        HelpName = "X",
        Description = description,
        CustomParser = result =>
        {
            var word = result.Tokens[^1].Value;
            if (float.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && allows(value))
            {
                return value;
            }

            result.AddError($"{name} is '{word}'; expected a number {expected}");
            return null;
        },
    };

    /// <summary>A number from <paramref name="min"/> to <paramref name="max"/>, in double precision.</summary>
    public static Option<double?> Double(string name, double min, double max, string description) => new(name)
    {
        HelpName = "X",
        Description = description,
        CustomParser = result =>
        {
            var word = result.Tokens[^1].Value;
            if (double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max)
            {
                return value;
            }

            result.AddError(FormattableString.Invariant($"{name} is '{word}'; expected a number from {min} to {max}"));
            return null;
        },
    };
}
