using Streams.Schemas;

namespace Streams.Ingest.Events;

/// <summary>
/// Times as RFC 3339 writes them: 2026-01-31T23:30:00.5+02:00. Decimals behind the sixth are cut off, because events are kept in microseconds.
/// Leap seconds (:60) are refused: no clock that rating relies on has them.
/// </summary>
static class Rfc3339
{
    const int MaxLength = 64;

    public static bool TryParse(ReadOnlySpan<char> text, out Timestamp time)
    {
        time = default;
        if (text.Length is < 20 or > MaxLength) return false;
        if (text[4] != '-' || text[7] != '-' || text[10] is not ('T' or 't') || text[13] != ':' || text[16] != ':') return false;
        if (!Number(text[..4], out var year) || !Number(text[5..7], out var month) || !Number(text[8..10], out var day)) return false;
        if (!Number(text[11..13], out var hour) || !Number(text[14..16], out var minute) || !Number(text[17..19], out var second)) return false;
        if (year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)) return false;
        if (hour > 23 || minute > 59 || second > 59) return false;
        if (!Fraction(text[19..], out var micros, out var zone) || !Offset(zone, out var offsetMinutes)) return false;
        var local = Timestamp.From(new DateTimeOffset(year, month, day, hour, minute, second, TimeSpan.Zero));
        time = new(local.Micros + micros - offsetMinutes * 60_000_000L);
        return time.IsRepresentable;
    }

    static bool Fraction(ReadOnlySpan<char> text, out int micros, out ReadOnlySpan<char> rest)
    {
        micros = 0;
        rest = text;
        if (text[0] != '.') return true;
        var digits = 0;
        while (digits + 1 < text.Length && char.IsAsciiDigit(text[digits + 1])) digits++;
        for (var i = 0; i < 6; i++) micros = micros * 10 + (i < digits ? text[i + 1] - '0' : 0);
        rest = text[(digits + 1)..];
        return digits > 0;
    }

    static bool Offset(ReadOnlySpan<char> text, out int minutes)
    {
        minutes = 0;
        if (text is "Z" or "z") return true;
        if (text.Length != 6 || text[0] is not ('+' or '-') || text[3] != ':') return false;
        if (!Number(text[1..3], out var hours) || !Number(text[4..6], out var rest) || hours > 23 || rest > 59) return false;
        minutes = (text[0] == '-' ? -1 : 1) * (hours * 60 + rest);
        return true;
    }

    static bool Number(ReadOnlySpan<char> text, out int value)
    {
        value = 0;
        foreach (var c in text)
        {
            if (!char.IsAsciiDigit(c)) return false;
            value = value * 10 + (c - '0');
        }
        return true;
    }
}
