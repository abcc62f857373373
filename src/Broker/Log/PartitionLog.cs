using Streams.Broker.Disk;
using Streams.Broker.Protocol;

namespace Streams.Broker.Log;

/// <summary>A transaction that was aborted: its first record and its marker.</summary>
internal readonly record struct AbortedTransaction(long ProducerId, long FirstOffset, long MarkerOffset);

/// <summary>Where an append ended: the offset that the first record got, or why it got none.</summary>
internal readonly record struct Appended(ErrorCode Error, long BaseOffset)
{
    public static Appended Refused(ErrorCode error) => new(error, -1);
}

/// <summary>
/// The log of one partition. Appends and state are under its lock; readers see what is on disk alone: the high watermark moves after fsync.
/// </summary>
internal sealed partial class PartitionLog : IFlushable, IDisposable
{
    private readonly Lock _gate = new();
    private readonly IDisk _disk;
    private readonly string _directory;
    private readonly long _segmentBytes;
    private readonly List<Segment> _segments = [];
    private readonly Dictionary<long, ProducerEntry> _producers = [];
    private readonly SortedDictionary<long, long> _openTransactions = [];
    private readonly List<AbortedTransaction> _aborted = [];
    private readonly HashSet<IFetchWaiter> _waiters = [];
    private readonly DurablePoint _durablePoint;
    private readonly Lock _flushing = new();
    private bool _disposed;

    public PartitionLog(IDisk disk, string directory, string topic, int partition, long segmentBytes)
    {
        _disk = disk;
        _directory = directory;
        _segmentBytes = segmentBytes;
        Topic = topic;
        Partition = partition;
        _durablePoint = new DurablePoint(disk, Path.Combine(directory, $"{partition}.durable"));
    }

    public string Topic { get; }

    public int Partition { get; }

    /// <summary>Set when the log on disk is damaged: the partition then answers KAFKA_STORAGE_ERROR and its files stay as they are.</summary>
    public bool IsDamaged { get; private set; }

    public long LogStartOffset { get; private set; }

    public long LogEndOffset { get; private set; }

    public long HighWatermark { get; private set; }

    /// <summary>Readers of committed records see up to here: the first record of the earliest open transaction, else the high watermark.</summary>
    public long LastStableOffset
    {
        get
        {
            lock (_gate) return StableOffset();
        }
    }

    /// <summary>Bytes of all segments.</summary>
    public long Size
    {
        get
        {
            lock (_gate) return _segments.Sum(s => s.Size);
        }
    }

    public long EndFor(bool committedOnly) => committedOnly ? LastStableOffset : HighWatermark;

    public bool HasOpenTransaction(long producerId)
    {
        lock (_gate) return _producers.TryGetValue(producerId, out var entry) && entry.OpenTransactionOffset is not null;
    }

    /// <summary>Appends a client's batch, already validated. A repeated one is answered with the offset that it got the first time.</summary>
    public Appended Append(Span<byte> bytes)
    {
        lock (_gate)
        {
            if (IsDamaged) return Appended.Refused(ErrorCode.KafkaStorageError);
            var batch = new RecordBatch(bytes);
            if (batch.HasProducer && _producers.TryGetValue(batch.ProducerId, out var entry))
            {
                var error = entry.Check(batch, out var duplicate);
                if (error != ErrorCode.None) return Appended.Refused(error);
                if (duplicate is { } written) return new Appended(ErrorCode.None, written.BaseOffset);
            }
            return new Appended(ErrorCode.None, Write(bytes));
        }
    }

    /// <summary>Ends a producer's transaction in this partition; nothing happens where it has none.</summary>
    public bool AppendMarker(long producerId, short epoch, bool commit, long timestamp)
    {
        lock (_gate)
        {
            if (IsDamaged || !_producers.TryGetValue(producerId, out var entry) || entry.OpenTransactionOffset is null) return false;
            Write(ControlBatch.Create(producerId, epoch, commit, timestamp));
            return true;
        }
    }

    /// <summary>Records below the offset are no longer to be read.</summary>
    public void DeleteRecordsBefore(long offset)
    {
        lock (_gate) LogStartOffset = Math.Max(LogStartOffset, offset);
    }

