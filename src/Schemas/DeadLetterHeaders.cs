namespace Streams.Schemas;

/// <summary>
/// Headers of dead, late and parked records. The first six are Kafka Streams' (KIP-1034), text in UTF-8; the others are this product's.
/// Key, value, timestamp and headers of the record are the original ones.
/// </summary>
public static class DeadLetterHeaders
{
    public const string Exception = "__streams.errors.exception";
    public const string Message = "__streams.errors.message";
    public const string StackTrace = "__streams.errors.stacktrace";
    public const string Topic = "__streams.errors.topic";
    public const string Partition = "__streams.errors.partition";
    public const string Offset = "__streams.errors.offset";

    /// <summary>A stable code, e.g. AVRO_MALFORMED, SCHEMA_UNKNOWN, NO_CONTRACT.</summary>
    public const string Code = "streams.errors.code";

    /// <summary>Where it happened: deserialization, validation, rating, posting.</summary>
    public const string Stage = "streams.errors.stage";

    /// <summary>How often the record was tried, from 1.</summary>
    public const string Attempt = "streams.errors.attempt";
}
