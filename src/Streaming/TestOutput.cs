using Confluent.Kafka;

namespace Streams.Streaming;

/// <summary>A record that a topology under test wrote. Null key or value: there was none.</summary>
public sealed record TestOutput(string Topic, int Partition, byte[]? Key, byte[]? Value, long Timestamp, Headers? Headers);
