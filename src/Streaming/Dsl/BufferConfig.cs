namespace Streams.Streaming.Dsl;

/// <summary>How much a suppression may hold back in one task (Kafka Streams' BufferConfig). Bytes are those of serialized keys and values.</summary>
public abstract record BufferConfig
{
    private protected BufferConfig(long? maxRecords, long? maxBytes) => (MaxRecordsHeld, MaxBytesHeld) = (maxRecords, maxBytes);

    /// <summary>Null: no limit.</summary>
    public long? MaxRecordsHeld { get; }

    /// <summary>Null: no limit.</summary>
    public long? MaxBytesHeld { get; }

    /// <summary>Holds what comes; to be limited by memory alone.</summary>
    public static StrictBufferConfig Unbounded() => new(null, null);

    /// <summary>Holds that many keys and, when there are more, emits the oldest early.</summary>
    public static EagerBufferConfig MaxRecords(long records) => new(AtLeastOne(records), null);

    /// <summary>Holds that many bytes and, when there are more, emits the oldest early.</summary>
    public static EagerBufferConfig MaxBytes(long bytes) => new(null, AtLeastOne(bytes));

    private protected static long AtLeastOne(long limit) => limit >= 1 ? limit : throw new ArgumentOutOfRangeException(nameof(limit), $"a limit of {limit}");
}

/// <summary>A buffer that never emits early: without a limit, or the application fails when it is reached.</summary>
public sealed record StrictBufferConfig : BufferConfig
{
    internal StrictBufferConfig(long? maxRecords, long? maxBytes)
        : base(maxRecords, maxBytes)
    {
    }

    public StrictBufferConfig WithMaxRecords(long records) => new(AtLeastOne(records), MaxBytesHeld);

    public StrictBufferConfig WithMaxBytes(long bytes) => new(MaxRecordsHeld, AtLeastOne(bytes));
}

/// <summary>A buffer that emits its oldest entries early when it is full.</summary>
public sealed record EagerBufferConfig : BufferConfig
{
    internal EagerBufferConfig(long? maxRecords, long? maxBytes)
        : base(maxRecords, maxBytes)
    {
    }

    public EagerBufferConfig WithMaxRecords(long records) => new(AtLeastOne(records), MaxBytesHeld);

    public EagerBufferConfig WithMaxBytes(long bytes) => new(MaxRecordsHeld, AtLeastOne(bytes));

    /// <summary>The same limits; the application fails when one is reached.</summary>
    public StrictBufferConfig ShutDownWhenFull() => new(MaxRecordsHeld, MaxBytesHeld);

    /// <summary>No limits.</summary>
    public StrictBufferConfig WithNoBound() => Unbounded();
}
