namespace Retort.Core;

/// <summary>What a setting of a configuration record means, for <c>--help</c>, the written YAML and the docs.</summary>
/// <param name="text">One short sentence.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class DocAttribute(string text) : Attribute
{
    /// <summary>One short sentence.</summary>
    public string Text { get; } = text;

    /// <summary>What the number counts or measures: "tokens", "sequences", "bytes"; null if it has no unit.</summary>
    public string? Unit { get; init; }
}

/// <summary>
/// A rule every value of a numeric setting obeys (each element, for a list). On a positional record write
/// <c>[property: Positive]</c>.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public abstract class SettingRuleAttribute : Attribute
{
    /// <summary>Whether the value is allowed. NaN never is.</summary>
    public abstract bool Allows(double value);

    /// <summary>The rule in words that follow a noun: "in 1..8", "above 0".</summary>
    public abstract string Expected { get; }
}

/// <summary>From <paramref name="min"/> to <paramref name="max"/>, both included unless said otherwise.</summary>
public sealed class RangeAttribute(double min, double max) : SettingRuleAttribute
{
    /// <summary>Smallest value.</summary>
    public double Min { get; } = min;

    /// <summary>Largest value; the bound itself is refused if <see cref="MaxExclusive"/>.</summary>
    public double Max { get; } = max;

    /// <summary>The upper bound itself is refused, as for a dropout probability of 1.</summary>
    public bool MaxExclusive { get; init; }

    /// <summary>The lower bound itself is refused, as for a temperature to divide by.</summary>
    public bool MinExclusive { get; init; }

    /// <inheritdoc/>
    public override bool Allows(double value) => (MinExclusive ? value > Min : value >= Min) && (MaxExclusive ? value < Max : value <= Max);

    /// <inheritdoc/>
    public override string Expected =>
        FormattableString.Invariant($"in {Min}..{Max}")
        + (MinExclusive ? $" ({FormattableString.Invariant($"{Min}")} not included)" : "") + (MaxExclusive ? $" ({FormattableString.Invariant($"{Max}")} not included)" : "");
}

/// <summary>Above zero and finite.</summary>
public sealed class PositiveAttribute : SettingRuleAttribute
{
    /// <inheritdoc/>
    public override bool Allows(double value) => value > 0 && double.IsFinite(value);

    /// <inheritdoc/>
    public override string Expected => "above 0";
}

/// <summary>Zero or above, and finite.</summary>
public sealed class NotNegativeAttribute : SettingRuleAttribute
{
    /// <inheritdoc/>
    public override bool Allows(double value) => value >= 0 && double.IsFinite(value);

    /// <inheritdoc/>
    public override string Expected => "0 or above";
}

/// <summary>One thing wrong between settings: "numHeads" "does not divide width 48" "a divisor of 48".</summary>
/// <param name="Property">The property to blame, as named in C#.</param>
/// <param name="What">What is wrong with it.</param>
/// <param name="Expected">What would be right.</param>
public sealed record SettingProblem(string Property, string What, string Expected);

/// <summary>A configuration record with rules between its settings; checked after it is read.</summary>
public interface ICheckedSettings
{
    /// <summary>The first problem, or null if the settings fit together.</summary>
    SettingProblem? FindProblem();
}
