using Confluent.Kafka;

namespace Streams.Streaming.Runtime;

/// <summary>A task on its way back: its local state first, where there is any, then its changelogs from where that ends.</summary>
internal sealed class TaskRestore(ActiveTask task, TaskChangelogs changelogs, long startedAt)
{
    private ChangelogPartition[] reading = [];
    private ChangelogsToLog? toLog;

    public ActiveTask Task { get; } = task;

    /// <summary>Local state is still on its way; null when there is none.</summary>
    public System.Threading.Tasks.Task? Loading => HasBegun ? null : Task.Local?.Loading;

    public IReadOnlyList<ChangelogPartition> Reading => reading;

    public bool HasBegun { get; private set; }

    /// <summary>Changelog records applied.</summary>
    public long Records => reading.Sum(c => c.Records);

    public IEnumerable<(TopicPartition Partition, long Position, long End)> Progress => HasBegun
        ? reading.Where(c => c.Position < c.End).Select(c => (c.Partition, c.Position, c.End))
        : changelogs.Partitions.Select((c, i) => (c, changelogs.Starts[i], changelogs.Ends[i])).Where(c => c.Item2 < c.Item3);

    public long Remaining => Progress.Sum(p => p.End - p.Position);

    /// <summary>Local state is in the stores: what is left comes from the changelogs.</summary>
    public void Begin()
    {
        HasBegun = true;
        Task.RestoredRecords += Task.Local?.Entries ?? 0;
        var log = Task.Local?.Log;
        var stores = Task.Task.Stores.ToList();
        reading = [.. changelogs.Partitions.Select((c, i) =>
            new ChangelogPartition(c, i, log is null || log.IsEmpty ? changelogs.Starts[i] : log.Positions[i], changelogs.Ends[i], stores[i])
            {
                Log = log, LastTimestamp = log?.WrittenAt ?? 0,
            })];
        if (log is null)
            return;
        Task.Task.LogLocally(log.Buffer);
        toLog = new ChangelogsToLog(log, reading);
    }

    /// <summary>After a batch: moves what was read into the local log, once there is enough of it.</summary>
    public void LogRead()
    {
        if (toLog is { HasPiece: true })
            toLog.Write(startedAt);
    }

    public void Finish()
    {
        // What lies behind the ends was written after the restore had begun.
        if (toLog is not null && (toLog.HasMoved || toLog.Log.IsEmpty))
            toLog.Write(startedAt);
        Task.RestoredRecords += Records;
        Task.State = TaskState.Restored;
    }
}
