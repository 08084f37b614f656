using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Retort.Core;

namespace Retort.Tasks;

/// <summary>Whole numbers from <see cref="Low"/> to <see cref="High"/>, both included; written "1..99".</summary>
/// <param name="Low">The smallest number.</param>
/// <param name="High">The largest number.</param>
public readonly record struct IntRange(int Low, int High) : IParsable<IntRange>
{
    private const string Form = "two whole numbers such as 1..99, the smaller first";

    /// <summary>How many numbers lie in the range; 0 when it is upside down.</summary>
    public int Count => High < Low ? 0 : High - Low + 1;

    /// <summary>Whether the range holds the number.</summary>
    public bool Contains(int number) => number >= Low && number <= High;

    /// <summary>Reads "1..99".</summary>
    /// <param name="where">The setting's name, for the message.</param>
    /// <param name="text">The text to read.</param>
    /// <exception cref="UserError">The text is not a range, or its first number is above its second.</exception>
    public static IntRange Parse(string where, string text) =>
        TryParse(text, null, out var range) ? range : throw UserError.Request(where, $"'{text}' is not a range", Form);

    /// <summary>Reads "1..99"; the form settings files use.</summary>
    /// <exception cref="FormatException">The text is not a range.</exception>
    public static IntRange Parse(string s) => Parse(s, CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public static IntRange Parse(string s, IFormatProvider? provider) =>
        TryParse(s, provider, out var range) ? range : throw new FormatException($"'{s}' is not a range: expected {Form}");

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out IntRange result)
    {
        result = default;
        var dots = s?.IndexOf("..", StringComparison.Ordinal) ?? -1;
        if (dots < 0
            || !int.TryParse(s.AsSpan(0, dots).Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var low)
            || !int.TryParse(s.AsSpan(dots + 2).Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var high)
            || low > high)
        {
            return false;
        }

        result = new IntRange(low, high);
        return true;
    }

    /// <summary>The form <see cref="Parse(string, string)"/> reads.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Low}..{High}");

    /// <summary>Throws unless Low &lt;= High and both lie within <paramref name="bounds"/>.</summary>
    internal void Require(string where, IntRange bounds)
    {
        if (Low > High || Low < bounds.Low || High > bounds.High)
        {
            throw UserError.Request(where, $"{this} is out of range", $"low..high with low <= high, within {bounds}");
        }
    }
}
