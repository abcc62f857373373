using Streams.Broker.Protocol;

namespace Streams.Broker.Log;

/// <summary>A transaction that was aborted: its first record and its marker.</summary>
internal readonly record struct AbortedTransaction(long ProducerId, long FirstOffset, long MarkerOffset);

/// <summary>Where an append ended: the offset that the first record got, or why it got none; and the broker's time, where the records have that one, else -1.</summary>
internal readonly record struct Appended(ErrorCode Error, long BaseOffset, long LogAppendTime = -1)
{
    public static Appended Refused(ErrorCode error) => new(error, -1);
}

/// <summary>
/// The log of one partition. Appends and state are under its lock; readers see what is on disk alone: the high watermark moves after fsync.
/// </summary>
internal sealed partial class PartitionLog : IFlushable, IDisposable
{
    private readonly Lock _gate = new();
    private readonly LogHost _host;
    private readonly string _directory;
    private readonly List<Segment> _segments = [];
    private readonly Dictionary<long, ProducerEntry> _producers = [];
    private readonly SortedDictionary<long, long> _openTransactions = [];
    private readonly Queue<(long FirstOffset, long MarkerOffset)> _ending = [];
    private readonly List<AbortedTransaction> _aborted = [];
    private readonly HashSet<IFetchWaiter> _waiters = [];
    private readonly DurablePoint _durablePoint;
    private readonly Lock _flushing = new();
    private volatile LogConfig _config;
    private bool _disposed;

    public PartitionLog(LogHost host, string directory, string topic, int partition, LogConfig config)
    {
        _host = host;
        _directory = directory;
        _config = config;
        Topic = topic;
        Partition = partition;
        _durablePoint = new DurablePoint(host.Disk, Path.Combine(directory, $"{partition}.durable"));
    }

    public string Topic { get; }

    public int Partition { get; }

    /// <summary>The topic's settings; may change at any time and hold from the next append or round of maintenance on.</summary>
    public LogConfig Config
    {
        get => _config;
        set => _config = value;
    }

    /// <summary>Set when the log on disk is damaged: the partition then answers KAFKA_STORAGE_ERROR and its files stay as they are.</summary>
    public bool IsDamaged { get; private set; }

    public long LogStartOffset { get; private set; }

    public long LogEndOffset { get; private set; }

    public long HighWatermark { get; private set; }

    /// <summary>Bytes of all its segments.</summary>
    public long Size
    {
        get
        {
            lock (_gate) return _segments.Sum(s => s.Size);
        }
    }

    /// <summary>Readers of committed records see up to here: the first record of the earliest open transaction, else the high watermark.</summary>
    public long LastStableOffset
    {
        get
        {
            lock (_gate) return StableOffset();
        }
    }

    public long EndFor(bool committedOnly) => committedOnly ? LastStableOffset : HighWatermark;

    public bool HasOpenTransaction(long producerId)
    {
        lock (_gate) return _producers.TryGetValue(producerId, out var entry) && entry.OpenTransactionOffset is not null;
    }

    /// <summary>Appends a client's batch, already validated. A repeated one is answered with the offset that it got the first time.</summary>
    /// <exception cref="IOException">The disk is full or broken; the log is as before.</exception>
    public Appended Append(Span<byte> bytes)
    {
        lock (_gate)
        {
            if (IsDamaged) return Appended.Refused(ErrorCode.KafkaStorageError);
            var batch = new RecordBatch(bytes);
            var byBroker = _config.LogAppendTime;
            if (batch.HasProducer && _producers.TryGetValue(batch.ProducerId, out var entry))
            {
                var error = entry.Check(batch, out var duplicate);
                if (error != ErrorCode.None) return Appended.Refused(error);
                if (duplicate is { } written) return new Appended(ErrorCode.None, written.BaseOffset, byBroker ? written.MaxTimestamp : -1);
                if (!batch.IsTransactional && entry.OpenTransactionOffset is not null) return Appended.Refused(ErrorCode.InvalidTxnState);
            }
            long? now = byBroker ? _host.Now : null;
            if (byBroker || batch.IsLogAppendTime) RecordBatch.WriteTimestampType(bytes, now);
            return new Appended(ErrorCode.None, Write(bytes), now ?? -1);
        }
    }

    /// <summary>Ends a producer's transaction in this partition. Where it has written nothing a marker is set only if <paramref name="evenIfEmpty"/>.</summary>
    /// <exception cref="IOException">The disk is full or broken; the log is as before.</exception>
    public bool AppendMarker(long producerId, short epoch, bool commit, long timestamp, bool evenIfEmpty = false)
    {
        lock (_gate)
        {
            if (IsDamaged || (!evenIfEmpty && !HasOpenTransaction(producerId))) return false;
            Write(ControlBatch.Create(producerId, epoch, commit, timestamp));
            return true;
        }
    }

    public void Flush()
    {
        // A topic may be deleted while its log waits for the disk: one of the two goes first.
        lock (_flushing) FlushOpen();
    }

