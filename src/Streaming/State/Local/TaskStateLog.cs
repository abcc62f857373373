using Microsoft.Extensions.Logging;

namespace Streams.Streaming.State.Local;

/// <summary>Sizes and policies of local logs.</summary>
internal sealed record LocalLogOptions
{
    /// <summary>A new segment is begun when one is this large, in bytes.</summary>
    public long SegmentBytes { get; init; } = 64 << 20;

    /// <summary>Segments are merged when there are more.</summary>
    public int MaxSegments { get; init; } = 8;

    /// <summary>fsync with each commit: state up to the last commit survives power loss. Without it a crash of the process loses nothing either.</summary>
    public bool Fsync { get; init; }

    /// <summary>Keys that one pass of a compaction holds in memory, 24 bytes each.</summary>
    public int KeysPerPass { get; init; } = 1 << 20;
}

/// <summary>
/// The local log of a task: what its commits wrote to the changelogs, and up to which changelog offset it holds everything. Appended to only after
/// a transaction was committed, so that it never holds what was given up. One thread loads and appends; a compaction may run beside it on another.
/// </summary>
internal sealed class TaskStateLog : IDisposable
{
    public const string LockFile = ".lock";
    private const string LogFolder = "log", WipedFolder = "wiped";
    private readonly IStateFiles files;
    private readonly string directory;
    private readonly string folder;
    private readonly LogIdentity identity;
    private readonly LocalLogOptions options;
    private readonly TimeProvider clock;
    private readonly ILogger logger;
    private readonly IDisposable directoryLock;
    private readonly Lock gate = new();
    private readonly long[] positions;
    private List<Segment> segments = [];
    private IStateFile? active;
    private SegmentName activeName;
    private long activeEnd, activeValid, sequence;
    private uint activePrevious, link;
    private bool compacting;
    private volatile bool closed;

    /// <summary>Finds what is valid in the directory; takes over its lock.</summary>
    /// <exception cref="IOException">The directory cannot be used; the lock is free again.</exception>
    public TaskStateLog(
        IStateFiles files, string directory, IDisposable directoryLock, LogIdentity identity, LocalLogOptions options, TimeProvider clock, ILogger logger)
    {
        (this.files, this.directory, this.directoryLock, this.identity) = (files, directory, directoryLock, identity);
        (this.options, this.clock, this.logger) = (options, clock, logger);
        folder = Path.Combine(directory, LogFolder);
        Buffer = new CommitBuffer(identity.StoreCount);
        positions = new long[identity.StoreCount];
        try
        {
            Recover();
        }
        catch
        {
            directoryLock.Dispose();
            throw;
        }
    }

    /// <summary>Told, off any lock, that a compaction is due.</summary>
    public Action<TaskStateLog>? CompactionDue { get; set; }

    public string Task => identity.Task;

    /// <summary>Takes what the open transaction writes.</summary>
    public CommitBuffer Buffer { get; }

    /// <summary>There is no commit in it.</summary>
    public bool IsEmpty { get; private set; }

    /// <summary>By store: the changelog offset below which the log holds everything; never more than that.</summary>
    public IReadOnlyList<long> Positions => positions;

    /// <summary>Nothing at or behind <see cref="Positions"/> that the log does not have was written before this time, Unix milliseconds.</summary>
    public long WrittenAt { get; private set; }

    /// <summary>An append failed: what is there stays valid, and nothing is added any more.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Bytes of complete segments.</summary>
    public long Bytes => segments.Sum(s => s.Bytes);

    /// <summary>Whether a task's directory holds a log.</summary>
    public static bool Exists(IStateFiles files, string directory) => files.List(Path.Combine(directory, LogFolder)).Count > 0;

    /// <summary>Deletes a task's log; the caller has the lock. Renamed first: half of a log must never be taken for a whole one.</summary>
    public static void Delete(IStateFiles files, string directory)
    {
        var doomed = Path.Combine(directory, WipedFolder);
        files.DeleteDirectory(doomed);
        if (files.List(directory).Contains(LogFolder))
            files.Rename(Path.Combine(directory, LogFolder), doomed);
        files.SyncDirectory(directory);
        files.DeleteDirectory(doomed);
    }

    /// <summary>Feeds every entry to the stores, in order.</summary>
    /// <returns>How many there were.</returns>
    /// <exception cref="OperationCanceledException">Cancelled; the stores hold a part.</exception>
    public long Load(IReadOnlyList<IStateStore> stores, CancellationToken cancellation)
    {
        using var reader = new FrameReader(identity.StoreCount);
        var count = 0L;
        foreach (var segment in segments)
        {
            Start(reader, segment);
            while (reader.Next(verify: false))
            {
                cancellation.ThrowIfCancellationRequested();
                var entries = Frame.EntriesOf(reader.Current, identity.StoreCount);
                while (entries.Next())
                    stores[entries.Store].Restore(entries.Key, entries.Value, entries.Deleted);
                count += Frame.EntryCount(reader.Current);
            }
            if (reader.At != segment.Bytes)
                throw new IOException($"{Path.Combine(folder, segment.Name.ToString())} changed while it was read");
        }
        return count;
    }

    /// <summary>Throws everything away, at once for whoever looks after a crash: the changelog has it all.</summary>
    public void Wipe()
    {
        CloseActive();
        Delete(files, directory);
        files.CreateDirectory(folder);
        lock (gate)
            segments = [];
        Array.Clear(positions);
        (sequence, link, WrittenAt, IsEmpty) = (0, 0, 0, true);
        Buffer.Clear();
    }

