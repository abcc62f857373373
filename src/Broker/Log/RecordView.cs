namespace Streams.Broker.Log;

/// <summary>One record of a batch, read in place.</summary>
internal readonly ref struct RecordView
{
    /// <summary>Its offset less the batch's base offset.</summary>
    public required int OffsetDelta { get; init; }

    /// <summary>Milliseconds since 1970: the record's own, or the broker's where the topic keeps the time of arrival.</summary>
    public required long Timestamp { get; init; }

    public required byte Attributes { get; init; }

    public required bool HasKey { get; init; }

    public required ReadOnlySpan<byte> Key { get; init; }

    /// <summary>A record with a key and no value is a tombstone.</summary>
    public required bool HasValue { get; init; }

    /// <summary>What follows the deltas, to the end of the record: key, value and headers with their lengths, as they were written.</summary>
    public required ReadOnlySpan<byte> Body { get; init; }
}
