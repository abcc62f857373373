using Confluent.Kafka;
using Streams.Streaming.State.Local;

namespace Streams.Streaming.Runtime;

/// <summary>A task on its way back: its local state first, where there is any, then its changelogs from where that ends.</summary>
internal sealed class TaskRestore(ActiveTask task, IReadOnlyList<TopicPartition> changelogs, long[] starts, long[] ends, long startedAt)
{
    private const long LogBytes = 1 << 20;
    private ChangelogPartition[] reading = [];

    public ActiveTask Task { get; } = task;

    /// <summary>Local state is still on its way; null when there is none.</summary>
    public System.Threading.Tasks.Task? Loading => HasBegun ? null : Task.Local?.Loading;

    public IReadOnlyList<ChangelogPartition> Reading => reading;

    public bool HasBegun { get; private set; }

    public IEnumerable<(TopicPartition Partition, long Position, long End)> Progress => HasBegun
        ? reading.Where(c => c.Position < c.End).Select(c => (c.Partition, c.Position, c.End))
        : changelogs.Select((c, i) => (c, starts[i], ends[i]));

    public long Remaining => Progress.Sum(p => p.End - p.Position);

    /// <summary>Local state is in the stores: what is left comes from the changelogs.</summary>
    public void Begin()
    {
        HasBegun = true;
        Task.RestoredRecords += Task.Local?.Entries ?? 0;
        var log = Task.Local?.Log;
        if (log is not null)
            Task.Task.LogLocally(log.Buffer);
        var stores = Task.Task.Stores.ToList();
        reading = [.. changelogs.Select((c, i) =>
            new ChangelogPartition(c, i, log is null || log.IsEmpty ? starts[i] : log.Positions[i], ends[i], stores[i]) { Log = log })];
    }

    /// <summary>Moves what was read into the local log, once there is enough of it.</summary>
    public void LogRead()
    {
        if (Task.Local?.Log is { } log && log.Buffer.Bytes >= LogBytes)
            Write(log, reading.Min(c => c.LastTimestamp));
    }

    public void Finish()
    {
        Task.RestoredRecords += reading.Sum(c => c.Records);
        // What lies behind the end was written after the restore had begun.
        if (Task.Local?.Log is { } log && (reading.Any(c => c.Records > 0) || log.IsEmpty || MovedSince(log)))
            Write(log, startedAt);
        Task.State = TaskState.Restored;
    }

    private bool MovedSince(TaskStateLog log) => reading.Any(c => c.Position != log.Positions[c.Index]);

    private void Write(TaskStateLog log, long asOf)
    {
        Span<long> positions = stackalloc long[reading.Length];
        foreach (var changelog in reading)
            positions[changelog.Index] = changelog.Position;
        log.ReadBack(positions, asOf);
    }
}
