using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Streams.Streaming.SerDes;

namespace Streams.Streaming.State;

/// <summary>
/// Typed values by serialized key, in memory. With a time to live each value goes into the changelog behind the time from which it counts: that of the value,
/// or the store's time when it was put.
/// </summary>
internal class MemoryKeyValueStore<TKey, TValue>(string name, ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes, long? ttl) : IKeyValueStore<TKey, TValue>
{
    private readonly KeyTable keys = new();
    private readonly Chunked<Row> rows = new();
    private readonly Chunked<long>? putTimes = ttl is null ? null : new();
    private readonly ExpiryBuckets<int>? expiry = ttl is { } time ? new(time) : null;
    private readonly List<int> dirty = [];
    private readonly StreamTimes times = new();
    private readonly ArrayBufferWriter<byte> keyBuffer = new(), valueBuffer = new();
    private int live;

    public string Name => name;

    public long ApproximateNumEntries => live;

    public Action<TKey, TValue>? OnExpired { get; set; }

    public long ObservedStreamTime
    {
        get => times.Observed;
        set
        {
            times.Observed = value;
            Sweep();
        }
    }

    private long Now => Math.Max(times.Observed, times.LatestPut);

    public TValue? Get(TKey key) => TryGet(key, out var value) ? value : default;

    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        var bytes = Bytes(key);
        var number = keys.Find(bytes, KeyHash.Of(bytes));
        if (number < 0 || !IsVisible(number))
        {
            value = default;
            return false;
        }
        value = rows[number].Value;
        return true;
    }

    public void Put(TKey key, TValue value)
    {
        if (value is null)
            Delete(key);
        else
            Put(Bytes(key), value);
    }

    public TValue? PutIfAbsent(TKey key, TValue value)
    {
        if (TryGet(key, out var present))
            return present;
        Put(key, value);
        return default;
    }

    public void PutAll(IEnumerable<KeyValuePair<TKey, TValue>> entries)
    {
        foreach (var (key, value) in entries)
            Put(key, value);
    }

    public TValue? Delete(TKey key)
    {
        var bytes = Bytes(key);
        var number = keys.Find(bytes, KeyHash.Of(bytes));
        if (number < 0 || !IsLive(number))
            return default;
        if (IsExpired(number))
        {
            Expire(number);
            return default;
        }
        var value = rows[number].Value;
        Remove(number);
        return value;
    }

    public IEnumerable<KeyValuePair<TKey, TValue>> Range(TKey from, TKey to) => Between(Bytes(from).ToArray(), Bytes(to).ToArray());

    public IEnumerable<KeyValuePair<TKey, TValue>> ReverseRange(TKey from, TKey to) => Reversed(Between(Bytes(from).ToArray(), Bytes(to).ToArray()));

    public IEnumerable<KeyValuePair<TKey, TValue>> All() => Sorted(_ => true);

    public IEnumerable<KeyValuePair<TKey, TValue>> ReverseAll() => Reversed(Sorted(_ => true));

    public IEnumerable<KeyValuePair<TKey, TValue>> PrefixScan<TPrefix>(TPrefix prefix, ISerDes<TPrefix> prefixSerDes)
    {
        var buffer = new ArrayBufferWriter<byte>();
        prefixSerDes.Serialize(prefix, buffer);
        return Sorted(number => keys[number].StartsWith(buffer.WrittenSpan));
    }

    public void Flush(IChangelog changelog)
    {
        Sweep();
        foreach (var number in dirty)
        {
            ref var row = ref rows[number];
            if ((row.State & RowState.Live) != 0)
            {
                changelog.Put(keys[number], Serialized(number, row.Value));
                row.State = RowState.Live | RowState.Logged;
                continue;
            }
            if ((row.State & RowState.Logged) != 0)
                changelog.Delete(keys[number]);
            Free(number);
        }
        dirty.Clear();
        times.Flush(changelog);
    }

    public void Restore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted) => Restore(key, value, deleted, KeyHash.Of(key));

    /// <summary>As one by one; what the records will touch is fetched while others are read.</summary>
    public void Restore(ReadOnlySpan<ChangelogRecord> records)
    {
        const int Ahead = 16;
        Span<uint> hashes = stackalloc uint[Ahead];
        Span<int> numbers = stackalloc int[Ahead];
        for (; !records.IsEmpty; records = records[Math.Min(Ahead, records.Length)..])
        {
            var some = records[..Math.Min(Ahead, records.Length)];
            for (var i = 0; i < some.Length; i++)
                keys.FetchSlot(hashes[i] = KeyHash.Of(some[i].Key));
            for (var i = 0; i < some.Length; i++)
                Fetch(numbers[i] = keys.Guess(hashes[i]));
            for (var i = 0; i < some.Length; i++)
            {
                if (numbers[i] >= 0)
                    keys.FetchKey(numbers[i]);
            }
            for (var i = 0; i < some.Length; i++)
                Restore(some[i].Key, some[i].Value, some[i].IsDeleted, hashes[i]);
        }
    }

    private void Fetch(int number)
    {
        if (number < 0)
            return;
        keys.FetchPlace(number);
        CacheLine.Fetch(ref rows[number]);
    }

    private void Restore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted, uint hash)
    {
        if (times.Restore(key, value, deleted))
            return;
        var number = keys.Find(key, hash);
        if (deleted)
        {
            if (number < 0)
                return;
            live--;
            Free(number);
            return;
        }
        if (number < 0)
            number = Add(key, hash);
        if (ttl is not null)
        {
            SetTime(number, BinaryPrimitives.ReadInt64BigEndian(value), known: (rows[number].State & RowState.Live) != 0);
            value = value[sizeof(long)..];
        }
        rows[number] = new() { Value = valueSerDes.Deserialize(value), State = RowState.Live | RowState.Logged };
    }

    /// <summary>The time from which a value's time to live counts; null: the store's time.</summary>
    protected virtual long? TimeOf(TValue value) => null;

    private void Put(ReadOnlySpan<byte> key, TValue value)
    {
        if (StreamTimes.IsKey(key))
            throw new ArgumentException($"store \"{name}\": the key is reserved for the store's stream time");
        var hash = KeyHash.Of(key);
        var number = keys.Find(key, hash);
        if (number < 0)
            number = Add(key, hash);
        else if (!IsLive(number))
            live++;
        else if (IsExpired(number))
            OnExpired?.Invoke(keySerDes.Deserialize(key), rows[number].Value);
        if (ttl is not null)
        {
            var time = TimeOf(value) ?? Now;
            times.LatestPut = time;
            SetTime(number, time, known: (rows[number].State & RowState.Live) != 0);
        }
        ref var row = ref rows[number];
        row.Value = value;
        row.State |= RowState.Live;
        MarkDirty(number, ref row);
        Sweep();
    }

    private int Add(ReadOnlySpan<byte> key, uint hash)
    {
        var number = keys.Add(key, hash);
        if (number == rows.Count)
        {
            rows.Add();
            putTimes?.Add();
        }
        live++;
        return number;
    }

    private void Remove(int number)
    {
        ref var row = ref rows[number];
        row.Value = default!;
        row.State &= ~RowState.Live;
        live--;
        MarkDirty(number, ref row);
    }

    private void Free(int number)
    {
        keys.Remove(number);
        rows[number] = default;
    }

    private void MarkDirty(int number, ref Row row)
    {
        if ((row.State & RowState.Dirty) != 0)
            return;
        row.State |= RowState.Dirty;
        dirty.Add(number);
    }

    private void SetTime(int number, long time, bool known)
    {
        // A time before 1970 cannot be told from "never"; such entries are as old as can be.
        time = Math.Max(time, 0);
        if (!known || !expiry!.SameBucket(putTimes![number], time))
            expiry!.Add(number, time);
        putTimes![number] = time;
    }

    private bool IsLive(int number) => (rows[number].State & RowState.Live) != 0;

    private bool IsVisible(int number) => IsLive(number) && !IsExpired(number);

    private bool IsExpired(int number) => ttl is { } time && Now - putTimes![number] > time;

    private void Sweep()
    {
        while (expiry?.TakeExpired(Now) is { } numbers)
        {
            foreach (var number in numbers)
            {
                if (IsLive(number) && IsExpired(number))
                    Expire(number);
            }
        }
    }

    private void Expire(int number)
    {
        OnExpired?.Invoke(keySerDes.Deserialize(keys[number]), rows[number].Value);
        Remove(number);
    }

    private IEnumerable<KeyValuePair<TKey, TValue>> Between(byte[] from, byte[] to) =>
        Sorted(number => keys[number].SequenceCompareTo(from) >= 0 && keys[number].SequenceCompareTo(to) <= 0);

    private List<KeyValuePair<TKey, TValue>> Sorted(Predicate<int> isWanted)
    {
        var numbers = new List<int>();
        for (var number = 0; number < rows.Count; number++)
        {
            if (IsVisible(number) && isWanted(number))
                numbers.Add(number);
        }
        numbers.Sort((a, b) => keys[a].SequenceCompareTo(keys[b]));
        return numbers.ConvertAll(number => KeyValuePair.Create(keySerDes.Deserialize(keys[number]), rows[number].Value));
    }

    private static IEnumerable<KeyValuePair<TKey, TValue>> Reversed(IEnumerable<KeyValuePair<TKey, TValue>> entries) => entries.Reverse();

    private ReadOnlySpan<byte> Bytes(TKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        keyBuffer.ResetWrittenCount();
        keySerDes.Serialize(key, keyBuffer);
        return keyBuffer.WrittenSpan;
    }

    private ReadOnlySpan<byte> Serialized(int number, TValue value)
    {
        valueBuffer.ResetWrittenCount();
        if (ttl is not null)
        {
            BinaryPrimitives.WriteInt64BigEndian(valueBuffer.GetSpan(sizeof(long)), putTimes![number]);
            valueBuffer.Advance(sizeof(long));
        }
        valueSerDes.Serialize(value, valueBuffer);
        return valueBuffer.WrittenSpan;
    }

    private struct Row
    {
        public TValue Value;
        public RowState State;
    }
}

/// <summary>As its base; a value's own time counts.</summary>
internal sealed class MemoryTimestampedKeyValueStore<TKey, TValue>(string name, ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes, long? ttl)
    : MemoryKeyValueStore<TKey, ValueAndTimestamp<TValue>>(name, keySerDes, new ValueAndTimestampSerDes<TValue>(valueSerDes), ttl), ITimestampedKeyValueStore<TKey, TValue>
{
    protected override long? TimeOf(ValueAndTimestamp<TValue> value) => value.Timestamp;
}
