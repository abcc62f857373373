namespace Streams.Streaming.Dsl;

/// <summary>Which updates of a table are held back, and for how long (Kafka Streams' Suppressed). Only the latest update of a key is kept.</summary>
public sealed record Suppressed
{
    private Suppressed()
    {
    }

    public BufferConfig Buffer { get; private init; } = BufferConfig.Unbounded();

    /// <summary>How long an update waits for another of its key; null: until its window closes.</summary>
    public TimeSpan? Limit { get; private init; }

    /// <summary>Names the operator; its buffer's store is "&lt;name&gt;-store".</summary>
    public string? Name { get; private init; }

    /// <summary>
    /// Each window once, with what it holds when it closes: the final result. The table's keys must be windows; when they close is found out from the operator that
    /// cut them. Deleted windows are not emitted.
    /// </summary>
    public static Suppressed UntilWindowCloses(StrictBufferConfig buffer) => new() { Buffer = buffer };

    /// <summary>A key's latest update, when stream time is that long past the first one that was held back.</summary>
    public static Suppressed UntilTimeLimit(TimeSpan limit, BufferConfig buffer)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, TimeSpan.Zero);
        return new() { Limit = limit, Buffer = buffer };
    }

    public Suppressed WithName(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return this with { Name = name };
    }
}
