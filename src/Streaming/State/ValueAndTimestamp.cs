using System.Buffers;
using System.Buffers.Binary;
using Streams.Streaming.SerDes;

namespace Streams.Streaming.State;

/// <summary>A value and the time of the record that gave it, milliseconds since the epoch.</summary>
public readonly record struct ValueAndTimestamp<TValue>(TValue Value, long Timestamp);

/// <summary>Makes <see cref="ValueAndTimestamp{TValue}"/> with the type inferred.</summary>
public static class ValueAndTimestamp
{
    public static ValueAndTimestamp<TValue> Make<TValue>(TValue value, long timestamp) => new(value, timestamp);
}

/// <summary>Kafka Streams' form: eight bytes of time, big-endian, then the value.</summary>
public sealed class ValueAndTimestampSerDes<TValue>(ISerDes<TValue> inner) : ISerDes<ValueAndTimestamp<TValue>>
{
    public void Serialize(ValueAndTimestamp<TValue> value, IBufferWriter<byte> writer)
    {
        BinaryPrimitives.WriteInt64BigEndian(writer.GetSpan(sizeof(long)), value.Timestamp);
        writer.Advance(sizeof(long));
        inner.Serialize(value.Value, writer);
    }

    public ValueAndTimestamp<TValue> Deserialize(ReadOnlySpan<byte> data) =>
        data.Length >= sizeof(long)
            ? new(inner.Deserialize(data[sizeof(long)..]), BinaryPrimitives.ReadInt64BigEndian(data))
            : throw new FormatException($"{data.Length} bytes where a time of {sizeof(long)} bytes comes first");
}
