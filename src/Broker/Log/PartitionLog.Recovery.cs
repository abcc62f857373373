using Microsoft.Extensions.Logging;

namespace Streams.Broker.Log;

internal sealed partial class PartitionLog
{
    private string StartPath => Path.Combine(_directory, $"{Partition}.start");

    /// <summary>A compacted segment while it is written; what a crash leaves of it is deleted at start.</summary>
    public string CleaningPath => Path.Combine(_directory, $"{Partition}.cleaning");

    /// <summary>
    /// Reads the whole log back: every batch's checksum is verified and all derived state is rebuilt. A torn tail is cut off;
    /// bytes that are bad although they were known to be on disk are damage, which closes the partition and leaves its files alone.
    /// </summary>
    /// <exception cref="IOException">The disk cannot be read, or a tail cannot be cut.</exception>
    public void Recover(ILogger log)
    {
        var durable = _durablePoint.Read();
        if (!TryReadStart(log, out var start)) return;
        var names = SegmentsOf(start, out var leftovers);
        if (!FirstIsThere(names, start, durable.Segment, log)) return;
        for (var i = 0; i < names.Count && !IsDamaged; i++) Read(names[i], isLast: i == names.Count - 1, durable, log);
        if (IsDamaged) return;
        LogStartOffset = Math.Max(LogStartOffset, start.Offset);
        if (LogStartOffset > LogEndOffset)
        {
            // The start only ever moves to what is on disk: records are missing.
            Refuse(_segments.Count == 0 ? StartPath : _segments[^1].Path, _segments.Count == 0 ? 0 : _segments[^1].Size, log);
            return;
        }
        MoveHighWatermark(LogEndOffset);
        EndCleanedTransactions();
        Delete(leftovers);
        SyncWhatIsNotKnownToBe(durable);
    }

    private bool TryReadStart(ILogger log, out LogStart start)
    {
        start = LogStart.Beginning;
        try
        {
            start = LogStart.Read(_host.Disk, StartPath);
        }
        catch (InvalidDataException)
        {
            Refuse(StartPath, 0, log);
            return false;
        }
        var now = _host.Now;
        foreach (var producer in start.Producers)
        {
            var entry = _producers[producer.ProducerId] = new ProducerEntry(producer) { LastSeen = now };
            if (entry.OpenTransactionOffset is { } open) _openTransactions.Add(open, producer.ProducerId);
        }
        LogEndOffset = start.FirstSegment;
        return true;
    }

    /// <summary>The segments that make up the log, oldest first, and the files that a deletion or a compaction did not get round to delete.</summary>
    private List<SegmentName> SegmentsOf(LogStart start, out List<string> leftovers)
    {
        var (names, stale) = (new List<SegmentName>(), new List<string>());
        var found = new List<SegmentName>();
        foreach (var path in _host.Disk.Files(_directory))
        {
            if (SegmentName.TryParse(path, Partition, out var name)) found.Add(name);
            else if (path == CleaningPath || path == StartPath + ".new") stale.Add(path);
        }
        var covered = start.FirstSegment;
        foreach (var name in found.OrderBy(n => n.BaseOffset).ThenByDescending(n => n.CleanedEnd ?? -1))
        {
            if (name.BaseOffset < covered)
            {
                stale.Add(name.Path);
                continue;
            }
            names.Add(name);
            covered = Math.Max(covered, name.CleanedEnd ?? covered);
        }
        leftovers = stale;
        return names;
    }

    private bool FirstIsThere(List<SegmentName> names, LogStart start, long durableSegment, ILogger log)
    {
        var missing = names.Count == 0 ? durableSegment >= start.FirstSegment : names[0].BaseOffset != start.FirstSegment;
        if (missing) Refuse(SegmentName.Plain(_directory, Partition, start.FirstSegment).Path, 0, log);
        return !missing;
    }

    private void Read(SegmentName name, bool isLast, (long Segment, long Position) durable, ILogger log)
    {
        var segment = new Segment(name, _host.Disk.Open(name.Path)) { IsNamed = name.BaseOffset <= durable.Segment };
        _segments.Add(segment);
        var length = segment.File.Length;
        var follows = name.BaseOffset == LogEndOffset;
        if (follows) Scan(segment, length);
        var isWhole = follows && segment.Size == length;
        if (segment.CleanedEnd is { } end)
        {
            if (isWhole && !(isLast && end <= durable.Segment)) LogEndOffset = end;
            else Refuse(segment.Path, segment.Size, log);
            return;
        }
        var isShort = segment.BaseOffset < durable.Segment ? isLast : segment.BaseOffset == durable.Segment && segment.Size < durable.Position;
        if (isWhole && !isShort) return;
        if (!follows || !isLast || isShort) Refuse(segment.Path, segment.Size, log);
        else CutTail(segment, length, log);
    }

    /// <summary>Reads batches up to the first that is not sound or not the next one.</summary>
    private void Scan(Segment segment, long length)
    {
        using var reader = new BatchReader(segment.File, 0, length);
        var (now, isCleaned, end) = (_host.Now, segment.CleanedEnd is not null, segment.CleanedEnd ?? long.MaxValue);
        while (reader.Next(out var bytes) && RecordBatch.IsSound(bytes))
        {
            var batch = new RecordBatch(bytes);
            if (isCleaned ? batch.BaseOffset < LogEndOffset || batch.BaseOffset >= end || batch.LastOffset >= end : batch.BaseOffset != LogEndOffset) break;
            segment.Note(batch);
            Apply(batch, now, isCleaned);
        }
    }

    /// <summary>Only what was ended is compacted: a transaction that seems open there has lost its marker to the compaction.</summary>
    private void EndCleanedTransactions()
    {
        if (_openTransactions.Count == 0 || _segments.FindLast(s => s.CleanedEnd is not null)?.CleanedEnd is not { } end) return;
        foreach (var (offset, producerId) in _openTransactions.Where(t => t.Key < end).ToList())
        {
            _openTransactions.Remove(offset);
            _producers[producerId].OpenTransactionOffset = null;
        }
    }

    // After kill -9 the last batches may be in the system's cache alone: they are on disk before anybody reads them.
    private void SyncWhatIsNotKnownToBe((long Segment, long Position) durable)
    {
        if (_segments.Count == 0 || durable == (_segments[^1].BaseOffset, _segments[^1].Size)) return;
        Flush();
    }

    private void CutTail(Segment segment, long length, ILogger log)
    {
        log.TailTruncated(Topic, Partition, length - segment.Size, LogEndOffset);
        segment.File.SetLength(segment.Size);
        segment.File.Sync();
    }

    private void Refuse(string path, long position, ILogger log)
    {
        log.LogDamaged(Topic, Partition, path, position, LogEndOffset);
        HighWatermark = LogEndOffset;
        IsDamaged = true;
    }
}
