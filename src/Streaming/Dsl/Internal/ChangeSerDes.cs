using System.Buffers;
using System.Buffers.Binary;
using Streams.Streaming.SerDes;

namespace Streams.Streaming.Dsl.Internal;

/// <summary>A change on its way through a repartition topic: a byte that says which values there are, then each behind its length (four bytes, big-endian).</summary>
internal sealed class ChangeSerDes<TValue>(ISerDes<TValue> inner) : ISerDes<Change<TValue>>
{
    private const byte New = 1;
    private const byte Old = 2;

    public void Serialize(Change<TValue> value, IBufferWriter<byte> writer)
    {
        writer.GetSpan(1)[0] = (byte)((value.HasNew ? New : 0) | (value.HasOld ? Old : 0));
        writer.Advance(1);
        var buffer = new ArrayBufferWriter<byte>();
        if (value.HasNew)
            Write(value.New!, buffer, writer);
        if (value.HasOld)
            Write(value.Old!, buffer, writer);
    }

    public Change<TValue> Deserialize(ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty || data[0] > (New | Old))
            throw new FormatException("the bytes are no change of a table");
        var (hasNew, hasOld) = ((data[0] & New) != 0, (data[0] & Old) != 0);
        data = data[1..];
        var value = hasNew ? Read(ref data) : default;
        var old = hasOld ? Read(ref data) : default;
        return data.IsEmpty ? new(value, hasNew, old, hasOld) : throw new FormatException($"{data.Length} bytes stand behind the change of a table");
    }

    private void Write(TValue value, ArrayBufferWriter<byte> buffer, IBufferWriter<byte> writer)
    {
        buffer.ResetWrittenCount();
        inner.Serialize(value, buffer);
        BinaryPrimitives.WriteInt32BigEndian(writer.GetSpan(sizeof(int)), buffer.WrittenCount);
        writer.Advance(sizeof(int));
        writer.Write(buffer.WrittenSpan);
    }

    private TValue Read(ref ReadOnlySpan<byte> data)
    {
        if (data.Length < sizeof(int))
            throw new FormatException("the change of a table is cut short");
        var length = BinaryPrimitives.ReadInt32BigEndian(data);
        data = data[sizeof(int)..];
        if (length < 0 || length > data.Length)
            throw new FormatException($"the change of a table tells of {length} bytes and has {data.Length}");
        var value = inner.Deserialize(data[..length]);
        data = data[length..];
        return value;
    }
}
