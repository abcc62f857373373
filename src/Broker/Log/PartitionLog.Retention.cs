namespace Streams.Broker.Log;

/// <summary>How segments leave the log: by retention, by DeleteRecords, and by compaction, which replaces them.</summary>
internal sealed partial class PartitionLog
{
    /// <summary>How long the file of a removed segment stays open for those who read it: file.delete.delay.ms of Kafka.</summary>
    private const long ReadersHaveMs = 60_000;

    private readonly Lock _maintaining = new();
    private readonly Queue<(Segment Segment, long Since)> _retired = [];

    /// <summary>Records below the offset are no longer to be read. Segments that hold no others go with the next <see cref="Retain"/>.</summary>
    public void DeleteRecordsBefore(long offset)
    {
        lock (_gate) LogStartOffset = Math.Max(LogStartOffset, offset);
    }

    /// <summary>
    /// Deletes the oldest segments that retention.ms, retention.bytes or DeleteRecords let go; never one with records that readers of committed ones have not
    /// been shown. The new start, with what the segments alone knew of producers, is on disk before the files go.
    /// </summary>
    /// <exception cref="IOException">The disk is full or broken; the log is as before, or some files are left that the next start deletes.</exception>
    public void Retain(long now)
    {
        lock (_maintaining)
        {
            CloseRetired(now);
            if (PlanStart(now) is not { } start) return;
            start.Write(_host.Disk, StartPath);
            KillPoint.Reached("broker.after_log_start");
            List<Segment> removed;
            lock (_gate)
            {
                LogStartOffset = Math.Max(LogStartOffset, start.Offset);
                removed = [.. _segments.TakeWhile(s => s.BaseOffset < start.FirstSegment)];
                _segments.RemoveRange(0, removed.Count);
                _aborted.RemoveAll(t => t.MarkerOffset < LogStartOffset);
            }
            Remove(removed, now);
        }
    }

    /// <summary>Forgets producers that were not heard of for so long; never one with an open transaction.</summary>
    public void ExpireProducers(long now, long idleMs)
    {
        lock (_gate)
        {
            foreach (var idle in _producers.Values.Where(p => p.OpenTransactionOffset is null && now - p.LastSeen >= idleMs).ToList()) _producers.Remove(idle.ProducerId);
        }
    }

    /// <summary>
    /// For the cleaner: the closed segments, oldest first, whose records all belong to no transaction or to an ended one. With <paramref name="rollOlderThan"/> the last
    /// segment is closed first where its first record is older than that time and nothing in it is unstable (max.compaction.lag.ms).
    /// </summary>
    public IReadOnlyList<Segment> Closed(long? rollOlderThan = null)
    {
        lock (_gate)
        {
            if (IsDamaged || _disposed || _segments.Count == 0) return [];
            var last = _segments[^1];
            if (rollOlderThan is { } time && last.Size > 0 && last.FirstTimestamp < time && LogEndOffset <= FirstUndecided()) Roll();
            return [.. _segments.Take(CountBelow(FirstUndecided()))];
        }
    }

    /// <summary>
    /// Puts a compacted file in the place of neighbouring segments, as one step: until it has its name the old ones hold, from then on the new one, whatever
    /// a crash leaves of the others. The file is at <see cref="CleaningPath"/>, its batches in order, with the offsets that they had.
    /// </summary>
    /// <param name="old">Neighbours of <see cref="Closed"/>, oldest first.</param>
    /// <returns>False where the segments are no longer those of the log: the file is deleted.</returns>
    /// <exception cref="IOException">The disk is full or broken; the log is as before.</exception>
    public bool Replace(IReadOnlyList<Segment> old, long now)
    {
        lock (_maintaining)
        {
            int first;
            SegmentName name;
            lock (_gate)
            {
                first = _segments.IndexOf(old[0]);
                if (IsDamaged || _disposed || first < 0 || first + old.Count >= _segments.Count || !old.SequenceEqual(_segments.Skip(first).Take(old.Count)))
                {
                    _host.Disk.DeleteFile(CleaningPath);
                    return false;
                }
                name = SegmentName.Cleaned(_directory, Partition, old[0].BaseOffset, _segments[first + old.Count].BaseOffset);
            }
            var markers = new HashSet<long>();
            var segment = Named(name, markers);
            lock (_gate)
            {
                _segments.RemoveRange(first, old.Count);
                _segments.Insert(first, segment);
                // Readers take a producer's records for aborted until they come to the marker: a transaction without one must not be told to them.
                _aborted.RemoveAll(t => t.MarkerOffset >= segment.BaseOffset && t.MarkerOffset < segment.EndOffset && !markers.Contains(t.MarkerOffset));
            }
            // Compacted once more over the same offsets, a segment has the name of the one it replaces, whose file is gone with the renaming.
            Remove([.. old.Where(s => s.Path != segment.Path)], now);
            foreach (var same in old.Where(s => s.Path == segment.Path)) _retired.Enqueue((same, now));
            return true;
        }
    }

