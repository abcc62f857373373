using System.Globalization;

namespace Streams.Rating.Numbers;

/// <summary>Text of exact numbers.</summary>
public readonly partial struct Exact
{
    /// <summary>The longest text that is read.</summary>
    const int MaxDigits = 36;

    /// <summary>Parses plain decimal notation ("-12.5") of at most 36 digits, 18 of them decimals.</summary>
    /// <exception cref="FormatException">Says which rule the text breaks.</exception>
    public static Exact Parse(string text) => TryParse(text, out var value, out var error) ? value : throw new FormatException($"'{text}' {error}");

    /// <summary>As <see cref="Parse"/>, with the reason instead of an exception.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Exact value, out string? error)
    {
        value = default;
        var negative = text.Length > 0 && text[0] == '-';
        var digits = negative ? text[1..] : text;
        error = Fault(digits);
        if (error is not null) return false;
        var point = digits.IndexOf('.');
        Int128 mantissa = 0;
        foreach (var c in digits)
        {
            if (c != '.') mantissa = mantissa * 10 + (c - '0');
        }
        value = new(negative ? -mantissa : mantissa, point < 0 ? 0 : digits.Length - point - 1);
        return true;
    }

    static string? Fault(ReadOnlySpan<char> digits)
    {
        var point = digits.IndexOf('.');
        if (digits.Length == 0 || point == 0 || point == digits.Length - 1) return "is not a plain decimal number";
        if (digits.Length > MaxDigits) return $"has more than {MaxDigits} characters";
        if (point >= 0 && digits.Length - point - 1 > 18) return "has more than 18 decimals";
        for (var i = 0; i < digits.Length; i++)
        {
            if (i != point && !char.IsAsciiDigit(digits[i])) return "is not a plain decimal number";
        }
        return null;
    }

    /// <summary>Plain notation without trailing zeros ("12.5"), or numerator and denominator ("470/31") of what is no decimal.</summary>
    public override string ToString()
    {
        if (_fraction is not null) return _fraction.ToString();
        var text = Int128.Abs(_mantissa).ToString(CultureInfo.InvariantCulture).PadLeft(_scale + 1, '0');
        var fraction = text[^_scale..].TrimEnd('0');
        if (_scale == 0) fraction = "";
        var sign = _mantissa < 0 ? "-" : "";
        var whole = text[..^_scale];
        return fraction.Length == 0 ? sign + whole : $"{sign}{whole}.{fraction}";
    }

    /// <summary>With exactly <paramref name="places"/> decimals, as amounts are written; rounded half up where there are more.</summary>
    public string ToString(int places)
    {
        var rounded = Round(places, RoundingMode.HalfUp).ToString();
        if (places == 0) return rounded;
        var point = rounded.IndexOf('.');
        return point < 0 ? $"{rounded}.{new string('0', places)}" : rounded.PadRight(point + 1 + places, '0');
    }
}
