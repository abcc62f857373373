using System.Buffers;
using System.Buffers.Binary;
using Streams.Streaming.State;

namespace Streams.Streaming.SerDes;

/// <summary>A serializer of keys that end in something by which records are not partitioned: windowed keys meet where their bare keys do.</summary>
internal interface ISuffixedKeySerDes
{
    int SuffixLength { get; }
}

/// <summary>Keys in windows of one length, in Kafka Streams' form: the key, then eight bytes of start, big-endian. A sink with it partitions by the key alone.</summary>
/// <param name="windowSizeMs">A read key's window ends that long after its start.</param>
public sealed class TimeWindowedSerDes<TKey>(ISerDes<TKey> inner, long windowSizeMs) : ISerDes<Windowed<TKey>>, ISuffixedKeySerDes
{
    int ISuffixedKeySerDes.SuffixLength => sizeof(long);

    public void Serialize(Windowed<TKey> value, IBufferWriter<byte> writer)
    {
        inner.Serialize(value.Key, writer);
        BinaryPrimitives.WriteInt64BigEndian(writer.GetSpan(sizeof(long)), value.Window.StartMs);
        writer.Advance(sizeof(long));
    }

    public Windowed<TKey> Deserialize(ReadOnlySpan<byte> data)
    {
        var key = WindowedKey.WithoutSuffix(data, sizeof(long));
        var start = BinaryPrimitives.ReadInt64BigEndian(data[key.Length..]);
        // As Kafka Streams: an end beyond all times is the last time.
        var end = start > long.MaxValue - windowSizeMs ? long.MaxValue : start + windowSizeMs;
        return new(inner.Deserialize(key), new Window(start, end));
    }
}

/// <summary>Keys in sessions, in Kafka Streams' form: the key, then eight bytes each of end and start, big-endian. A sink with it partitions by the key alone.</summary>
public sealed class SessionWindowedSerDes<TKey>(ISerDes<TKey> inner) : ISerDes<Windowed<TKey>>, ISuffixedKeySerDes
{
    private const int Size = 2 * sizeof(long);

    int ISuffixedKeySerDes.SuffixLength => Size;

    public void Serialize(Windowed<TKey> value, IBufferWriter<byte> writer)
    {
        inner.Serialize(value.Key, writer);
        var span = writer.GetSpan(Size);
        BinaryPrimitives.WriteInt64BigEndian(span, value.Window.EndMs);
        BinaryPrimitives.WriteInt64BigEndian(span[sizeof(long)..], value.Window.StartMs);
        writer.Advance(Size);
    }

    public Windowed<TKey> Deserialize(ReadOnlySpan<byte> data)
    {
        var key = WindowedKey.WithoutSuffix(data, Size);
        var end = BinaryPrimitives.ReadInt64BigEndian(data[key.Length..]);
        var start = BinaryPrimitives.ReadInt64BigEndian(data[(key.Length + sizeof(long))..]);
        return new(inner.Deserialize(key), new Window(start, end));
    }
}

internal static class WindowedKey
{
    /// <exception cref="FormatException">The data is shorter than the window.</exception>
    public static ReadOnlySpan<byte> WithoutSuffix(ReadOnlySpan<byte> data, int suffix) =>
        data.Length >= suffix ? data[..^suffix] : throw new FormatException($"{data.Length} bytes where a window of {suffix} bytes comes last");
}
