using Confluent.Kafka;
using Streams.Streaming.State.Local;

namespace Streams.Streaming.Runtime;

/// <summary>A task of another instance whose changelogs are followed into a local log here. Its tables are not held in memory: loading them is quick.</summary>
internal sealed class StandbyTask : IDisposable
{
    private readonly ChangelogsToLog toLog;

    public StandbyTask(string name, TaskStateLog log, IReadOnlyList<TopicPartition> changelogs, IReadOnlyList<long> starts)
    {
        Name = name;
        Partitions = [.. changelogs.Select((c, i) => new ChangelogPartition(c, i, log.IsEmpty ? starts[i] : log.Positions[i], long.MaxValue, null)
        {
            Log = log, LastTimestamp = log.WrittenAt,
        })];
        toLog = new ChangelogsToLog(log, Partitions);
    }

    public string Name { get; }

    public IReadOnlyList<ChangelogPartition> Partitions { get; }

    /// <summary>After a batch: writes once there is enough, or when all ends are reached.</summary>
    public void LogRead(long now)
    {
        if (toLog.HasPiece || (toLog.HasMoved && Partitions.All(p => p.AtEnd)))
            toLog.Write(now);
    }

    /// <summary>What was read so far is kept.</summary>
    public void Close(long now)
    {
        if (toLog.HasMoved)
            toLog.Write(now);
        Dispose();
    }

    /// <summary>What was not yet written is read again next time.</summary>
    public void Dispose() => toLog.Log.Dispose();
}
