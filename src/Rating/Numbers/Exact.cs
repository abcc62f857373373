using System.Numerics;
using Streams.Schemas;

namespace Streams.Rating.Numbers;

/// <summary>
/// An exact rational number, for what nine decimals cannot hold: quotients and products of prices with many places. Nothing is ever rounded but by
/// <see cref="Round"/>. Decimals of up to 126 bits are kept as mantissa and scale without allocation; whatever does not fit is a reduced fraction of at
/// most <see cref="ExactFraction.MaxBits"/> bits, beyond which <see cref="OverflowException"/> is thrown. The default value is zero.
/// </summary>
public readonly partial struct Exact : IComparable<Exact>, IEquatable<Exact>
{
    /// <summary>The largest number of decimals of a value that is kept as mantissa and scale.</summary>
    public const int MaxScale = 36;

    /// <summary>Mantissas stay below 2^126, so that the sum of two never leaves 128 bits.</summary>
    static readonly Int128 Limit = Int128.One << 126;

    static readonly Int128[] Powers = Enumerable.Range(0, MaxScale + 1).Select(i => (Int128)BigInteger.Pow(10, i)).ToArray();

    readonly Int128 _mantissa;
    readonly ExactFraction? _fraction;
    readonly int _scale;

    Exact(Int128 mantissa, int scale) => (_mantissa, _scale) = (mantissa, scale);

    Exact(ExactFraction fraction) => _fraction = fraction;

    public static Exact Zero => default;

    public static Exact One => new(1, 0);

    public int Sign => _fraction is null ? Int128.Sign(_mantissa) : _fraction.Numerator.Sign;

    public bool IsZero => Sign == 0;

    public static implicit operator Exact(long value) => new(value, 0);

    public static implicit operator Exact(ExactDecimal value) => new(value.Unscaled, ExactDecimal.Scale);

    public static Exact operator -(Exact a) => a._fraction is null ? new(-a._mantissa, a._scale) : new(a._fraction.Negated());

    public static Exact operator +(Exact a, Exact b)
    {
        if (a._fraction is null && b._fraction is null)
        {
            if (a._scale == b._scale) return Within(a._mantissa + b._mantissa, a._scale);
            var scale = Math.Max(a._scale, b._scale);
            if (a.TryMantissa(scale, out var left) && b.TryMantissa(scale, out var right)) return Within(left + right, scale);
        }
        return From(a.ToFraction() + b.ToFraction());
    }

    public static Exact operator -(Exact a, Exact b) => a + -b;

    public static Exact operator *(Exact a, Exact b)
    {
        if (a._fraction is null && b._fraction is null && a._scale + b._scale <= MaxScale && Bits(a._mantissa) + Bits(b._mantissa) <= 126)
            return new(unchecked(a._mantissa * b._mantissa), a._scale + b._scale);
        return From(a.ToFraction() * b.ToFraction());
    }

    /// <summary>The exact quotient; <see cref="DivideByZeroException"/> for a divisor of zero.</summary>
    public static Exact operator /(Exact a, Exact b) => From(a.ToFraction() / b.ToFraction());

    public static bool operator <(Exact a, Exact b) => a.CompareTo(b) < 0;

    public static bool operator >(Exact a, Exact b) => a.CompareTo(b) > 0;

    public static bool operator <=(Exact a, Exact b) => a.CompareTo(b) <= 0;

    public static bool operator >=(Exact a, Exact b) => a.CompareTo(b) >= 0;

    public static bool operator ==(Exact a, Exact b) => a.CompareTo(b) == 0;

    public static bool operator !=(Exact a, Exact b) => a.CompareTo(b) != 0;

    public static Exact Min(Exact a, Exact b) => a <= b ? a : b;

    public static Exact Max(Exact a, Exact b) => a >= b ? a : b;

    public static Exact Abs(Exact value) => value.Sign < 0 ? -value : value;

    public static Exact Sum(IEnumerable<Exact> values) => values.Aggregate(Zero, (sum, value) => sum + value);

    /// <summary>The exact value of a part in a hundred: 19 is 0.19.</summary>
    public static Exact Percent(Exact percent) => percent * new Exact(1, 2);

    public int CompareTo(Exact other)
    {
        if (_fraction is null && other._fraction is null)
        {
            var scale = Math.Max(_scale, other._scale);
            if (TryMantissa(scale, out var left) && other.TryMantissa(scale, out var right)) return left.CompareTo(right);
        }
        return ToFraction().CompareTo(other.ToFraction());
    }

    public bool Equals(Exact other) => CompareTo(other) == 0;

    public override bool Equals(object? obj) => obj is Exact other && Equals(other);

    public override int GetHashCode()
    {
        var fraction = ToFraction();
        return HashCode.Combine(fraction.Numerator, fraction.Denominator);
    }

    /// <summary>Rounded to <paramref name="places"/> digits behind the point (-18 to 18; negative: before the point).</summary>
    public Exact Round(int places, RoundingMode mode)
    {
        if (places is < -18 or > 18) throw new ArgumentOutOfRangeException(nameof(places), places, "Rounding is to -18 to 18 places");
        if (_fraction is null && _scale <= places) return this;
        return _fraction is null && _scale - places <= MaxScale
            ? Shift(Division.Rounded(_mantissa, Powers[_scale - places], mode), places)
            : ShiftWide(ToFraction().Times(places).Rounded(mode), places);
    }

    /// <summary>How many whole times <paramref name="size"/> (positive) fits, rounded by <paramref name="mode"/>.</summary>
    public Exact Count(Exact size, RoundingMode mode)
    {
        if (size.Sign <= 0) throw new ArgumentOutOfRangeException(nameof(size), size, "A size is above zero");
        var scale = Math.Max(_scale, size._scale);
        return TryMantissa(scale, out var amount) && size.TryMantissa(scale, out var unit)
            ? new(Division.Rounded(amount, unit, mode), 0)
            : From(new ExactFraction((ToFraction() / size.ToFraction()).Rounded(mode), BigInteger.One));
    }

    /// <summary>With nine decimals, rounded by <paramref name="mode"/>; <see cref="OverflowException"/> beyond 28 digits.</summary>
    public ExactDecimal ToExactDecimal(RoundingMode mode = RoundingMode.HalfEven)
    {
        if (Round(ExactDecimal.Scale, mode).TryMantissa(ExactDecimal.Scale, out var unscaled) && Int128.Abs(unscaled) <= ExactDecimal.MaxUnscaled) return new(unscaled);
        throw new OverflowException("An amount of more than 28 digits");
    }

    /// <summary>The value times 10^scale, if it is whole and below 2^126.</summary>
    internal bool TryMantissa(int scale, out Int128 mantissa)
    {
        mantissa = _mantissa;
        if (_fraction is not null) return false;
        if (_scale == scale) return true;
        if (_scale > scale)
        {
            var (quotient, remainder) = Int128.DivRem(_mantissa, Powers[_scale - scale]);
            mantissa = quotient;
            return remainder == 0;
        }
        var power = Powers[scale - _scale];
        if (Bits(_mantissa) + Bits(power) > 126) return false;
        mantissa = unchecked(_mantissa * power);
        return true;
    }

    /// <summary>A value of <paramref name="mantissa"/> times 10^-scale, for models that count in whole parts themselves.</summary>
    internal static Exact FromMantissa(Int128 mantissa, int scale) => Within(mantissa, scale);

    internal ExactFraction ToFraction() => _fraction ?? new ExactFraction(_mantissa, Powers[_scale]);

    internal static Exact From(ExactFraction fraction) => fraction.TryDecimal(out var mantissa, out var scale) ? new(mantissa, scale) : new(fraction);

    static Exact Within(Int128 mantissa, int scale) =>
        mantissa < Limit && mantissa > -Limit ? new(mantissa, scale) : From(new ExactFraction(mantissa, Powers[scale]));

    static Exact Shift(Int128 rounded, int places) =>
        places >= 0 ? new(rounded, places) : new Exact(rounded, 0) * new Exact(Powers[-places], 0);

    static Exact ShiftWide(BigInteger rounded, int places) => From(new ExactFraction(rounded, BigInteger.One).Times(-places));

    static int Bits(Int128 value) => 128 - (int)Int128.LeadingZeroCount(value < 0 ? ~value : value);
}
