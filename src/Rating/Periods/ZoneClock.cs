using System.Collections.Concurrent;
using Streams.Schemas;

namespace Streams.Rating.Periods;

/// <summary>
/// The wall clock of an IANA time zone between 1970 and 2200, as a table of the instants at which its offset from UTC changes.
/// <para>One rule covers both changes of a clock: a local time begins at <b>the first instant at which the clock shows that time or a later one</b>.
/// A time that the clock skips (a gap) therefore begins where the gap does, and a time shown twice (an overlap) begins at its first showing.</para>
/// The table is made once per zone and process from the machine's time zone database; look-ups allocate nothing. Safe for any number of threads.
/// </summary>
public sealed class ZoneClock
{
    public const long MinuteMicros = 60_000_000, HourMicros = 60 * MinuteMicros, DayMicros = 24 * HourMicros;

    /// <summary>The instants that can be asked about.</summary>
    public static readonly TimeWindow Supported = new(At(1970), At(2200));

    /// <summary>Periods around the last supported instant reach beyond it by a year.</summary>
    const int LastYear = 2203;

    static readonly int Epoch = new DateOnly(1970, 1, 1).DayNumber;

    static readonly ConcurrentDictionary<string, ZoneClock> Known = new(StringComparer.Ordinal);

    readonly long[] _from;
    readonly long[] _offset;
    int _recent;

    ZoneClock(string id)
    {
        const long Second = 1_000_000;
        Id = id;
        var changes = ZoneFile.Read(id, LastYear);
        // The first entry has no beginning; in some files the second lies further back than microseconds count.
        _from = [.. changes.Select((c, i) => i == 0 ? long.MinValue : Math.Max(c.At, long.MinValue / Second) * Second), long.MaxValue];
        _offset = [.. changes.Select(c => c.Offset * Second)];
    }

    /// <summary>The IANA name, e.g. Europe/Berlin.</summary>
    public string Id { get; }

    public static ZoneClock Utc => Of("UTC");

    /// <summary>The clock of a zone, by its IANA name.</summary>
    /// <exception cref="TimeZoneNotFoundException">The machine's time zone database does not have it.</exception>
    public static ZoneClock Of(string id)
    {
        if (Known.TryGetValue(id, out var clock)) return clock;
        return Known.GetOrAdd(id, new ZoneClock(id));
    }

    /// <summary>What is to be added to UTC at an instant, in microseconds.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not within <see cref="Supported"/>.</exception>
    public long OffsetAt(Timestamp at) => _offset[Segment(Checked(at).Micros)];

    /// <summary>The date that the clock shows at an instant.</summary>
    public DateOnly DateShown(Timestamp at) => DateOnly.FromDayNumber(Epoch + DayShown(at));

    /// <summary>The hour that the clock shows at an instant, 0 to 23.</summary>
    public int HourShown(Timestamp at) => (int)(FloorMod(at.Micros + OffsetAt(at), DayMicros) / HourMicros);

    /// <summary>When a date begins: the first instant at which the clock shows that midnight or later.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A date that no supported instant has to do with.</exception>
    public Timestamp StartOf(DateOnly date)
    {
        if (date.Year is < 1969 or > 2201) throw new ArgumentOutOfRangeException(nameof(date), date, "Not within the years 1969 to 2201");
        return new(FirstShowing((date.DayNumber - Epoch) * DayMicros));
    }

    /// <summary>
    /// The date an instant belongs to: the last one that has begun (<see cref="StartOf"/>). It differs from <see cref="DateShown"/> only where a clock goes
    /// back over midnight: the hour before midnight that is then shown again belongs to the new date.
    /// </summary>
    public DateOnly DateOf(Timestamp at)
    {
        var day = DateShown(at).AddDays(1);
        while (StartOf(day) > at) day = day.AddDays(-1);
        return day;
    }

    /// <summary>The day around an instant: 23, 24 or 25 hours as a rule.</summary>
    public TimeWindow DayOf(Timestamp at)
    {
        var date = DateOf(at);
        return new(StartOf(date), StartOf(date.AddDays(1)));
    }

    /// <summary>The minute around an instant; see <see cref="HourOf"/>.</summary>
    public TimeWindow MinuteOf(Timestamp at) => Slice(at, MinuteMicros);

    /// <summary>
    /// The hour around an instant. One begins where the clock shows a full hour and wherever its offset changes, so an hour that is shown twice is two windows,
    /// and a change by half an hour cuts one.
    /// </summary>
    public TimeWindow HourOf(Timestamp at) => Slice(at, HourMicros);

    TimeWindow Slice(Timestamp at, long unit)
    {
        var segment = Segment(Checked(at).Micros);
        var shown = at.Micros + _offset[segment];
        var start = shown - FloorMod(shown, unit) - _offset[segment];
        return new(new(Math.Max(start, _from[segment])), new(Math.Min(start + unit, _from[segment + 1])));
    }

    int DayShown(Timestamp at)
    {
        var shown = at.Micros + OffsetAt(at);
        return (int)((shown - FloorMod(shown, DayMicros)) / DayMicros);
    }

    long FirstShowing(long local)
    {
        // No zone is a day away from UTC, so before this instant the clock shows less.
        for (var i = Segment(local - DayMicros); ; i++)
        {
            var candidate = Math.Max(_from[i], local - _offset[i]);
            if (candidate < _from[i + 1]) return candidate;
        }
    }

    int Segment(long micros)
    {
        // Events come roughly in time order: mostly it is the segment asked for last. A torn race costs a search, not a wrong answer.
        var recent = Volatile.Read(ref _recent);
        if (micros >= _from[recent] && micros < _from[recent + 1]) return recent;
        var found = Array.BinarySearch(_from, micros);
        if (found < 0) found = ~found - 1;
        Volatile.Write(ref _recent, found);
        return found;
    }

    static Timestamp Checked(Timestamp at) =>
        Supported.Contains(at) ? at : throw new ArgumentOutOfRangeException(nameof(at), at, "Not within the years 1970 to 2199");

    static long FloorMod(long value, long divisor)
    {
        var remainder = value % divisor;
        return remainder < 0 ? remainder + divisor : remainder;
    }

    static Timestamp At(int year) => Timestamp.From(new(year, 1, 1, 0, 0, 0, TimeSpan.Zero));
}
