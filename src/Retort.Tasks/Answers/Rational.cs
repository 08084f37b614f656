using System.Globalization;
using System.Numerics;

namespace Retort.Tasks.Answers;

/// <summary>An exact fraction of whole numbers of any size, in lowest terms.</summary>
public readonly struct Rational : IEquatable<Rational>, IComparable<Rational>
{
    private readonly BigInteger numerator, denominatorLessOne;

    /// <exception cref="DivideByZeroException">The denominator is 0.</exception>
    public Rational(BigInteger numerator, BigInteger denominator)
    {
        if (denominator.IsZero)
        {
            throw new DivideByZeroException();
        }

        var divisor = BigInteger.GreatestCommonDivisor(numerator, denominator) * denominator.Sign;
        this.numerator = numerator / divisor;
        denominatorLessOne = denominator / divisor - 1;
    }

    /// <summary>Carries the sign.</summary>
    public BigInteger Numerator => numerator;

    /// <summary>Above 0.</summary>
    public BigInteger Denominator => denominatorLessOne + 1;

    /// <summary>No fraction is left over.</summary>
    public bool IsWhole => denominatorLessOne.IsZero;

    /// <summary>0.</summary>
    public bool IsZero => numerator.IsZero;

    public static implicit operator Rational(int value) => new(value, 1);

    public static Rational operator +(Rational a, Rational b) =>
        new(a.Numerator * b.Denominator + b.Numerator * a.Denominator, a.Denominator * b.Denominator);

    public static Rational operator -(Rational a) => new(-a.Numerator, a.Denominator);

    public static Rational operator -(Rational a, Rational b) => a + -b;

    public static Rational operator *(Rational a, Rational b) => new(a.Numerator * b.Numerator, a.Denominator * b.Denominator);

    /// <exception cref="DivideByZeroException"><paramref name="b"/> is 0.</exception>
    public static Rational operator /(Rational a, Rational b) => new(a.Numerator * b.Denominator, a.Denominator * b.Numerator);

    public static bool operator ==(Rational a, Rational b) => a.Equals(b);

    public static bool operator !=(Rational a, Rational b) => !a.Equals(b);

    public static bool operator <(Rational a, Rational b) => a.CompareTo(b) < 0;

    public static bool operator >(Rational a, Rational b) => a.CompareTo(b) > 0;

    public static bool operator <=(Rational a, Rational b) => a.CompareTo(b) <= 0;

    public static bool operator >=(Rational a, Rational b) => a.CompareTo(b) >= 0;

    /// <summary>The distance from 0.</summary>
    public Rational Abs() => numerator.Sign < 0 ? -this : this;

    /// <summary>The number of a plain decimal: digits with at most one point, "12", "0.5", ".5", "5.".</summary>
    public static Rational? FromDecimal(ReadOnlySpan<char> text)
    {
        var point = text.IndexOf('.');
        var whole = point < 0 ? text : text[..point];
        var part = point < 0 ? [] : text[(point + 1)..];
        if (whole.Length + part.Length == 0 || whole.ContainsAnyExceptInRange('0', '9') || part.ContainsAnyExceptInRange('0', '9'))
        {
            return null;
        }

        return new(BigInteger.Parse($"{whole}{part}", NumberStyles.None, CultureInfo.InvariantCulture), BigInteger.Pow(10, part.Length));
    }

    /// <inheritdoc/>
    public bool Equals(Rational other) => numerator == other.numerator && denominatorLessOne == other.denominatorLessOne;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Rational other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(numerator, denominatorLessOne);

    /// <inheritdoc/>
    public int CompareTo(Rational other) => (Numerator * other.Denominator).CompareTo(other.Numerator * Denominator);

    /// <summary>"42", "-3/4".</summary>
    public override string ToString() => IsWhole
        ? numerator.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{Numerator}/{Denominator}");
}
