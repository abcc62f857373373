using Confluent.Kafka;
using Streams.Streaming.Native;

namespace Streams.Streaming;

/// <summary>A record as it came from its topic. Spans are valid only while the record is being processed.</summary>
public readonly ref struct Record
{
    public required string Topic { get; init; }

    public required int Partition { get; init; }

    public required long Offset { get; init; }

    /// <summary>Milliseconds since the epoch, as the record is stamped.</summary>
    public required long Timestamp { get; init; }

    /// <summary>The key's bytes; empty when there is no key, see <see cref="HasKey"/>.</summary>
    public required ReadOnlySpan<byte> Key { get; init; }

    public required bool HasKey { get; init; }

    /// <summary>The value's bytes; empty for a tombstone, see <see cref="HasValue"/>.</summary>
    public required ReadOnlySpan<byte> Value { get; init; }

    public required bool HasValue { get; init; }

    /// <summary>The record's headers, or null when there are none. Read when asked for: most processors never do.</summary>
    public Headers? Headers
    {
        get => field ?? (Native == 0 ? null : NativeHeaders.Read(Native));
        init;
    }

    /// <summary>The fetched message that this record shows, or 0.</summary>
    internal nint Native { get; init; }
}
