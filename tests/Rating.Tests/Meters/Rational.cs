using System.Numerics;

namespace Streams.Rating.Tests.Meters;

/// <summary>The plainest exact number: a reduced fraction of any size. What the models count with.</summary>
readonly struct Rational : IComparable<Rational>, IEquatable<Rational>
{
    readonly BigInteger _denominator;

    public Rational(BigInteger numerator, BigInteger denominator)
    {
        var divisor = BigInteger.GreatestCommonDivisor(numerator, denominator) * (denominator.Sign < 0 ? -1 : 1);
        (Numerator, _denominator) = (numerator / divisor, denominator / divisor);
    }

    public BigInteger Numerator { get; }

    public BigInteger Denominator => _denominator.IsZero ? 1 : _denominator;

    public static implicit operator Rational(BigInteger whole) => new(whole, 1);

    public static implicit operator Rational(long whole) => new(whole, 1);

    public static Rational operator +(Rational a, Rational b) => new(a.Numerator * b.Denominator + b.Numerator * a.Denominator, a.Denominator * b.Denominator);

    public static Rational operator -(Rational a, Rational b) => a + new Rational(-b.Numerator, b.Denominator);

    public static Rational operator *(Rational a, Rational b) => new(a.Numerator * b.Numerator, a.Denominator * b.Denominator);

    public static Rational operator /(Rational a, Rational b) => new(a.Numerator * b.Denominator, a.Denominator * b.Numerator);

    public int CompareTo(Rational other) => (Numerator * other.Denominator).CompareTo(other.Numerator * Denominator);

    public bool Equals(Rational other) => CompareTo(other) == 0;

    public override bool Equals(object? obj) => obj is Rational other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(Numerator, Denominator);

    /// <summary>The greatest whole number that is not above.</summary>
    public BigInteger Floor() => (Numerator - (Numerator % Denominator + Denominator) % Denominator) / Denominator;

    public override string ToString() => $"{Numerator}/{Denominator}";

    /// <summary>From "12.5" or "470/31".</summary>
    public static Rational Parse(string text)
    {
        if (text.Split('/') is [var above, var below]) return new(BigInteger.Parse(above), BigInteger.Parse(below));
        var point = text.IndexOf('.');
        return point < 0 ? (Rational)BigInteger.Parse(text) : new Rational(BigInteger.Parse(text.Remove(point, 1)), BigInteger.Pow(10, text.Length - point - 1));
    }
}
