using System.Text;
using Confluent.Kafka;

namespace Streams.Streaming.Chaos.Tests.Evidence;

/// <summary>A record as a reader of committed records sees it.</summary>
internal sealed record TopicRecord(long Offset, byte[]? Key, byte[]? Value, long Timestamp, Headers? Headers)
{
    /// <summary>Key, value and timestamp.</summary>
    public string Text => $"{Hex(Key)} {Hex(Value)} {Timestamp}";

    public string Header(string name) => Headers is not null && Headers.TryGetLastBytes(name, out var value) ? Encoding.UTF8.GetString(value) : "";

    public static string Hex(byte[]? bytes) => bytes is null ? "null" : Convert.ToHexString(bytes);
}
