using System.Buffers;
using Streams.Rating.Entitlements;
using Streams.Schemas.Avro;
using Streams.Streaming;

namespace Streams.Aggregators.Entitlements;

/// <summary>
/// The use of metered features by the partition's customers. Changelog: customer and feature, and the entry. What was committed is shown in the
/// <see cref="EntitlementView"/>, from the restore until the task closes.
/// </summary>
public sealed class EntitlementStore(string name, EntitlementView? view = null) : IStateStore, IDisposable
{
    public const string Store = "entitlements";

    readonly Dictionary<FeatureKey, EntitlementEntry> _entries = [];
    readonly SortedSet<(long Due, FeatureKey Key)> _due = [];
    readonly List<EntitlementEntry> _dirty = [];
    readonly List<FeatureKey> _removed = [];
    readonly List<(FeatureKey Key, PublishedUse? Use)> _flushed = [];
    readonly ArrayBufferWriter<byte> _key = new(128);
    readonly ArrayBufferWriter<byte> _value = new(256);
    PartitionUse? _shown;
    long _flushedTime;

    public string Name => name;

    public int Count => _entries.Count;

    /// <summary>Stream time, in microseconds, as the processor last said; not stored here.</summary>
    public long StreamTime { get; set; } = long.MinValue;

    /// <summary>When the first interval ends that is to be looked at; <see cref="long.MaxValue"/> when there is none.</summary>
    public long FirstDue { get; private set; } = long.MaxValue;

    public IEnumerable<EntitlementEntry> Entries => _entries.Values.OrderBy(e => e.Key);

    public EntitlementEntry? Find(FeatureKey key) => _entries.GetValueOrDefault(key);

    public EntitlementEntry Add(FeatureKey key, string meter, MeteredUse use)
    {
        if (_entries.TryGetValue(key, out var other)) SetDue(other, long.MaxValue);
        return _entries[key] = new(key, meter, use);
    }

    /// <summary>An entry whose interval has ended at a stream time, or null.</summary>
    public EntitlementEntry? NextDue(long streamTime) => FirstDue <= streamTime ? _entries[_due.Min.Key] : null;

    public void SetDue(EntitlementEntry entry, long due)
    {
        if (entry.Due == due) return;
        if (entry.Due != long.MaxValue) _due.Remove((entry.Due, entry.Key));
        entry.Due = due;
        if (due != long.MaxValue) _due.Add((due, entry.Key));
        FirstDue = _due.Count == 0 ? long.MaxValue : _due.Min.Due;
    }

    public void Touch(EntitlementEntry entry)
    {
        if (entry.Dirty) return;
        entry.Dirty = true;
        _dirty.Add(entry);
    }

    public void Remove(EntitlementEntry entry)
    {
        SetDue(entry, long.MaxValue);
        _entries.Remove(entry.Key);
        _removed.Add(entry.Key);
    }

    /// <summary>After the restore: schedules what was used, and shows everything to readers.</summary>
    public void FinishRestore(int partition, long streamTime)
    {
        foreach (var entry in _entries.Values.Where(e => e.IsUsed)) SetDue(entry, entry.Use.Interval.End.Micros);
        StreamTime = streamTime;
        _shown = view?.Open(partition, streamTime, _entries.Values.Select(e => (e.Key, Published(e))));
    }

    public void Flush(IChangelog changelog)
    {
        _flushed.Clear();
        foreach (var key in _removed)
        {
            // It has come back since, and is written below.
            if (_entries.TryGetValue(key, out var again) && again.Dirty) continue;
            changelog.Delete(Encode(key));
            _flushed.Add((key, null));
        }
        foreach (var entry in _dirty)
        {
            entry.Dirty = false;
            if (_entries.GetValueOrDefault(entry.Key) != entry) continue;
            _value.ResetWrittenCount();
            entry.Write(_value);
            changelog.Put(Encode(entry.Key), _value.WrittenSpan);
            if (_shown is not null) _flushed.Add((entry.Key, Published(entry)));
        }
        _removed.Clear();
        _dirty.Clear();
        _flushedTime = StreamTime;
    }

    public void Committed()
    {
        _shown?.Show(_flushedTime, _flushed);
        _flushed.Clear();
    }

    public void Restore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted)
    {
        var reader = new AvroReader(key);
        var decoded = new FeatureKey(reader.ReadString(), reader.ReadString());
        if (deleted) _entries.Remove(decoded);
        else _entries[decoded] = EntitlementEntry.Read(decoded, value);
    }

    public void Dispose()
    {
        if (_shown is { } shown) view!.Close(shown);
        _shown = null;
    }

    static PublishedUse Published(EntitlementEntry entry) => new(entry.Meter, entry.Use);

    ReadOnlySpan<byte> Encode(FeatureKey key)
    {
        _key.ResetWrittenCount();
        var writer = new AvroWriter(_key);
        writer.WriteString(key.Customer);
        writer.WriteString(key.Feature);
        return _key.WrittenSpan;
    }
}