    private void FlushOpen()
    {
        long end, size;
        Segment? segment;
        lock (_gate)
        {
            end = LogEndOffset;
            segment = _segments.Count == 0 ? null : _segments[^1];
            size = segment?.Size ?? 0;
        }
        if (segment is null || _disposed) return;
        KillPoint.Reached("broker.before_fsync");
        segment.File.Sync();
        KillPoint.Reached("broker.after_fsync");
        NameOnDisk(segment);
        NoteDurable(segment.BaseOffset, size);
        Publish(end);
    }

    public void Dispose()
    {
        lock (_maintaining)
        lock (_flushing)
        lock (_gate)
        {
            _disposed = true;
            foreach (var segment in _segments) segment.Dispose();
            foreach (var (segment, _) in _retired) segment.Dispose();
            _durablePoint.Dispose();
            IsDamaged = true;
        }
    }

    /// <summary>Records can be deleted before the transaction that wrote them has ended; readers begin behind them.</summary>
    private long StableOffset() => Math.Max(LogStartOffset, FirstUndecided());

    private long FirstUndecided() => _openTransactions.Count == 0 ? HighWatermark : Math.Min(HighWatermark, _openTransactions.First().Key);

    private long Write(Span<byte> bytes)
    {
        var offset = LogEndOffset;
        RecordBatch.WriteBaseOffset(bytes, offset);
        var batch = new RecordBatch(bytes);
        KillPoint.Reached("broker.before_append");
        WritableSegment(batch).Append(bytes);
        KillPoint.Reached("broker.after_append");
        Apply(batch, _host.Now, isCleaned: false);
        return offset;
    }

    /// <summary>Takes a batch of the log into the state that is derived from it; the same when it is written and when it is read back at start.</summary>
    private void Apply(RecordBatch batch, long now, bool isCleaned)
    {
        LogEndOffset = batch.LastOffset + 1;
        if (!batch.HasProducer) return;
        if (!_producers.TryGetValue(batch.ProducerId, out var entry))
            _producers[batch.ProducerId] = entry = new ProducerEntry(batch.ProducerId);
        entry.LastSeen = now;
        if (batch.IsControl) EndTransaction(entry, batch);
        else AddData(entry, batch, isCleaned);
    }

    private void AddData(ProducerEntry entry, RecordBatch batch, bool isCleaned)
    {
        entry.Add(batch, batch.BaseOffset);
        if (!batch.IsTransactional || entry.OpenTransactionOffset is not null) return;
        // Compaction may empty a batch that it keeps for its sequence numbers, and let go of the marker that ended it.
        if (isCleaned && batch.RecordCount == 0) return;
        entry.OpenTransactionOffset = batch.BaseOffset;
        _openTransactions.Add(batch.BaseOffset, batch.ProducerId);
    }

    private void EndTransaction(ProducerEntry entry, RecordBatch marker)
    {
        entry.Begin(marker.ProducerEpoch);
        if (entry.OpenTransactionOffset is not { } first) return;
        if (!ControlBatch.IsCommit(marker)) _aborted.Add(new AbortedTransaction(entry.ProducerId, first, marker.BaseOffset));
        _ending.Enqueue((first, marker.BaseOffset));
        entry.OpenTransactionOffset = null;
    }

    /// <summary>A transaction holds the stable offset until its marker is on disk, else a crash would take the offset back.</summary>
    private void MoveHighWatermark(long offset)
    {
        HighWatermark = Math.Max(HighWatermark, offset);
        while (_ending.TryPeek(out var ended) && ended.MarkerOffset < HighWatermark) _openTransactions.Remove(_ending.Dequeue().FirstOffset);
    }

    private Segment WritableSegment(RecordBatch batch)
    {
        if (_segments.Count == 0) return AddSegment();
        var last = _segments[^1];
        var mustRoll = last.CleanedEnd is not null || (last.Size > 0 && (last.Size + batch.Size > _config.SegmentBytes || IsNewer(batch, last, _config.SegmentMs)));
        return mustRoll ? Roll() : last;
    }

    private static bool IsNewer(RecordBatch batch, Segment segment, long byMs) =>
        segment.FirstTimestamp >= 0 && batch.MaxTimestamp > segment.FirstTimestamp && batch.MaxTimestamp - segment.FirstTimestamp > byMs;

    /// <summary>Closes the last segment and begins the next.</summary>
    private Segment Roll()
    {
        CloseSegment(_segments[^1]);
        return AddSegment();
    }

    private Segment AddSegment()
    {
        var name = SegmentName.Plain(_directory, Partition, LogEndOffset);
        var segment = new Segment(name, _host.Disk.Open(name.Path));
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
            IsDamaged = true;
            _host.Fatal($"fsync of {segment.Path} failed", e);
            throw;
        }
    }

    private void NameOnDisk(Segment segment)
    {
        if (segment.IsNamed) return;
        _host.Disk.SyncDirectory(_directory);
        segment.IsNamed = true;
    }

    private void NoteDurable(long segment, long position)
    {
        try
        {
            _durablePoint.Write(segment, position);
        }
        catch (IOException)
        {
            // The records are on disk all the same. The point may be behind the truth, which a full disk makes it until the next flush.
        }
    }

    private void Publish(long end)
    {
        IFetchWaiter[] waiters;
        lock (_gate)
        {
            MoveHighWatermark(end);
            waiters = [.. _waiters];
        }
        foreach (var waiter in waiters) waiter.Wake();
    }
}