    /// <param name="markers">Takes the offsets of the markers in the file.</param>
    private Segment Named(SegmentName name, HashSet<long> markers)
    {
        var draft = new Segment(name, _host.Disk.Open(CleaningPath));
        var length = draft.File.Length;
        using (var reader = new BatchReader(draft.File, 0, length))
        {
            while (reader.Next(out var bytes) && RecordBatch.IsSound(bytes))
            {
                var batch = new RecordBatch(bytes);
                draft.Note(batch);
                if (batch.IsControl && batch.RecordCount > 0) markers.Add(batch.BaseOffset);
            }
        }
        if (draft.Size != length) throw new InvalidDataException($"{CleaningPath} does not hold sound batches");
        draft.File.Sync();
        KillPoint.Reached("broker.before_cleaned_rename");
        _host.Disk.Move(CleaningPath, name.Path);
        KillPoint.Reached("broker.after_cleaned_rename");
        _host.Disk.SyncDirectory(_directory);
        draft.IsNamed = true;
        return draft;
    }

    private LogStart? PlanStart(long now)
    {
        lock (_gate)
        {
            if (IsDamaged || _disposed || _segments.Count == 0) return null;
            var count = Math.Max(CountExpired(now), CountBelow(LogStartOffset));
            if (count == 0) return null;
            if (count == _segments.Count) Roll();
            var first = _segments[count].BaseOffset;
            return new LogStart(Math.Max(LogStartOffset, first), first, [.. _producers.Values.Select(p => p.Before(first, OpenBefore(first, p.ProducerId))).OfType<ProducerState>()]);
        }
    }

    /// <summary>Where a transaction began that is open, or whose marker is not on disk yet; -1 where there is none below the offset.</summary>
    private long OpenBefore(long offset, long producerId)
    {
        foreach (var (first, producer) in _openTransactions)
        {
            if (first < offset && producer == producerId) return first;
        }
        return -1;
    }

    /// <summary>How many of the oldest segments retention lets go; the last one among them only when all of it expired.</summary>
    private int CountExpired(long now)
    {
        var config = _config;
        if (!config.Deletes) return 0;
        var (stable, surplus) = (StableOffset(), config.RetentionBytes < 0 ? -1 : _segments.Sum(s => s.Size) - config.RetentionBytes);
        var count = 0;
        foreach (var segment in _segments)
        {
            var end = count + 1 < _segments.Count ? _segments[count + 1].BaseOffset : LogEndOffset;
            var tooOld = config.RetentionMs >= 0 && segment.MaxTimestamp >= 0 && now - segment.MaxTimestamp > config.RetentionMs;
            var tooMuch = surplus >= segment.Size && config.RetentionBytes >= 0;
            if (segment.Size == 0 || end > stable || !(tooOld || tooMuch)) break;
            surplus -= segment.Size;
            count++;
        }
        return count;
    }

    /// <summary>How many closed segments end at the offset or before it.</summary>
    private int CountBelow(long offset)
    {
        var count = 0;
        while (count + 1 < _segments.Count && _segments[count + 1].BaseOffset <= offset) count++;
        return count;
    }

    private void Remove(List<Segment> segments, long now)
    {
        foreach (var segment in segments) _retired.Enqueue((segment, now));
        Delete([.. segments.Select(s => s.Path)]);
    }

    private void Delete(List<string> paths)
    {
        if (paths.Count == 0) return;
        foreach (var path in paths)
        {
            _host.Disk.DeleteFile(path);
            KillPoint.Reached("broker.after_segment_delete");
        }
        _host.Disk.SyncDirectory(_directory);
    }

    private void CloseRetired(long now)
    {
        while (_retired.TryPeek(out var oldest) && now - oldest.Since >= ReadersHaveMs) _retired.Dequeue().Segment.Dispose();
    }
}
