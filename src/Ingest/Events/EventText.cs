using System.Text;

namespace Streams.Ingest.Events;

/// <summary>What text may be in an event: no control characters, no half surrogate pairs, bounded in UTF-8 bytes.</summary>
static class EventText
{
    /// <summary>Ids, sources, customers and meters, in UTF-8 bytes.</summary>
    public const int MaxIdBytes = 200;

    /// <summary>Keys and values of dimensions, in UTF-8 bytes.</summary>
    public const int MaxDimensionBytes = 256;

    public static string RequireId(string? value, string field) => Require(value, field, MaxIdBytes);

    /// <summary>Text that must be there and must not be empty.</summary>
    public static string Require(string? value, string field, int maxBytes)
    {
        if (string.IsNullOrEmpty(value)) throw new EventRefusedException(RefusalCodes.FieldMissing, field, "is missing or empty");
        return Check(value, field, maxBytes);
    }

    public static string Check(string value, string field, int maxBytes)
    {
        // No character is shorter than one byte, so this bounds the loop below.
        if (value.Length > maxBytes) throw TooLong(field, maxBytes);
        for (var i = 0; i < value.Length; i++)
        {
            if (char.IsControl(value[i])) throw Invalid(field, $"holds the control character U+{(int)value[i]:X4}");
            if (!char.IsSurrogate(value[i])) continue;
            if (i + 1 >= value.Length || !char.IsSurrogatePair(value[i], value[i + 1])) throw Invalid(field, "holds half a surrogate pair");
            i++;
        }
        return Encoding.UTF8.GetByteCount(value) <= maxBytes ? value : throw TooLong(field, maxBytes);
    }

    static EventRefusedException Invalid(string field, string reason) => new(RefusalCodes.TextInvalid, field, reason);

    static EventRefusedException TooLong(string field, int maxBytes) =>
        new(RefusalCodes.TextTooLong, field, $"has more than {maxBytes} bytes in UTF-8");
}