    public void Flush()
    {
        // A topic may be deleted while its log waits for the disk: one of the two goes first.
        lock (_flushing) FlushOpen();
    }

    private void FlushOpen()
    {
        long end;
        Segment? segment;
        lock (_gate)
        {
            end = LogEndOffset;
            segment = _segments.Count == 0 ? null : _segments[^1];
        }
        if (segment is null || _disposed) return;
        var size = segment.Size;
        KillPoint.Reached("broker.before_fsync");
        segment.File.Sync();
        KillPoint.Reached("broker.after_fsync");
        NameOnDisk(segment);
        _durablePoint.Write(segment.BaseOffset, Math.Min(size, segment.Size));
        Publish(end);
    }

    public void Dispose()
    {
        lock (_flushing)
        lock (_gate)
        {
            _disposed = true;
            foreach (var segment in _segments) segment.Dispose();
            _durablePoint.Dispose();
            IsDamaged = true;
        }
    }

    private long StableOffset()
    {
        var open = _openTransactions.Count == 0 ? long.MaxValue : _openTransactions.First().Key;
        return Math.Min(HighWatermark, open);
    }

    private long Write(Span<byte> bytes)
    {
        var offset = LogEndOffset;
        RecordBatch.WriteBaseOffset(bytes, offset);
        var batch = new RecordBatch(bytes);
        KillPoint.Reached("broker.before_append");
        WritableSegment(bytes.Length).Append(bytes, offset, batch.MaxTimestamp);
        KillPoint.Reached("broker.after_append");
        Apply(batch);
        return offset;
    }

    /// <summary>Takes a batch of the log into the state that is derived from it; the same when it is written and when it is read back at start.</summary>
    private void Apply(RecordBatch batch)
    {
        LogEndOffset = batch.LastOffset + 1;
        if (!batch.HasProducer) return;
        if (!_producers.TryGetValue(batch.ProducerId, out var entry))
            _producers[batch.ProducerId] = entry = new ProducerEntry(batch.ProducerId);
        if (batch.IsControl) EndTransaction(entry, batch);
        else AddData(entry, batch);
    }

    private void AddData(ProducerEntry entry, RecordBatch batch)
    {
        entry.Add(batch, batch.BaseOffset);
        if (!batch.IsTransactional || entry.OpenTransactionOffset is not null) return;
        entry.OpenTransactionOffset = batch.BaseOffset;
        _openTransactions.Add(batch.BaseOffset, batch.ProducerId);
    }

    private void EndTransaction(ProducerEntry entry, RecordBatch marker)
    {
        entry.Begin(marker.ProducerEpoch);
        if (entry.OpenTransactionOffset is not { } first) return;
        if (!ControlBatch.IsCommit(marker)) _aborted.Add(new AbortedTransaction(entry.ProducerId, first, marker.BaseOffset));
        _openTransactions.Remove(first);
        entry.OpenTransactionOffset = null;
    }

    private Segment WritableSegment(int length)
    {
        if (_segments.Count > 0 && (_segments[^1].Size == 0 || _segments[^1].Size + length <= _segmentBytes)) return _segments[^1];
        if (_segments.Count > 0) CloseSegment(_segments[^1]);
        var segment = new Segment(_disk, Path.Combine(_directory, FormattableString.Invariant($"{Partition}-{LogEndOffset:D20}.log")), LogEndOffset);
        _segments.Add(segment);
        return segment;
    }

    // The flusher only syncs the last segment, so that one is on disk before another follows it.
    private void CloseSegment(Segment segment)
    {
        try
        {
            segment.File.Sync();
            NameOnDisk(segment);
        }
        catch (IOException e)
        {
            Environment.FailFast($"fsync of {segment.Path} failed", e);
        }
    }

    private void NameOnDisk(Segment segment)
    {
        if (segment.IsNamed) return;
        _disk.SyncDirectory(_directory);
        segment.IsNamed = true;
    }

    private void Publish(long end)
    {
        IFetchWaiter[] waiters;
        lock (_gate)
        {
            HighWatermark = Math.Max(HighWatermark, end);
            waiters = [.. _waiters];
        }
        foreach (var waiter in waiters) waiter.Wake();
    }
}
