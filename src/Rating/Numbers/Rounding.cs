using System.Numerics;
using Streams.Schemas;

namespace Streams.Rating.Numbers;

/// <summary>Which neighbour a value between two takes.</summary>
public enum RoundingMode
{
    /// <summary>The nearer one; a half goes away from zero, on both sides of it. What finance calls "half up" or commercial rounding.</summary>
    HalfUp,

    /// <summary>The nearer one; a half goes to the even neighbour.</summary>
    HalfEven,

    /// <summary>Away from zero.</summary>
    Up,

    /// <summary>Towards zero.</summary>
    Down,

    /// <summary>Towards plus infinity.</summary>
    Ceiling,

    /// <summary>Towards minus infinity.</summary>
    Floor,
}

/// <summary>To how many places (-18 to 18) and which way.</summary>
public readonly record struct Rounding(int Places, RoundingMode Mode = RoundingMode.HalfUp)
{
    /// <summary>To the minor unit of a currency (ISO 4217, table A.1).</summary>
    public static Rounding ToMinorUnit(string currency, RoundingMode mode = RoundingMode.HalfUp) => new(Money.MinorUnits(currency), mode);

    public Exact Apply(Exact value) => value.Round(Places, Mode);

    public override string ToString() => $"to {Places} places, {Mode}";
}

/// <summary>Integer division with a stated rounding.</summary>
static class Division
{
    /// <summary>For a positive divisor.</summary>
    public static Int128 Rounded(Int128 dividend, Int128 divisor, RoundingMode mode)
    {
        var (quotient, remainder) = dividend <= long.MaxValue && dividend >= long.MinValue && divisor <= long.MaxValue
            ? Small((long)dividend, (long)divisor)
            : Int128.DivRem(dividend, divisor);
        if (remainder == 0) return quotient;
        var sign = dividend < 0 ? -1 : 1;
        var magnitude = Int128.Abs(remainder);
        return GoesAway(mode, sign, magnitude.CompareTo(divisor - magnitude), Int128.IsOddInteger(quotient)) ? quotient + sign : quotient;
    }

    /// <summary>For a positive divisor.</summary>
    public static BigInteger Rounded(BigInteger dividend, BigInteger divisor, RoundingMode mode)
    {
        var quotient = BigInteger.DivRem(dividend, divisor, out var remainder);
        if (remainder.IsZero) return quotient;
        var magnitude = BigInteger.Abs(remainder);
        return GoesAway(mode, dividend.Sign, magnitude.CompareTo(divisor - magnitude), !quotient.IsEven) ? quotient + dividend.Sign : quotient;
    }

    static (Int128 Quotient, Int128 Remainder) Small(long dividend, long divisor)
    {
        var (quotient, remainder) = Math.DivRem(dividend, divisor);
        return (quotient, remainder);
    }

    /// <summary>Whether a truncated quotient with a remainder steps away from zero; <paramref name="toHalf"/> compares the remainder with the half.</summary>
    static bool GoesAway(RoundingMode mode, int sign, int toHalf, bool odd) => mode switch
    {
        RoundingMode.HalfUp => toHalf >= 0,
        RoundingMode.HalfEven => toHalf > 0 || (toHalf == 0 && odd),
        RoundingMode.Up => true,
        RoundingMode.Down => false,
        RoundingMode.Ceiling => sign > 0,
        RoundingMode.Floor => sign < 0,
        _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, "Unknown rounding"),
    };
}