    /// <summary>
    /// After the commit of a transaction: its entries, and each changelog's position moved on by the records it got and, under exactly once, by the one
    /// control record that ends a transaction in each partition. Others' aborted records can only make the true offset larger.
    /// </summary>
    public void Committed(bool transactional)
    {
        var records = Buffer.Records;
        for (var i = 0; i < positions.Length; i++)
            positions[i] += records[i] == 0 ? 0 : records[i] + (transactional ? 1 : 0);
        Append(clock.GetUtcNow().ToUnixTimeMilliseconds());
    }

    /// <summary>Changelog records that were read back: everything below the given offsets is in the log or in the buffer.</summary>
    /// <param name="asOf">Nothing at or behind those offsets was written earlier, Unix milliseconds.</param>
    public void ReadBack(ReadOnlySpan<long> upTo, long asOf)
    {
        upTo.CopyTo(positions);
        Append(asOf);
    }

    /// <summary>A failed disk costs speed at the next start, not the task: the changelog is the truth.</summary>
    private void Append(long asOf)
    {
        try
        {
            if (Buffer.Refused)
                throw new IOException("a key is longer than local state can hold");
            if (!HasFailed)
                Write(asOf);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            HasFailed = true;
            logger.LocalStateFailed(Task, e);
        }
        Buffer.Clear();
    }

    private void Write(long asOf)
    {
        active ??= NewSegment();
        WrittenAt = asOf;
        (activeEnd, sequence, link) = Buffer.WriteCommit(active, activeEnd, sequence, positions, WrittenAt);
        activeValid = activeEnd;
        IsEmpty = false;
        if (options.Fsync)
            active.Sync();
        if (activeEnd >= options.SegmentBytes)
            CloseActive();
    }

    /// <summary>Merges segments if that is due. Called by the compaction worker.</summary>
    public void Compact(CancellationToken stopping)
    {
        Segment[] chosen;
        bool first;
        lock (gate)
        {
            if (closed || compacting)
                return;
            var (from, count) = CompactionPlan.Choose([.. segments.Select(s => s.Bytes)], options.SegmentBytes, options.MaxSegments);
            if (count == 0)
                return;
            chosen = [.. segments.Skip(from).Take(count)];
            first = from == 0;
            compacting = true;
        }
        try
        {
            var merged = new Compaction(files, folder, identity, options, keepDeletions: !first, () => closed || stopping.IsCancellationRequested).Run(chosen);
            if (merged is not null)
                Replace(chosen, merged);
        }
        catch (Exception e)
        {
            logger.CompactionFailed(Task, e);
        }
        finally
        {
            EndCompaction();
        }
    }

    public void Dispose()
    {
        CloseActive();
        lock (gate)
        {
            if (closed)
                return;
            closed = true;
            if (compacting)
                return;
        }
        directoryLock.Dispose();
    }

    private void EndCompaction()
    {
        lock (gate)
        {
            compacting = false;
            if (!closed)
                return;
        }
        directoryLock.Dispose();
    }

    private void Replace(Segment[] old, Segment merged)
    {
        lock (gate)
        {
            var at = segments.IndexOf(old[0]);
            segments.RemoveRange(at, old.Length);
            segments.Insert(at, merged);
        }
        logger.Compacted(Task, old.Sum(s => s.Bytes), merged.Bytes);
        foreach (var segment in old)
            files.Delete(Path.Combine(folder, segment.Name.ToString()));
    }

    private void Recover()
    {
        files.DeleteDirectory(Path.Combine(directory, WipedFolder));
        files.CreateDirectory(folder);
        var scan = new LogScan(files, folder, identity);
        foreach (var name in scan.Dead)
            files.Delete(Path.Combine(folder, name));
        if (scan.Dead.Count > 0)
            files.SyncDirectory(folder);
        if (scan.IsForeign)
            logger.LocalStateWiped(Task, "it belongs to other stores or topics, or has another format");
        else if (scan.HasTornTail)
            logger.LocalStateCut(Task, scan.NextSequence);
        segments = [.. scan.Segments];
        (sequence, link) = (scan.NextSequence, scan.Link);
        IsEmpty = segments.Count == 0;
        if (IsEmpty)
            return;
        segments[^1].Positions.CopyTo(positions, 0);
        WrittenAt = segments[^1].WrittenAt;
    }

    private void Start(FrameReader reader, Segment segment) => reader.Start(
        files.Open(Path.Combine(folder, segment.Name.ToString())), SegmentHead.Length(identity), segment.Name.From, segment.Bytes);

    /// <summary>Each opening begins a file of its own: nothing is ever written over, so that no crash can mix old bytes with new ones.</summary>
    private IStateFile NewSegment()
    {
        (activeName, activePrevious) = (new SegmentName(sequence, -1), link);
        var file = files.Create(Path.Combine(folder, activeName.ToString()));
        var head = SegmentHead.Write(activeName, identity, activePrevious, 0);
        file.Write(head, 0);
        activeEnd = head.Length;
        activeValid = 0;
        CompactionDue?.Invoke(this);
        if (options.Fsync)
            files.SyncDirectory(folder);
        return file;
    }

    private void CloseActive()
    {
        if (active is null)
            return;
        active.Dispose();
        active = null;
        if (activeValid == 0)
            return;
        lock (gate)
            segments.Add(new Segment(activeName, activePrevious, link, activeValid, sequence, [.. positions], WrittenAt));
        CompactionDue?.Invoke(this);
    }
}
