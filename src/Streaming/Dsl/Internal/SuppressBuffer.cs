using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Dsl.Internal;

/// <summary>
/// The latest update of each key that waits, by when it is due and then by key bytes. An entry keeps the due time of its first update, and the value from before
/// it, which is what those downstream have. In the changelog: due time, time, which of the values are there, the old value's length and bytes, the new value's bytes.
/// </summary>
internal sealed class SuppressBuffer<TKey, TValue> : ITimedStateStore
{
    private const int FixedSize = 2 * sizeof(long) + 1 + sizeof(int);
    private const byte HasNewFlag = 1, HasOldFlag = 2;
    private readonly ISerDes<TKey> keySerDes;
    private readonly ISerDes<TValue> valueSerDes;
    private readonly KeyTable keys = new();
    private readonly Chunked<Entry> entries = new();
    private readonly SortedSet<(long Due, int Number)> byDue;
    private readonly List<int> dirty = [];
    private readonly bool countsBytes;
    private readonly StreamTimes times = new();
    private readonly ArrayBufferWriter<byte> keyBytes = new();
    private readonly ArrayBufferWriter<byte> valueBytes = new();

    /// <param name="countsBytes">Bytes are limited: each update is serialized when it comes, not at commit only.</param>
    public SuppressBuffer(string name, ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes, bool countsBytes)
    {
        (Name, this.keySerDes, this.valueSerDes, this.countsBytes) = (name, keySerDes, valueSerDes, countsBytes);
        byDue = new(Comparer<(long Due, int Number)>.Create((a, b) => a.Due != b.Due ? a.Due.CompareTo(b.Due) : keys[a.Number].SequenceCompareTo(keys[b.Number])));
    }

    public string Name { get; }

    public long ObservedStreamTime
    {
        get => times.Observed;
        set => times.Observed = value;
    }

    /// <summary>Entries that wait.</summary>
    public int Count => byDue.Count;

    /// <summary>Bytes of the serialized keys and updates that wait; 0 where nobody limits them.</summary>
    public long Bytes { get; private set; }

    /// <summary>The earliest due time; the last of all times when nothing waits.</summary>
    public long NextDue { get; private set; } = long.MaxValue;

    public void Put(TKey key, in Change<TValue> change, long timestamp, Func<TKey, long, long> due)
    {
        var bytes = Serialized(key);
        var hash = KeyHash.Of(bytes);
        var number = keys.Find(bytes, hash);
        if (number < 0)
            number = Add(bytes, hash);
        ref var entry = ref entries[number];
        if (entry.Waits)
            Bytes -= entry.Bytes;
        else
            Wait(number, due(key, timestamp), in change);
        (entry.New, entry.HasNew, entry.Timestamp) = (change.New, change.HasNew, timestamp);
        Weigh(number, ref entry);
        MarkDirty(number, ref entry);
    }

    /// <summary>Removes the entry that is due first. There must be one.</summary>
    public (TKey Key, Change<TValue> Change, long Timestamp) TakeOldest()
    {
        var oldest = byDue.Min;
        ref var entry = ref entries[oldest.Number];
        var taken = (keySerDes.Deserialize(keys[oldest.Number]), Change<TValue>.Of(entry.New, entry.HasNew, entry.Old, entry.HasOld), entry.Timestamp);
        byDue.Remove(oldest);
        NextDue = byDue.Count == 0 ? long.MaxValue : byDue.Min.Due;
        Bytes -= entry.Bytes;
        // The key stays until the flush, which has to say that it is gone.
        entry = new Entry { IsLogged = entry.IsLogged, IsDirty = entry.IsDirty };
        MarkDirty(oldest.Number, ref entry);
        return taken;
    }

    /// <summary>What those downstream have of a key whose update waits; its time is not known any more (-1). False: none waits.</summary>
    public bool TryGetPrior(TKey key, out bool had, out TValue value, out long timestamp)
    {
        var bytes = Serialized(key);
        var number = keys.Find(bytes, KeyHash.Of(bytes));
        var waits = number >= 0 && entries[number].Waits;
        (had, value, timestamp) = waits ? (entries[number].HasOld, entries[number].Old!, -1) : (false, default!, -1);
        return waits;
    }

    public void Flush(IChangelog changelog)
    {
        times.Flush(changelog);
        foreach (var number in dirty)
            Flush(number, changelog);
        dirty.Clear();
    }

