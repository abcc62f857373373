using System.Buffers;
using Confluent.Kafka;
using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Dsl.Internal;

/// <summary>
/// A table's store in one task, and the passing on of its changes: each at once, or, as with Kafka Streams' record cache, one a key at each commit, from the
/// value before the first update to that after the last. What came and went in between is not passed on.
/// </summary>
/// <param name="cacheKeys">Null: changes are passed on at once.</param>
internal sealed class KeptTable<TKey, TValue>(IProcessorContext<TKey, Change<TValue>> context, string storeName, bool sendsOldValues, ISerDes<TKey>? cacheKeys)
{
    private readonly ITimestampedKeyValueStore<TKey, TValue> store = context.GetStateStore<ITimestampedKeyValueStore<TKey, TValue>>(storeName);
    private readonly SortedDictionary<byte[], Waiting> waiting = new(ByteOrder.Instance);
    private readonly ArrayBufferWriter<byte> keyBytes = new();

    public bool TryGet(TKey key, out ValueAndTimestamp<TValue> value) => store.TryGet(key, out value);

    public void Update(in Record<TKey, TValue> record)
    {
        var had = store.TryGet(record.Key, out var old);
        Update(in record, old.Value, had);
    }

    /// <summary>As the other, where the value before is known.</summary>
    public void Update(in Record<TKey, TValue> record, TValue? old, bool had)
    {
        if (record.HasValue)
            store.Put(record.Key, new ValueAndTimestamp<TValue>(record.Value, record.Timestamp));
        else
            store.Delete(record.Key);
        var change = Change(record.Value, record.HasValue, old, had);
        if (cacheKeys is null)
            context.Forward(record.WithValue(change));
        else
            Wait(cacheKeys, in record, old, had);
    }

    /// <summary>Passes on what waited for the commit.</summary>
    public void PassOn()
    {
        foreach (var (key, old, had, time, headers) in waiting.Values)
        {
            var has = store.TryGet(key, out var value);
            if (has || had)
                context.Forward(new Record<TKey, Change<TValue>>(key, Change(value.Value, has, old, had), time, headers));
        }
        waiting.Clear();
    }

    private Change<TValue> Change(TValue? value, bool has, TValue? old, bool had) => new(value, has, sendsOldValues ? old : default, sendsOldValues && had);

    private void Wait(ISerDes<TKey> serDes, in Record<TKey, TValue> record, TValue? old, bool had)
    {
        keyBytes.ResetWrittenCount();
        serDes.Serialize(record.Key, keyBytes);
        var key = keyBytes.WrittenSpan.ToArray();
        waiting[key] = waiting.TryGetValue(key, out var first)
            ? first with { Timestamp = record.Timestamp, Headers = record.Headers }
            : new Waiting(record.Key, old, had, record.Timestamp, record.Headers);
    }

    private readonly record struct Waiting(TKey Key, TValue? Old, bool HadOld, long Timestamp, Headers? Headers);
}

/// <summary>Unsigned bytes, a prefix first: the order of keys in stores.</summary>
internal sealed class ByteOrder : IComparer<byte[]>, IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
{
    public static ByteOrder Instance { get; } = new();

    public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);

    public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

    public int GetHashCode(byte[] bytes) => GetHashCode(bytes.AsSpan());

    public bool Equals(ReadOnlySpan<byte> bytes, byte[] other) => bytes.SequenceEqual(other);

    public int GetHashCode(ReadOnlySpan<byte> bytes)
    {
        var hash = new HashCode();
        hash.AddBytes(bytes);
        return hash.ToHashCode();
    }

    public byte[] Create(ReadOnlySpan<byte> bytes) => bytes.ToArray();
}

/// <summary>A table's values in its store.</summary>
internal sealed class KeptValues<TKey, TValue>(ITimestampedKeyValueStore<TKey, TValue> store) : ITableValueGetter<TKey, TValue>
{
    public static TableValues<TKey, TValue> In(string store) => new([store], context => new KeptValues<TKey, TValue>(context.GetStateStore<ITimestampedKeyValueStore<TKey, TValue>>(store)));

    public bool TryGet(TKey key, out TValue value, out long timestamp)
    {
        var found = store.TryGet(key, out var kept);
        (value, timestamp) = found ? (kept.Value, kept.Timestamp) : (default!, -1);
        return found;
    }
}
