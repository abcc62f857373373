using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Streams.Streaming.SerDes;

namespace Streams.Streaming.State;

/// <summary>
/// Values by serialized key, larger than memory: what was committed lies in mapped files with an index in memory, what changed since lies typed in memory
/// above it and goes into the files at commit. The files end with the store: whatever an abort throws away cannot come back. Values are serialized and made anew
/// with each get. Iterations read the whole store and hold what they return.
/// </summary>
internal class SpillingKeyValueStore<TKey, TValue> : IKeyValueStore<TKey, TValue>, IDisposable
{
    private const long LeastCompaction = 1 << 18, CompactedWhileRestoring = 1 << 22;
    private readonly ISerDes<TKey> keySerDes;
    private readonly ISerDes<TValue> valueSerDes;
    private readonly long? ttl;
    private readonly SpillLog log;
    private readonly SpillIndex index;
    private readonly ExpiryBuckets<long>? expiry;
    private readonly KeyTable changedKeys = new();
    private readonly Chunked<Change> changes = new();
    private readonly StreamTimes times = new();
    private readonly ArrayBufferWriter<byte> keyBuffer = new(), valueBuffer = new();
    private long restored;

    public SpillingKeyValueStore(string name, ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes, SpillOptions options, long? ttl)
    {
        Name = name;
        (this.keySerDes, this.valueSerDes, this.ttl) = (keySerDes, valueSerDes, ttl);
        var directory = options.Directory ?? Path.GetTempPath();
        Directory.CreateDirectory(directory);
        log = new(directory);
        index = new(log);
        expiry = ttl is { } time ? new(time) : null;
    }

    public string Name { get; }

    public long ApproximateNumEntries => index.Count + changes.Count;

    public Action<TKey, TValue>? OnExpired { get; set; }

    public long ObservedStreamTime
    {
        get => times.Observed;
        set => times.Observed = value;
    }

    /// <summary>Bytes of the files.</summary>
    internal long SpilledBytes => log.Bytes;

    private delegate bool IsWanted(ReadOnlySpan<byte> key);

    private long Now => Math.Max(times.Observed, times.LatestPut);

