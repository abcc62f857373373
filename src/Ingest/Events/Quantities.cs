using System.Globalization;
using Streams.Schemas;

namespace Streams.Ingest.Events;

/// <summary>Quantities from text, exactly: never by way of binary floating point.</summary>
static class Quantities
{
    const int MaxCharacters = 64;
    const int MaxExponent = 28;

    /// <summary>Plain decimal notation, as <see cref="ExactDecimal.Parse(string)"/> takes it.</summary>
    public static ExactDecimal FromText(ReadOnlySpan<char> text, string field)
    {
        if (text.Length > MaxCharacters) throw Invalid(field, $"has more than {MaxCharacters} characters");
        return ExactDecimal.TryParse(text, out var value, out var reason) ? value : throw Invalid(field, reason!);
    }

    /// <summary>A JSON number, which may have an exponent of at most 28 either way: 1.5e3 is 1500.</summary>
    public static ExactDecimal FromJsonNumber(string text, string field)
    {
        if (text.Length > MaxCharacters) throw Invalid(field, $"has more than {MaxCharacters} characters");
        var e = text.IndexOfAny(['e', 'E']);
        if (e < 0) return FromText(text, field);
        if (!int.TryParse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var exponent) || Math.Abs((long)exponent) > MaxExponent)
        {
            throw Invalid(field, $"has an exponent beyond {MaxExponent}");
        }
        // Shifting the point can take the text over the limit for what senders write; the digits are still checked.
        return ExactDecimal.TryParse(Shift(text.AsSpan(0, e), exponent), out var value, out var reason) ? value : throw Invalid(field, reason!);
    }

    static string Shift(ReadOnlySpan<char> mantissa, int exponent)
    {
        var sign = mantissa[0] == '-' ? "-" : "";
        var unsigned = mantissa[sign.Length..];
        var dot = unsigned.IndexOf('.');
        var whole = dot < 0 ? unsigned.ToString() : unsigned[..dot].ToString();
        var digits = dot < 0 ? whole : string.Concat(whole, unsigned[(dot + 1)..]);
        var point = whole.Length + exponent;
        if (point <= 0) return $"{sign}0.{new string('0', -point)}{digits}".TrimEnd('0') is var small && small.EndsWith('.') ? "0" : small;
        if (point >= digits.Length) return $"{sign}{digits.PadRight(point, '0').TrimStart('0').PadLeft(1, '0')}";
        return $"{sign}{digits[..point]}.{digits[point..]}";
    }

    static EventRefusedException Invalid(string field, string reason) => new(RefusalCodes.QuantityInvalid, field, reason);
}
