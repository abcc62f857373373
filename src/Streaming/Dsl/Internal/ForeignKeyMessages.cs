using System.Buffers;
using System.Buffers.Binary;
using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Dsl.Internal;

/// <summary>What the right table's side is to do with a subscription.</summary>
internal enum SubscriptionInstruction : byte
{
    /// <summary>Forget it; the answer comes from a new subscription.</summary>
    DeleteSilently,

    /// <summary>Forget it and answer that there is no value.</summary>
    DeleteAndAnswer,

    /// <summary>Keep it and answer in any case.</summary>
    AnswerAlways,

    /// <summary>Keep it and answer if there is a value.</summary>
    AnswerIfPresent,
}

/// <summary>A left row's wish to hear of a foreign key.</summary>
/// <param name="Hash">Of the left value that made it; null: the row was deleted.</param>
/// <param name="Partition">The left row's, where the answer goes.</param>
internal readonly record struct Subscription<TKey>(SubscriptionInstruction Instruction, UInt128? Hash, TKey PrimaryKey, int Partition);

/// <summary>The right value that a subscription met.</summary>
internal readonly record struct SubscriptionAnswer<TValue>(UInt128? Hash, TValue? Value, bool HasValue, int Partition);

/// <summary>Version, instruction, hash, partition, key.</summary>
internal sealed class SubscriptionSerDes<TKey>(ISerDes<TKey> keySerDes) : ISerDes<Subscription<TKey>>
{
    public void Serialize(Subscription<TKey> value, IBufferWriter<byte> writer)
    {
        writer.Write([ForeignKeyForm.Version, (byte)value.Instruction]);
        ForeignKeyForm.Write(value.Hash, value.Partition, writer);
        keySerDes.Serialize(value.PrimaryKey, writer);
    }

    public Subscription<TKey> Deserialize(ReadOnlySpan<byte> data)
    {
        ForeignKeyForm.RequireVersion(data);
        var instruction = (SubscriptionInstruction)data[1];
        var (hash, partition) = ForeignKeyForm.Read(data[2..], out var rest);
        return new Subscription<TKey>(instruction, hash, keySerDes.Deserialize(rest), partition);
    }
}

/// <summary>Version, whether there is a value, hash, partition, value.</summary>
internal sealed class SubscriptionAnswerSerDes<TValue>(ISerDes<TValue> valueSerDes) : ISerDes<SubscriptionAnswer<TValue>>
{
    public void Serialize(SubscriptionAnswer<TValue> value, IBufferWriter<byte> writer)
    {
        writer.Write([ForeignKeyForm.Version, value.HasValue ? (byte)1 : (byte)0]);
        ForeignKeyForm.Write(value.Hash, value.Partition, writer);
        if (value.HasValue)
            valueSerDes.Serialize(value.Value!, writer);
    }

    public SubscriptionAnswer<TValue> Deserialize(ReadOnlySpan<byte> data)
    {
        ForeignKeyForm.RequireVersion(data);
        var hasValue = data[1] != 0;
        var (hash, partition) = ForeignKeyForm.Read(data[2..], out var rest);
        return new SubscriptionAnswer<TValue>(hash, hasValue ? valueSerDes.Deserialize(rest) : default, hasValue, partition);
    }
}

/// <summary>What the messages of a foreign-key join have in common.</summary>
internal static class ForeignKeyForm
{
    public const byte Version = 1;

    private const int HashSize = 16;

    public static UInt128 Hash<TValue>(ISerDes<TValue> serDes, TValue value, ArrayBufferWriter<byte> buffer)
    {
        buffer.ResetWrittenCount();
        serDes.Serialize(value, buffer);
        return SipHash128.Identity(buffer.WrittenSpan);
    }

    public static void RequireVersion(ReadOnlySpan<byte> data)
    {
        if (data.Length < 2 || data[0] != Version)
            throw new FormatException($"a message of a foreign-key join is of version {(data.IsEmpty ? -1 : data[0])}, this program knows version {Version}");
    }

    public static void Write(UInt128? hash, int partition, IBufferWriter<byte> writer)
    {
        const int size = 1 + HashSize + sizeof(int);
        var span = writer.GetSpan(size);
        span[0] = hash is null ? (byte)0 : (byte)1;
        BinaryPrimitives.WriteUInt128BigEndian(span[1..], hash.GetValueOrDefault());
        BinaryPrimitives.WriteInt32BigEndian(span[(1 + HashSize)..], partition);
        writer.Advance(size);
    }

    public static (UInt128? Hash, int Partition) Read(ReadOnlySpan<byte> data, out ReadOnlySpan<byte> rest)
    {
        rest = data[(1 + HashSize + sizeof(int))..];
        return (data[0] == 0 ? null : BinaryPrimitives.ReadUInt128BigEndian(data[1..]), BinaryPrimitives.ReadInt32BigEndian(data[(1 + HashSize)..]));
    }
}
