namespace Streams.Schemas;

/// <summary>A point in time, UTC, in microseconds since 1970-01-01T00:00:00Z (Avro <c>timestamp-micros</c>).</summary>
public readonly record struct Timestamp(long Micros) : IComparable<Timestamp>
{
    static readonly long MinMicros = (DateTimeOffset.MinValue.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / 10;
    static readonly long MaxMicros = (DateTimeOffset.MaxValue.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / 10;

    /// <summary>Milliseconds since the epoch, rounded down: what Kafka stamps records with.</summary>
    public long Millis => Micros / 1000 - (Micros % 1000 < 0 ? 1 : 0);

    /// <summary>Whether the years 1 to 9999 hold it; only then can it be shown as a date.</summary>
    public bool IsRepresentable => Micros >= MinMicros && Micros <= MaxMicros;

    public static Timestamp From(DateTimeOffset time) => new((time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / 10);

    public static Timestamp FromMillis(long millis) => new(millis * 1000);

    public DateTimeOffset ToDateTimeOffset() => DateTimeOffset.UnixEpoch.AddTicks(Micros * 10);

    public int CompareTo(Timestamp other) => Micros.CompareTo(other.Micros);

    public static bool operator <(Timestamp a, Timestamp b) => a.Micros < b.Micros;

    public static bool operator >(Timestamp a, Timestamp b) => a.Micros > b.Micros;

    public static bool operator <=(Timestamp a, Timestamp b) => a.Micros <= b.Micros;

    public static bool operator >=(Timestamp a, Timestamp b) => a.Micros >= b.Micros;

    /// <summary>ISO 8601 in UTC with as many decimals as needed, e.g. 2026-01-31T23:30:00Z.</summary>
    public override string ToString() =>
        IsRepresentable ? ToDateTimeOffset().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", System.Globalization.CultureInfo.InvariantCulture) : $"{Micros}us";
}
