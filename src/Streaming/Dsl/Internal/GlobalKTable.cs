using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Streams.Streaming.Runtime;
using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Dsl.Internal;

internal sealed class GlobalKTable<TKey, TValue>(string storeName, GlobalTableStore<TKey, TValue> store) : IGlobalKTable<TKey, TValue>
{
    public string QueryableStoreName => storeName;

    public IReadOnlyKeyValueStore<TKey, TValue> Store => store;
}

/// <summary>A global table's rows by serialized key: changed by one thread, read by all. Values are shared by the readers: treat them as immutable.</summary>
internal sealed class GlobalTableStore<TKey, TValue>(ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes) : IReadOnlyKeyValueStore<TKey, TValue>
{
    private readonly ConcurrentDictionary<byte[], TValue> rows = new(ByteOrder.Instance);

    public long ApproximateNumEntries => rows.Count;

    /// <summary>Takes one record of the topic. One without a key is no row.</summary>
    public void Update(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted)
    {
        if (Spans.IsNull(key))
            return;
        var byBytes = rows.GetAlternateLookup<ReadOnlySpan<byte>>();
        if (deleted)
            byBytes.TryRemove(key, out _);
        else
            byBytes[key] = valueSerDes.Deserialize(value);
    }

    public TValue? Get(TKey key) => TryGet(key, out var value) ? value : default;

    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value) => rows.TryGetValue(Bytes(key, keySerDes), out value);

    public IEnumerable<KeyValuePair<TKey, TValue>> Range(TKey from, TKey to)
    {
        var (first, last) = (Bytes(from, keySerDes), Bytes(to, keySerDes));
        return Rows(key => ByteOrder.Instance.Compare(key, first) >= 0 && ByteOrder.Instance.Compare(key, last) <= 0);
    }

    public IEnumerable<KeyValuePair<TKey, TValue>> ReverseRange(TKey from, TKey to) => Range(from, to).Reverse();

    public IEnumerable<KeyValuePair<TKey, TValue>> All() => Rows(_ => true);

    public IEnumerable<KeyValuePair<TKey, TValue>> ReverseAll() => All().Reverse();

    public IEnumerable<KeyValuePair<TKey, TValue>> PrefixScan<TPrefix>(TPrefix prefix, ISerDes<TPrefix> prefixSerDes)
    {
        var bytes = Bytes(prefix, prefixSerDes);
        return Rows(key => key.AsSpan().StartsWith(bytes));
    }

    private static byte[] Bytes<T>(T value, ISerDes<T> serDes)
    {
        ArgumentNullException.ThrowIfNull(value);
        var buffer = new ArrayBufferWriter<byte>();
        serDes.Serialize(value, buffer);
        return buffer.WrittenSpan.ToArray();
    }

    private List<KeyValuePair<TKey, TValue>> Rows(Func<byte[], bool> wanted) =>
        [.. rows.Where(row => wanted(row.Key)).OrderBy(row => row.Key, ByteOrder.Instance).Select(row => KeyValuePair.Create(keySerDes.Deserialize(row.Key), row.Value))];
}
