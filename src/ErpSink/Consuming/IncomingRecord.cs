using Streams.Schemas;

namespace Streams.ErpSink.Consuming;

/// <summary>One record of the documents topic as it came.</summary>
public sealed record IncomingRecord(string Topic, int Partition, long Offset, byte[]? Key, byte[]? Value, IReadOnlyList<KeyValuePair<string, byte[]?>> Headers);

/// <summary>Why a record cannot be taken: a stable code and a text that names the field.</summary>
public sealed record Rejection(string Code, string Detail, string Stage);

/// <summary>A record after reading and checking: either a document with its Avro binary, or a rejection.</summary>
public sealed record JudgedRecord(IncomingRecord Record, ErpDocument? Document, byte[] Avro, Rejection? Rejection)
{
    /// <summary>The key of the document that this one says it reverses; null for all others.</summary>
    public string? Reverses { get; init; }
}