    public void Restore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted)
    {
        if (times.Restore(key, value, deleted))
            return;
        var hash = KeyHash.Of(key);
        var number = keys.Find(key, hash);
        if (number >= 0)
            Forget(number);
        if (deleted)
            return;
        number = Add(key, hash);
        Read(number, value);
    }

    private int Add(ReadOnlySpan<byte> bytes, uint hash)
    {
        var number = keys.Add(bytes, hash);
        if (number == entries.Count)
            entries.Add();
        return number;
    }

    private void Wait(int number, long due, in Change<TValue> change)
    {
        ref var entry = ref entries[number];
        (entry.Waits, entry.Due, entry.Old, entry.HasOld) = (true, due, change.Old, change.HasOld);
        byDue.Add((due, number));
        NextDue = Math.Min(NextDue, due);
    }

    private void Flush(int number, IChangelog changelog)
    {
        ref var entry = ref entries[number];
        if (entry.Waits)
        {
            changelog.Put(keys[number], Write(in entry));
            (entry.IsLogged, entry.IsDirty) = (true, false);
            return;
        }
        if (entry.IsLogged)
            changelog.Delete(keys[number]);
        Forget(number);
    }

    private void Forget(int number)
    {
        ref var entry = ref entries[number];
        if (entry.Waits)
        {
            byDue.Remove((entry.Due, number));
            NextDue = byDue.Count == 0 ? long.MaxValue : byDue.Min.Due;
            Bytes -= entry.Bytes;
        }
        entry = default;
        keys.Remove(number);
    }

    private void MarkDirty(int number, ref Entry entry)
    {
        if (!entry.IsDirty)
            dirty.Add(number);
        entry.IsDirty = true;
    }

    private void Weigh(int number, ref Entry entry)
    {
        if (!countsBytes)
            return;
        entry.Bytes = keys[number].Length + Write(in entry).Length;
        Bytes += entry.Bytes;
    }

    private ReadOnlySpan<byte> Write(in Entry entry)
    {
        valueBytes.ResetWrittenCount();
        valueBytes.Advance(WriteHead(in entry, valueBytes.GetSpan(FixedSize)));
        if (entry.HasOld)
            valueSerDes.Serialize(entry.Old!, valueBytes);
        var oldLength = valueBytes.WrittenCount - FixedSize;
        if (entry.HasNew)
            valueSerDes.Serialize(entry.New!, valueBytes);
        // The length is known only now; the buffer may have moved since its place was written.
        BinaryPrimitives.WriteInt32BigEndian(MemoryMarshal.AsMemory(valueBytes.WrittenMemory).Span[(FixedSize - sizeof(int))..], oldLength);
        return valueBytes.WrittenSpan;
    }

    private static int WriteHead(in Entry entry, Span<byte> head)
    {
        BinaryPrimitives.WriteInt64BigEndian(head, entry.Due);
        BinaryPrimitives.WriteInt64BigEndian(head[sizeof(long)..], entry.Timestamp);
        head[2 * sizeof(long)] = (byte)((entry.HasNew ? HasNewFlag : 0) | (entry.HasOld ? HasOldFlag : 0));
        return FixedSize;
    }

    private void Read(int number, ReadOnlySpan<byte> value)
    {
        if (value.Length < FixedSize)
            throw new FormatException($"{value.Length} bytes where a suppressed update has at least {FixedSize}");
        var flags = value[2 * sizeof(long)];
        var oldLength = BinaryPrimitives.ReadInt32BigEndian(value[(FixedSize - sizeof(int))..]);
        if (oldLength < 0 || oldLength > value.Length - FixedSize)
            throw new FormatException($"an old value of {oldLength} bytes in a suppressed update of {value.Length}");
        var (hasOld, hasNew) = ((flags & HasOldFlag) != 0, (flags & HasNewFlag) != 0);
        var old = hasOld ? valueSerDes.Deserialize(value.Slice(FixedSize, oldLength)) : default;
        Wait(number, BinaryPrimitives.ReadInt64BigEndian(value), Change<TValue>.Of(default, false, old, hasOld));
        ref var entry = ref entries[number];
        (entry.New, entry.HasNew) = (hasNew ? valueSerDes.Deserialize(value[(FixedSize + oldLength)..]) : default, hasNew);
        (entry.Timestamp, entry.IsLogged) = (BinaryPrimitives.ReadInt64BigEndian(value[sizeof(long)..]), true);
        Weigh(number, ref entry);
    }

    private ReadOnlySpan<byte> Serialized(TKey key)
    {
        keyBytes.ResetWrittenCount();
        keySerDes.Serialize(key, keyBytes);
        return keyBytes.WrittenSpan;
    }

    private struct Entry
    {
        public TValue? New, Old;
        public bool HasNew, HasOld, Waits, IsLogged, IsDirty;
        public long Due, Timestamp;
        public int Bytes;
    }
}
