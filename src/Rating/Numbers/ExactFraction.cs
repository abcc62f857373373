using System.Globalization;
using System.Numerics;

namespace Streams.Rating.Numbers;

/// <summary>A reduced fraction with a positive denominator: the form of an <see cref="Exact"/> that is no decimal of 126 bits.</summary>
sealed class ExactFraction : IComparable<ExactFraction>
{
    /// <summary>The longest numerator and denominator. Amounts and shares of a contract stay below a tenth of it.</summary>
    public const int MaxBits = 2048;

    static readonly BigInteger MantissaLimit = BigInteger.One << 126;

    /// <exception cref="OverflowException">More than <see cref="MaxBits"/> bits.</exception>
    public ExactFraction(BigInteger numerator, BigInteger denominator)
    {
        var divisor = BigInteger.GreatestCommonDivisor(numerator, denominator);
        if (denominator.Sign < 0) divisor = -divisor;
        Numerator = numerator / divisor;
        Denominator = denominator / divisor;
        if (Numerator.GetBitLength() > MaxBits || Denominator.GetBitLength() > MaxBits) throw new OverflowException($"An exact number of more than {MaxBits} bits");
    }

    public BigInteger Numerator { get; }

    public BigInteger Denominator { get; }

    public static ExactFraction operator +(ExactFraction a, ExactFraction b) => new(a.Numerator * b.Denominator + b.Numerator * a.Denominator, a.Denominator * b.Denominator);

    public static ExactFraction operator *(ExactFraction a, ExactFraction b) => new(a.Numerator * b.Numerator, a.Denominator * b.Denominator);

    public static ExactFraction operator /(ExactFraction a, ExactFraction b) =>
        b.Numerator.IsZero ? throw new DivideByZeroException() : new(a.Numerator * b.Denominator, a.Denominator * b.Numerator);

    public ExactFraction Negated() => new(-Numerator, Denominator);

    /// <summary>Times 10^power.</summary>
    public ExactFraction Times(int power) =>
        power >= 0 ? new(Numerator * BigInteger.Pow(10, power), Denominator) : new(Numerator, Denominator * BigInteger.Pow(10, -power));

    public BigInteger Rounded(RoundingMode mode) => Division.Rounded(Numerator, Denominator, mode);

    public int CompareTo(ExactFraction? other) => other is null ? 1 : (Numerator * other.Denominator).CompareTo(other.Numerator * Denominator);

    /// <summary>As mantissa and scale, where the denominator has no primes but 2 and 5 and both fit.</summary>
    public bool TryDecimal(out Int128 mantissa, out int scale)
    {
        (mantissa, scale) = (default, 0);
        var twos = (int)BigInteger.TrailingZeroCount(Denominator);
        var rest = Denominator >> twos;
        var fives = 0;
        while (!rest.IsOne)
        {
            rest = BigInteger.DivRem(rest, 5, out var remainder);
            if (!remainder.IsZero || ++fives > Exact.MaxScale) return false;
        }
        scale = Math.Max(twos, fives);
        if (scale > Exact.MaxScale) return false;
        var shifted = Numerator * BigInteger.Pow(10, scale) / Denominator;
        if (BigInteger.Abs(shifted) >= MantissaLimit) return false;
        mantissa = (Int128)shifted;
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Numerator}/{Denominator}");
}
