using System.Globalization;
using Streams.Ingest.Events;
using Streams.Schemas;

namespace Streams.Ingest.Files;

/// <summary>Where a line's time stands and how it is written (.NET's custom format). <see cref="Zone"/>: UTC, an offset such as +02:00, or "inText" where the format has one.</summary>
public sealed record TimeMapping
{
    const string InText = "inText";

    public required string Column { get; init; }

    public required string Format { get; init; }

    public required string Zone { get; init; }

    /// <summary>The exact time; decimals behind the sixth are cut off.</summary>
    internal Timestamp Read(string text)
    {
        var valid = Zone == InText
            ? DateTimeOffset.TryParseExact(text, Format, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
            : TryLocal(text, out time);
        return valid ? Timestamp.From(time) : throw new EventRefusedException(RefusalCodes.TimeInvalid, Column, $"is not a time of the form {Format}");
    }

    internal void Validate()
    {
        ImportMapping.Require(TryOffset(out _), "time.zone must be UTC, an offset such as +02:00, or inText; zones with summer time are ambiguous once a year");
        ImportMapping.Require((Zone == InText) == (Format.Contains('z') || Format.Contains('K')), "time.format must hold the offset (zzz) exactly when time.zone is inText");
    }

    bool TryLocal(string text, out DateTimeOffset time)
    {
        time = default;
        if (!DateTime.TryParseExact(text, Format, CultureInfo.InvariantCulture, DateTimeStyles.None, out var local) || !TryOffset(out var offset)) return false;
        if (local.Year is < 2 or > 9998) return false;
        time = new DateTimeOffset(DateTime.SpecifyKind(local, DateTimeKind.Unspecified), offset);
        return true;
    }

    bool TryOffset(out TimeSpan offset)
    {
        offset = TimeSpan.Zero;
        if (Zone is InText or "UTC" or "Z") return true;
        var sign = Zone.StartsWith('-') ? -1 : Zone.StartsWith('+') ? 1 : 0;
        if (sign == 0 || !TimeSpan.TryParseExact(Zone[1..], @"hh\:mm", CultureInfo.InvariantCulture, out var size) || size > TimeSpan.FromHours(14)) return false;
        offset = size * sign;
        return true;
    }
}
