using Streams.Broker.Disk;

namespace Streams.Broker.Log;

/// <summary>What a round of cleaning did.</summary>
/// <param name="EndOffset">Every key's last record below it is the only one that is left.</param>
internal sealed record Cleaned(long EndOffset, long BytesBefore, long BytesAfter);

/// <summary>
/// Compacts logs by Kafka's rules: closed segments below the last stable offset, from min.compaction.lag.ms of age on, when the dirty part has
/// min.cleanable.dirty.ratio of their bytes or is older than max.compaction.lag.ms. Segments are replaced from the oldest on, each group as one step, so that
/// a tombstone never goes before the values that it deletes. Which batches and records stay is said by <see cref="CleanerBatches"/>.
/// </summary>
/// <param name="mapBytes">What the map of keys may take: a round cleans as far as it reaches, the next one goes on from there.</param>
internal sealed class LogCleaner(IDisk disk, long mapBytes)
{
    /// <summary>One round; null where there is too little to do, or the log was closed meanwhile.</summary>
    /// <exception cref="OperationCanceledException">Given up; what was not replaced yet is as before.</exception>
    /// <exception cref="IOException">The disk is full or broken; what was not replaced yet is as before.</exception>
    /// <exception cref="InvalidDataException">A segment is damaged, and left as it is.</exception>
    public Cleaned? Clean(PartitionLog log, long now, CancellationToken ct = default)
    {
        var config = log.Config;
        if (!config.Compacts) return null;
        try
        {
            var closed = log.Closed(config.MaxCompactionLagMs < long.MaxValue ? now - config.MaxCompactionLagMs : null);
            var point = new CleanerPoint(disk, Path.ChangeExtension(log.CleaningPath, ".clean"));
            var firstDirty = point.Read();
            var segments = closed.TakeWhile(s => s.EndOffset <= firstDirty || s.MaxTimestamp <= now - config.MinCompactionLagMs).ToList();
            return IsWorthwhile(segments, firstDirty, config, now) ? Round(log, segments, point, firstDirty, now, ct) : null;
        }
        catch (ObjectDisposedException)
        {
            // The topic was deleted.
            return null;
        }
    }

    private static bool IsWorthwhile(List<Segment> segments, long firstDirty, LogConfig config, long now)
    {
        var dirty = segments.Where(s => s.EndOffset > firstDirty).ToList();
        if (dirty.Count == 0) return false;
        var isOverdue = config.MaxCompactionLagMs < long.MaxValue && dirty.Any(s => s.FirstTimestamp > 0 && s.FirstTimestamp < now - config.MaxCompactionLagMs);
        return isOverdue || dirty.Sum(s => s.Size) > config.MinCleanableDirtyRatio * segments.Sum(s => s.Size);
    }

    private Cleaned? Round(PartitionLog log, List<Segment> segments, CleanerPoint point, long firstDirty, long now, CancellationToken ct)
    {
        var rules = new CleanerRules(now, log.Config.DeleteRetentionMs, log.AbortedBetween(0, segments[^1].EndOffset), log.LiveProducers());
        var map = Map(segments, firstDirty, rules, ct);
        var batches = new CleanerBatches(map, rules);
        long before = 0, after = 0;
        foreach (var group in Groups(segments.Where(s => s.BaseOffset <= map.LatestOffset), log.Config.SegmentBytes))
        {
            ct.ThrowIfCancellationRequested();
            var (length, isChanged) = Write(group, batches, log.CleaningPath);
            before += group.Sum(s => s.Size);
            after += length;
            if (!isChanged && group.Count == 1) disk.DeleteFile(log.CleaningPath);
            else if (!log.Replace(group, now)) return null;
        }
        point.Write(map.LatestOffset + 1);
        return new Cleaned(map.LatestOffset + 1, before, after);
    }

    private CleanerOffsetMap Map(List<Segment> segments, long firstDirty, CleanerRules rules, CancellationToken ct)
    {
        var map = new CleanerOffsetMap(mapBytes);
        foreach (var segment in segments.Where(s => s.EndOffset > firstDirty))
        {
            ct.ThrowIfCancellationRequested();
            using var reader = new BatchReader(segment.File, 0, segment.Size);
            while (Next(reader, segment, out var bytes))
            {
                if (!CleanerBatches.TryMap(new RecordBatch(bytes), firstDirty, rules, map)) return map;
            }
            // Offsets that an earlier round took away belong to the segment as well.
            map.LatestOffset = segment.EndOffset - 1;
        }
        return map;
    }

    /// <summary>Neighbours that are together no longer than a segment become one.</summary>
    private static List<List<Segment>> Groups(IEnumerable<Segment> segments, long segmentBytes)
    {
        var groups = new List<List<Segment>>();
        var size = 0L;
        foreach (var segment in segments)
        {
            if (groups.Count == 0 || size + segment.Size > segmentBytes)
            {
                groups.Add([]);
                size = 0;
            }
            groups[^1].Add(segment);
            size += segment.Size;
        }
        return groups;
    }

    private (long Length, bool IsChanged) Write(List<Segment> group, CleanerBatches batches, string path)
    {
        using var file = new CleanerFile(disk, path);
        var isChanged = false;
        foreach (var segment in group)
        {
            using var reader = new BatchReader(segment.File, 0, segment.Size);
            while (Next(reader, segment, out var bytes))
            {
                var left = batches.Clean(bytes, isLastOfSegment: segment == group[^1] && reader.Position == segment.Size);
                isChanged |= left != bytes;
                file.Append(left);
            }
        }
        file.Finish();
        return (file.Length, isChanged);
    }

    // Batches get new checksums: what is damaged must not get a right one.
    private static bool Next(BatchReader reader, Segment segment, out ReadOnlySpan<byte> bytes)
    {
        if (reader.Position == segment.Size)
        {
            bytes = default;
            return false;
        }
        return reader.Next(out bytes) && RecordBatch.IsSound(bytes) ? true : throw new InvalidDataException($"{segment.Path} is damaged at {reader.Position}");
    }
}
