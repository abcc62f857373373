using System.Text.Json;
using System.Text.Json.Serialization;

namespace Streams.ErpSink.Replay;

/// <summary>
/// Which part of the documents topic is read again: from where on, in the scenario words of kafka-consumer-groups, and of that which documents. No start means the
/// earliest record, or where the ledger knows the documents to be.
/// </summary>
public sealed record ReplayScope
{
    /// <summary>Keys in one scope.</summary>
    public const int MaxKeys = 100_000;

    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>Each partition from this offset on.</summary>
    public long? ToOffset { get; init; }

    /// <summary>Each partition from the first record with this or a later timestamp.</summary>
    public DateTimeOffset? ToDatetime { get; init; }

    /// <summary>Each partition from so many offsets before (negative) or behind the position that the ledger has read it up to.</summary>
    public long? ShiftBy { get; init; }

    /// <summary>These partitions, each from its offset on.</summary>
    public IReadOnlyDictionary<int, long>? Offsets { get; init; }

    /// <summary>Only these partitions; null: all.</summary>
    public IReadOnlyList<int>? Partitions { get; init; }

    /// <summary>Only documents of this billing period, e.g. 2026-01.</summary>
    public string? Period { get; init; }

    public string? Customer { get; init; }

    /// <summary>Only the documents of this call to an ERP.</summary>
    public long? Batch { get; init; }

    /// <summary>Only these documents.</summary>
    public IReadOnlyList<string>? Keys { get; init; }

    [JsonIgnore]
    public bool HasStart => ToOffset is not null || ToDatetime is not null || ShiftBy is not null || Offsets is not null;

    /// <exception cref="ArgumentException">Names what does not go together.</exception>
    public ReplayScope Validated()
    {
        if (new object?[] { ToOffset, ToDatetime, ShiftBy, Offsets }.Count(s => s is not null) > 1) throw new ArgumentException("to-offset, to-datetime, shift-by and a file of offsets exclude each other");
        if (ToOffset < 0) throw new ArgumentException($"to-offset: {ToOffset} is negative");
        if (Keys is { Count: 0 or > MaxKeys }) throw new ArgumentException($"keys: there are {Keys.Count}, 1 to {MaxKeys} are allowed");
        return this;
    }

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    public static ReplayScope Parse(string json) => JsonSerializer.Deserialize<ReplayScope>(json, Json)!;
}
