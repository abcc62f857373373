using System.Buffers;
using System.Buffers.Binary;
using Streams.Streaming.SerDes;

namespace Streams.Streaming.Dsl.Internal;

/// <summary>
/// Who subscribes to which foreign key. Changelog keys are Kafka Streams' combined keys: the foreign key's length in four bytes, the foreign key, the primary
/// key; a foreign key's subscribers come in the order of their primary keys' bytes.
/// </summary>
internal sealed class SubscriptionStore<TPrimaryKey, TForeignKey>(string name, ISerDes<TPrimaryKey> primarySerDes, ISerDes<TForeignKey> foreignSerDes) : IStateStore
{
    private readonly SortedDictionary<byte[], SortedDictionary<byte[], Subscription<TPrimaryKey>>> byForeignKey = new(ByteOrder.Instance);
    private readonly SortedSet<byte[]> changed = new(ByteOrder.Instance);
    private readonly SubscriptionSerDes<TPrimaryKey> subscriptionSerDes = new(primarySerDes);
    private readonly ArrayBufferWriter<byte> buffer = new();

    public string Name => name;

    public void Put(TForeignKey foreignKey, in Subscription<TPrimaryKey> subscription)
    {
        var (foreign, primary) = (Bytes(foreignSerDes, foreignKey), Bytes(primarySerDes, subscription.PrimaryKey));
        Of(foreign)[primary] = subscription;
        changed.Add(Combined(foreign, primary));
    }

    public void Delete(TForeignKey foreignKey, TPrimaryKey primaryKey)
    {
        var (foreign, primary) = (Bytes(foreignSerDes, foreignKey), Bytes(primarySerDes, primaryKey));
        if (Remove(foreign, primary))
            changed.Add(Combined(foreign, primary));
    }

    /// <summary>The subscribers of a foreign key. The store may not change meanwhile.</summary>
    public IReadOnlyCollection<Subscription<TPrimaryKey>> Subscribers(TForeignKey foreignKey) =>
        byForeignKey.TryGetValue(Bytes(foreignSerDes, foreignKey), out var subscribers) ? subscribers.Values : [];

    public void Restore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted)
    {
        var (foreign, primary) = Split(key);
        if (deleted)
            Remove(foreign, primary);
        else
            Of(foreign)[primary] = subscriptionSerDes.Deserialize(value);
    }

    public void Flush(IChangelog changelog)
    {
        foreach (var key in changed)
        {
            var (foreign, primary) = Split(key);
            if (byForeignKey.TryGetValue(foreign, out var subscribers) && subscribers.TryGetValue(primary, out var subscription))
                changelog.Put(key, Bytes(subscriptionSerDes, subscription));
            else
                changelog.Delete(key);
        }
        changed.Clear();
    }

    private static byte[] Combined(byte[] foreign, byte[] primary)
    {
        var key = new byte[sizeof(int) + foreign.Length + primary.Length];
        BinaryPrimitives.WriteInt32BigEndian(key, foreign.Length);
        foreign.CopyTo(key, sizeof(int));
        primary.CopyTo(key, sizeof(int) + foreign.Length);
        return key;
    }

    private static (byte[] Foreign, byte[] Primary) Split(ReadOnlySpan<byte> key)
    {
        var length = BinaryPrimitives.ReadInt32BigEndian(key);
        return (key.Slice(sizeof(int), length).ToArray(), key[(sizeof(int) + length)..].ToArray());
    }

    private SortedDictionary<byte[], Subscription<TPrimaryKey>> Of(byte[] foreign) =>
        byForeignKey.TryGetValue(foreign, out var subscribers) ? subscribers : byForeignKey[foreign] = new(ByteOrder.Instance);

    private bool Remove(byte[] foreign, byte[] primary)
    {
        if (!byForeignKey.TryGetValue(foreign, out var subscribers) || !subscribers.Remove(primary))
            return false;
        if (subscribers.Count == 0)
            byForeignKey.Remove(foreign);
        return true;
    }

    private byte[] Bytes<T>(ISerDes<T> serDes, T value)
    {
        buffer.ResetWrittenCount();
        serDes.Serialize(value, buffer);
        return buffer.WrittenSpan.ToArray();
    }
}
