using System.Globalization;
using System.Text.RegularExpressions;

namespace Streams.Rating.Periods;

/// <summary>
/// A zone's rule for the years to come, e.g. <c>EET-2EEST,M4.5.5/0,M10.5.4/24</c>: standard time, summer time, and when each year they begin
/// (POSIX TZ, with RFC 8536's hours of -167 to 167). All in seconds.
/// </summary>
sealed partial class PosixRule
{
    const int Hour = 3600, Day = 24 * Hour;

    readonly int _standard;
    readonly int? _summer;
    readonly string[] _dates;

    PosixRule(int standard, int? summer, string[] dates) => (_standard, _summer, _dates) = (standard, summer, dates);

    /// <exception cref="FormatException">Not such a rule.</exception>
    public static PosixRule Parse(string text)
    {
        var match = Rule().Match(text);
        if (!match.Success) throw new FormatException($"'{text}' is not a rule");
        var standard = -Seconds(match.Groups["standard"].Value);
        if (!match.Groups["dst"].Success) return new(standard, null, []);
        var summer = match.Groups["summer"].Value is { Length: > 0 } offset ? -Seconds(offset) : standard + Hour;
        return new(standard, summer, [match.Groups["start"].Value, match.Groups["end"].Value]);
    }

    /// <summary>The changes behind an instant, in order, through a year.</summary>
    public IEnumerable<(long At, int Offset)> Changes(long after, int untilYear)
    {
        if (_summer is not { } summer) return [];
        const long EarliestTold = -100L * 365 * Day;
        var first = DateTime.UnixEpoch.AddSeconds(Math.Max(after, EarliestTold)).Year;
        return Enumerable.Range(first, Math.Max(0, untilYear - first + 1))
            .SelectMany(year => new[] { (At(_dates[0], year, _standard), summer), (At(_dates[1], year, summer), _standard) })
            .Where(change => change.Item1 > after)
            .OrderBy(change => change.Item1);
    }

    /// <summary>A date and time of a clock that shows a given offset.</summary>
    static long At(string rule, int year, int offset)
    {
        var parts = rule.Split('/');
        var time = parts.Length > 1 ? Seconds(parts[1]) : 2 * Hour;
        return (DateOf(parts[0], year).DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber) * (long)Day + time - offset;
    }

    static DateOnly DateOf(string rule, int year)
    {
        var newYear = new DateOnly(year, 1, 1);
        if (rule[0] == 'J')
        {
            // Day 1 to 365, in which 29 February does not count.
            var day = int.Parse(rule.AsSpan(1), CultureInfo.InvariantCulture);
            return newYear.AddDays(day - 1 + (day >= 60 && DateTime.IsLeapYear(year) ? 1 : 0));
        }
        if (rule[0] != 'M') return newYear.AddDays(int.Parse(rule, CultureInfo.InvariantCulture));
        var parts = rule[1..].Split('.').Select(p => int.Parse(p, CultureInfo.InvariantCulture)).ToArray();
        var (month, week, weekday) = (parts[0], parts[1], parts[2]);
        var first = new DateOnly(year, month, 1);
        var date = first.AddDays((weekday - (int)first.DayOfWeek + 7) % 7 + (week - 1) * 7);
        // Week 5 is the last one that the month has.
        return date.Month == month ? date : date.AddDays(-7);
    }

    static int Seconds(string text)
    {
        var parts = text.TrimStart('+', '-').Split(':').Select(p => int.Parse(p, CultureInfo.InvariantCulture)).ToArray();
        var seconds = parts[0] * Hour + parts.ElementAtOrDefault(1) * 60 + parts.ElementAtOrDefault(2);
        return text.StartsWith('-') ? -seconds : seconds;
    }

    const string Name = "(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)", Time = "[+-]?[0-9]{1,3}(?::[0-9]{2}){0,2}", Date = "(?:M[0-9]{1,2}\\.[1-5]\\.[0-6]|J?[0-9]{1,3})";

    [GeneratedRegex($"^{Name}(?<standard>{Time})(?<dst>{Name}(?<summer>{Time})?,(?<start>{Date}(?:/{Time})?),(?<end>{Date}(?:/{Time})?))?$", RegexOptions.CultureInvariant)]
    private static partial Regex Rule();
}
