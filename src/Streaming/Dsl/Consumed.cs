using Streams.Streaming.SerDes;

namespace Streams.Streaming.Dsl;

/// <summary>How a topic is read (Kafka Streams' Consumed).</summary>
public sealed record Consumed<TKey, TValue>
{
    private Consumed(ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes) => (KeySerDes, ValueSerDes) = (keySerDes, valueSerDes);

    public ISerDes<TKey> KeySerDes { get; }

    public ISerDes<TValue> ValueSerDes { get; }

    public TimestampExtractor<TKey, TValue>? TimestampExtractor { get; private init; }

    public string? Name { get; private init; }

    /// <summary>Null: stream time is moved by records alone.</summary>
    public TimeSpan? IdleTimeout { get; private init; }

    public static Consumed<TKey, TValue> With(ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes) => new(keySerDes, valueSerDes);

    public Consumed<TKey, TValue> WithTimestampExtractor(TimestampExtractor<TKey, TValue> extractor) => this with { TimestampExtractor = extractor };

    public Consumed<TKey, TValue> WithName(string name) => this with { Name = name };

    /// <summary>
    /// Closes the windows of idle partitions by the wall clock. When a task that keeps windows (or held-back updates) had no record for this long, it writes a time
    /// marker with the time "now minus this timeout", if that is after stream time, into the topic that it reads: the repartition topic before the operator, or else
    /// this topic, which may therefore not be compacted. It is a record without key and value with the header "streams.stream-time"; others that read the topic
    /// see it. At most one is written each timeout, and none once every window must be closed. A record that comes later than a marker by which its window closed
    /// is late: the timeout should be longer than the pauses, and outages, which records may have.
    /// </summary>
    public Consumed<TKey, TValue> WithIdleTimeout(TimeSpan timeout)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(timeout, TimeSpan.FromMilliseconds(1));
        return this with { IdleTimeout = timeout };
    }
}
