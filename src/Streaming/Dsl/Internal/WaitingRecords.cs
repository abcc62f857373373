using System.Buffers;
using System.Buffers.Binary;
using Streams.Streaming.SerDes;

namespace Streams.Streaming.Dsl.Internal;

/// <summary>A record of a left or outer join that has found no partner.</summary>
internal readonly record struct WaitingRecord<TKey>(bool IsLeft, TKey Key, object? Value, long Timestamp);

/// <summary>The waiting records of a join, whatever its values are.</summary>
internal interface IWaitingRecords<TKey> : IStateStore
{
    /// <summary>The highest time that either side has seen.</summary>
    long ObservedStreamTime { get; }

    void Observe(long timestamp);

    /// <param name="value">A left or a right value, as the side says.</param>
    void Add(bool isLeft, TKey key, object? value, long timestamp);

    /// <summary>Forgets what waits under a key, side and time, because it was joined.</summary>
    void Remove(bool isLeft, TKey key, long timestamp);

    /// <summary>Takes out the records whose windows are over, by time, right side first, key.</summary>
    void TakeClosed(long afterMs, JoinWindowOptions windows, Action<TKey, WaitingRecord<TKey>> emit);
}

/// <summary>
/// Unmatched records of both sides, ordered by time, side and key bytes (Kafka Streams' outer-join store, whose keys are written alike: eight bytes of
/// time, one byte 0 for right and 1 for left, the key). Its times are state too, under an empty key: after a restart the same records close at the same moment.
/// </summary>
internal sealed class WaitingRecords<TKey, TLeft, TRight>(string name, ISerDes<TKey> keySerDes, ISerDes<TLeft> leftSerDes, ISerDes<TRight> rightSerDes)
    : IWaitingRecords<TKey>
{
    private const int Prefix = sizeof(long) + 1;
    private readonly SortedDictionary<byte[], Entry> entries = new(ByteOrder.Instance);
    private readonly SortedSet<byte[]> changed = new(ByteOrder.Instance);
    private readonly ArrayBufferWriter<byte> buffer = new();
    private long minTime = long.MaxValue;
    private bool timesChanged;

    public string Name => name;

    public long ObservedStreamTime { get; private set; } = -1;

    public void Observe(long timestamp)
    {
        if (timestamp <= ObservedStreamTime)
            return;
        (ObservedStreamTime, timesChanged) = (timestamp, true);
    }

    public void Add(bool isLeft, TKey key, object? value, long timestamp)
    {
        MinTime(Math.Min(minTime, timestamp));
        var bytes = Bytes(isLeft, key, timestamp);
        if (!entries.TryGetValue(bytes, out var entry))
            entries[bytes] = entry = new Entry(isLeft, key, timestamp, []);
        entry.Values.Add(value);
        changed.Add(bytes);
    }

    public void Remove(bool isLeft, TKey key, long timestamp)
    {
        var bytes = Bytes(isLeft, key, timestamp);
        if (entries.Remove(bytes))
            changed.Add(bytes);
    }

    public void TakeClosed(long afterMs, JoinWindowOptions windows, Action<TKey, WaitingRecord<TKey>> emit)
    {
        if (minTime < long.MaxValue && minTime + afterMs + windows.GraceMs >= ObservedStreamTime)
            return;
        var (leftOpen, rightOpen) = (false, false);
        List<byte[]> closed = [];
        MinTime(long.MaxValue);
        foreach (var (bytes, entry) in entries)
        {
            MinTime(entry.Timestamp);
            if (leftOpen && rightOpen)
                break;
            var wait = entry.IsLeft ? windows.AfterMs : windows.BeforeMs;
            if (entry.Timestamp + wait + windows.GraceMs >= ObservedStreamTime)
            {
                (leftOpen, rightOpen) = (leftOpen || entry.IsLeft, rightOpen || !entry.IsLeft);
                // In Kafka Streams each value is an entry, so that the second one of this key would end the search here.
                if (leftOpen && rightOpen && entry.Values.Count > 1)
                    break;
            }
            else
                closed.Add(bytes);
        }
        foreach (var bytes in closed)
        {
            var entry = entries[bytes];
            entries.Remove(bytes);
            changed.Add(bytes);
            foreach (var value in entry.Values)
                emit(entry.Key, new WaitingRecord<TKey>(entry.IsLeft, entry.Key, value, entry.Timestamp));
        }
    }

    public void Restore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted)
    {
        if (key.IsEmpty)
        {
            ObservedStreamTime = BinaryPrimitives.ReadInt64BigEndian(value);
            minTime = BinaryPrimitives.ReadInt64BigEndian(value[sizeof(long)..]);
            return;
        }
        entries.Remove(key.ToArray());
        if (!deleted)
            entries[key.ToArray()] = Read(key, value);
    }

    public void Flush(IChangelog changelog)
    {
        foreach (var bytes in changed)
        {
            if (entries.TryGetValue(bytes, out var entry))
                changelog.Put(bytes, Write(entry));
            else
                changelog.Delete(bytes);
        }
        changed.Clear();
        if (!timesChanged)
            return;
        Span<byte> times = stackalloc byte[2 * sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(times, ObservedStreamTime);
        BinaryPrimitives.WriteInt64BigEndian(times[sizeof(long)..], minTime);
        changelog.Put("\0"u8[..0], times);
        timesChanged = false;
    }

    private void MinTime(long time) => (minTime, timesChanged) = (time, true);

    private byte[] Bytes(bool isLeft, TKey key, long timestamp)
    {
        buffer.ResetWrittenCount();
        var head = buffer.GetSpan(Prefix);
        BinaryPrimitives.WriteInt64BigEndian(head, timestamp);
        head[sizeof(long)] = isLeft ? (byte)1 : (byte)0;
        buffer.Advance(Prefix);
        keySerDes.Serialize(key, buffer);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Each value behind its length of four bytes.</summary>
    private ReadOnlySpan<byte> Write(Entry entry)
    {
        buffer.ResetWrittenCount();
        var value = new ArrayBufferWriter<byte>();
        foreach (var item in entry.Values)
        {
            value.ResetWrittenCount();
            if (entry.IsLeft)
                leftSerDes.Serialize((TLeft)item!, value);
            else
                rightSerDes.Serialize((TRight)item!, value);
            BinaryPrimitives.WriteInt32BigEndian(buffer.GetSpan(sizeof(int)), value.WrittenCount);
            buffer.Advance(sizeof(int));
            buffer.Write(value.WrittenSpan);
        }
        return buffer.WrittenSpan;
    }

    private Entry Read(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        var isLeft = key[sizeof(long)] != 0;
        var entry = new Entry(isLeft, keySerDes.Deserialize(key[Prefix..]), BinaryPrimitives.ReadInt64BigEndian(key), []);
        while (!value.IsEmpty)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(value);
            var bytes = value.Slice(sizeof(int), length);
            entry.Values.Add(isLeft ? leftSerDes.Deserialize(bytes) : rightSerDes.Deserialize(bytes));
            value = value[(sizeof(int) + length)..];
        }
        return entry;
    }

    private sealed record Entry(bool IsLeft, TKey Key, long Timestamp, List<object?> Values);
}
