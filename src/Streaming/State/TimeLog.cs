using System.Buffers;
using System.Buffers.Binary;
using Streams.Streaming.SerDes;

namespace Streams.Streaming.State;

/// <summary>
/// The changelog form of entries by key and time, that of Kafka Streams: the key's bytes, eight bytes of time, then a sequence number of four bytes (windows) or
/// the session's start of eight, all big-endian.
/// </summary>
internal sealed class TimeLog<TValue>(ISerDes<TValue> serDes, int extraSize)
{
    private readonly ArrayBufferWriter<byte> key = new(), value = new();

    /// <summary>Where the records go; set during a flush.</summary>
    public IChangelog? Changelog { get; set; }

    private IChangelog Open => Changelog ?? throw new InvalidOperationException("there is no flush");

    public void Put(ReadOnlySpan<byte> keyBytes, long time, long extra, TValue entry)
    {
        value.ResetWrittenCount();
        serDes.Serialize(entry, value);
        Open.Put(Compose(keyBytes, time, extra), value.WrittenSpan);
    }

    public void Delete(ReadOnlySpan<byte> keyBytes, long time, long extra) => Open.Delete(Compose(keyBytes, time, extra));

    public TValue Deserialize(ReadOnlySpan<byte> bytes) => serDes.Deserialize(bytes);

    /// <exception cref="FormatException">The key is too short, or its times are negative.</exception>
    public (int KeyLength, long Time, long Extra) Parse(ReadOnlySpan<byte> composed)
    {
        var length = composed.Length - sizeof(long) - extraSize;
        if (length < 0)
            throw new FormatException($"a changelog key of {composed.Length} bytes is no key with times");
        var time = BinaryPrimitives.ReadInt64BigEndian(composed[length..]);
        var rest = composed[(length + sizeof(long))..];
        var extra = extraSize == sizeof(int) ? BinaryPrimitives.ReadInt32BigEndian(rest) : BinaryPrimitives.ReadInt64BigEndian(rest);
        return time >= 0 && extra >= 0 ? (length, time, extra) : throw new FormatException("a changelog key has negative times");
    }

    private ReadOnlySpan<byte> Compose(ReadOnlySpan<byte> keyBytes, long time, long extra)
    {
        key.ResetWrittenCount();
        var all = key.GetSpan(keyBytes.Length + sizeof(long) + extraSize);
        keyBytes.CopyTo(all);
        BinaryPrimitives.WriteInt64BigEndian(all[keyBytes.Length..], time);
        var rest = all[(keyBytes.Length + sizeof(long))..];
        if (extraSize == sizeof(int))
            BinaryPrimitives.WriteInt32BigEndian(rest, (int)extra);
        else
            BinaryPrimitives.WriteInt64BigEndian(rest, extra);
        key.Advance(keyBytes.Length + sizeof(long) + extraSize);
        return key.WrittenSpan;
    }
}
