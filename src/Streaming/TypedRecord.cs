using Confluent.Kafka;

namespace Streams.Streaming;

/// <summary>
/// A record between nodes (Kafka Streams' Record). Key and value may be missing; with a value type only <see cref="HasKey"/> and
/// <see cref="HasValue"/> tell that from the type's default.
/// </summary>
/// <param name="Timestamp">Milliseconds since the epoch.</param>
/// <param name="Headers">Null where there are none. Shared by all that see the record: copy before changing.</param>
public readonly record struct Record<TKey, TValue>(TKey Key, TValue Value, long Timestamp, Headers? Headers = null)
{
    public bool HasKey { get; init; } = Key is not null;

    public bool HasValue { get; init; } = Value is not null;

    /// <summary>A record without a value: the key was deleted.</summary>
    public static Record<TKey, TValue> Tombstone(TKey key, long timestamp, Headers? headers = null) => new(key, default!, timestamp, headers) { HasValue = false };

    public Record<TOther, TValue> WithKey<TOther>(TOther key) => new(key, Value, Timestamp, Headers) { HasValue = HasValue };

    public Record<TKey, TOther> WithValue<TOther>(TOther value) => new(Key, value, Timestamp, Headers) { HasKey = HasKey };

    /// <summary>The same key, time and headers, and no value.</summary>
    public Record<TKey, TOther> WithoutValue<TOther>() => new(Key, default!, Timestamp, Headers) { HasKey = HasKey, HasValue = false };

    public Record<TKey, TValue> WithTimestamp(long timestamp) => this with { Timestamp = timestamp };

    public Record<TKey, TValue> WithHeaders(Headers? headers) => this with { Headers = headers };
}
