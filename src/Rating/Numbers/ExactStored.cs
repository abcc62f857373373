using System.Globalization;
using System.Numerics;

namespace Streams.Rating.Numbers;

/// <summary>Exact numbers as they are stored.</summary>
public readonly partial struct Exact
{
    /// <summary>Reads what <see cref="ToString()"/> writes, whatever its size: plain decimals and fractions of at most <see cref="ExactFraction.MaxBits"/> bits.</summary>
    /// <exception cref="FormatException">It is neither.</exception>
    public static Exact ParseStored(string text)
    {
        const int MaxLength = 1300;
        if (text.Length > MaxLength) throw new FormatException($"A number of more than {MaxLength} characters");
        if (TryParse(text, out var plain, out _)) return plain;
        var slash = text.IndexOf('/');
        var (number, denominator) = slash < 0 ? (text, BigInteger.One) : (text[..slash], Whole(text[(slash + 1)..], text));
        var point = number.IndexOf('.');
        var places = point < 0 ? 0 : number.Length - point - 1;
        if (denominator.Sign <= 0 || places > MaxScale) throw NotStored(text);
        return From(new ExactFraction(Whole(point < 0 ? number : number.Remove(point, 1), text), denominator * BigInteger.Pow(10, places)));
    }

    static BigInteger Whole(string digits, string text) =>
        BigInteger.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : throw NotStored(text);

    static FormatException NotStored(string text) => new($"'{text}' is neither a decimal nor a fraction");
}