    public TValue? Get(TKey key) => TryGet(key, out var value) ? value : default;

    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        var bytes = Bytes(key);
        return TryGet(bytes, KeyHash.Of(bytes), out value);
    }

    public void Put(TKey key, TValue value)
    {
        var bytes = Bytes(key);
        if (StreamTimes.IsKey(bytes))
            throw new ArgumentException($"store \"{Name}\": the key is reserved for the store's stream time");
        var hash = KeyHash.Of(bytes);
        if (ttl is not null)
            TellIfExpired(bytes, hash);
        if (value is null)
        {
            ChangeOf(bytes, hash) = default;
            return;
        }
        var time = TimeOf(value) ?? Now;
        if (ttl is not null)
            times.LatestPut = time;
        ChangeOf(bytes, hash) = new() { Value = value, Time = Math.Max(time, 0), IsLive = true };
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
        var hash = KeyHash.Of(bytes);
        if (ttl is not null)
            TellIfExpired(bytes, hash);
        if (!TryGet(bytes, hash, out var value))
            return default;
        ChangeOf(bytes, hash) = default;
        return value;
    }

    public IEnumerable<KeyValuePair<TKey, TValue>> Range(TKey from, TKey to)
    {
        var (low, high) = (Bytes(from).ToArray(), Bytes(to).ToArray());
        return Sorted(key => key.SequenceCompareTo(low) >= 0 && key.SequenceCompareTo(high) <= 0);
    }

    public IEnumerable<KeyValuePair<TKey, TValue>> ReverseRange(TKey from, TKey to) => Range(from, to).Reverse();

    public IEnumerable<KeyValuePair<TKey, TValue>> All() => Sorted(_ => true);

    public IEnumerable<KeyValuePair<TKey, TValue>> ReverseAll() => All().Reverse();

    public IEnumerable<KeyValuePair<TKey, TValue>> PrefixScan<TPrefix>(TPrefix prefix, ISerDes<TPrefix> prefixSerDes)
    {
        var buffer = new ArrayBufferWriter<byte>();
        prefixSerDes.Serialize(prefix, buffer);
        return Sorted(key => key.StartsWith(buffer.WrittenSpan));
    }

    public void Flush(IChangelog changelog)
    {
        var written = 0L;
        for (var number = 0; number < changes.Count; number++)
            written += Write(changelog, changedKeys[number], in changes[number]);
        written += Sweep(changelog);
        changedKeys.Clear();
        changes.Clear();
        times.Flush(changelog);
        log.Compact(Math.Max(LeastCompaction, 2 * written), IsValid, Move);
    }

    public void Restore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted)
    {
        if (times.Restore(key, value, deleted))
            return;
        if (deleted)
            Remove(key);
        else
            Store(key, value);
        restored += key.Length + value.Length;
        if (restored < CompactedWhileRestoring)
            return;
        log.Compact(2 * restored, IsValid, Move);
        restored = 0;
    }

    public void Dispose() => log.Dispose();

    /// <summary>The time from which a value's time to live counts; null: the store's time.</summary>
    protected virtual long? TimeOf(TValue value) => null;

    private bool TryGet(ReadOnlySpan<byte> key, uint hash, [MaybeNullWhen(false)] out TValue value)
    {
        value = default;
        var number = changedKeys.Find(key, hash);
        if (number >= 0)
        {
            if (!changes[number].IsLive || IsExpired(changes[number].Time))
                return false;
            value = changes[number].Value;
            return true;
        }
        if (!index.TryFind(key, KeyHash.Wide(key), out var address) || IsExpired(log.Value(address)))
            return false;
        value = Deserialize(log.Value(address));
        return true;
    }

    private ref Change ChangeOf(ReadOnlySpan<byte> key, uint hash)
    {
        var number = changedKeys.Find(key, hash);
        if (number < 0)
        {
            number = changedKeys.Add(key, hash);
            changes.Add();
        }
        return ref changes[number];
    }

    private int Write(IChangelog changelog, ReadOnlySpan<byte> key, in Change change)
    {
        if (change.IsLive && IsExpired(change.Time))
            OnExpired?.Invoke(keySerDes.Deserialize(key), change.Value);
        if (!change.IsLive || IsExpired(change.Time))
        {
            if (Remove(key))
                changelog.Delete(key);
            return 0;
        }
        valueBuffer.ResetWrittenCount();
        if (ttl is not null)
        {
            BinaryPrimitives.WriteInt64BigEndian(valueBuffer.GetSpan(sizeof(long)), change.Time);
            valueBuffer.Advance(sizeof(long));
        }
        valueSerDes.Serialize(change.Value, valueBuffer);
        changelog.Put(key, valueBuffer.WrittenSpan);
        Store(key, valueBuffer.WrittenSpan);
        return key.Length + valueBuffer.WrittenCount;
    }

    private void Store(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        var address = log.Append(key, value);
        if (index.Set(key, KeyHash.Wide(key), address, out var before))
            log.Release(before);
        Schedule(address, value);
    }

    private bool Remove(ReadOnlySpan<byte> key)
    {
        if (!index.Remove(key, KeyHash.Wide(key), out var address))
            return false;
        log.Release(address);
        return true;
    }

    private void Schedule(uint address, ReadOnlySpan<byte> value) => expiry?.Add(log.Place(address), BinaryPrimitives.ReadInt64BigEndian(value));

    private bool IsValid(uint address, ReadOnlySpan<byte> key) => index.TryFind(key, KeyHash.Wide(key), out var valid) && valid == address;

    private void Move(uint from, uint to, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        index.Set(key, KeyHash.Wide(key), to, out _);
        Schedule(to, value);
    }

    private bool IsExpired(long time) => ttl is { } t && Now - time > t;

    private bool IsExpired(ReadOnlySpan<byte> value) => ttl is not null && IsExpired(BinaryPrimitives.ReadInt64BigEndian(value));

    /// <summary>An expired entry that is about to be replaced or deleted: its last chance to be told.</summary>
    private void TellIfExpired(ReadOnlySpan<byte> key, uint hash)
    {
        var number = changedKeys.Find(key, hash);
        if (number >= 0)
        {
            if (changes[number].IsLive && IsExpired(changes[number].Time))
                Tell(key, changes[number].Value);
            else
                return;
            changes[number] = default;
        }
        else if (index.TryFind(key, KeyHash.Wide(key), out var address) && IsExpired(log.Value(address)))
        {
            Tell(key, Deserialize(log.Value(address)));
            ChangeOf(key, hash) = default;
        }
    }

    private void Tell(ReadOnlySpan<byte> key, TValue value) => OnExpired?.Invoke(keySerDes.Deserialize(key), value);

    /// <summary>Takes out what has expired, once a sixteenth of the time to live. A place may hold another entry by now: what counts is that the index points there.</summary>
    private long Sweep(IChangelog changelog)
    {
        var bytes = 0L;
        while (expiry?.TakeExpired(Now) is { } places)
        {
            foreach (var place in places)
                bytes += log.TryAddress(place, out var address) ? Expire(changelog, address) : 0;
        }
        return bytes;
    }

    private int Expire(IChangelog changelog, uint address)
    {
        var key = log.Key(address);
        if (!IsValid(address, key) || !IsExpired(log.Value(address)))
            return 0;
        Tell(key, Deserialize(log.Value(address)));
        changelog.Delete(key);
        Remove(key);
        return key.Length;
    }

    private TValue Deserialize(ReadOnlySpan<byte> value) => valueSerDes.Deserialize(ttl is null ? value : value[sizeof(long)..]);

    private List<KeyValuePair<TKey, TValue>> Sorted(IsWanted isWanted)
    {
        var found = new List<(byte[] Key, TValue Value)>();
        for (var number = 0; number < changes.Count; number++)
        {
            if (changes[number].IsLive && !IsExpired(changes[number].Time) && isWanted(changedKeys[number]))
                found.Add((changedKeys[number].ToArray(), changes[number].Value));
        }
        foreach (var address in index.Addresses())
        {
            var key = log.Key(address);
            if (isWanted(key) && !IsExpired(log.Value(address)) && changedKeys.Find(key, KeyHash.Of(key)) < 0)
                found.Add((key.ToArray(), Deserialize(log.Value(address))));
        }
        found.Sort((a, b) => a.Key.AsSpan().SequenceCompareTo(b.Key));
        return found.ConvertAll(e => KeyValuePair.Create(keySerDes.Deserialize(e.Key), e.Value));
    }

    private ReadOnlySpan<byte> Bytes(TKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        keyBuffer.ResetWrittenCount();
        keySerDes.Serialize(key, keyBuffer);
        return keyBuffer.WrittenSpan;
    }

    /// <summary>What became of a key since the last commit: a value, or none.</summary>
    private struct Change
    {
        public TValue Value;
        public long Time;
        public bool IsLive;
    }
}

/// <summary>As its base; a value's own time counts.</summary>
internal sealed class SpillingTimestampedKeyValueStore<TKey, TValue>(string name, ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes, SpillOptions options, long? ttl)
    : SpillingKeyValueStore<TKey, ValueAndTimestamp<TValue>>(name, keySerDes, new ValueAndTimestampSerDes<TValue>(valueSerDes), options, ttl), ITimestampedKeyValueStore<TKey, TValue>
{
    protected override long? TimeOf(ValueAndTimestamp<TValue> value) => value.Timestamp;
}
