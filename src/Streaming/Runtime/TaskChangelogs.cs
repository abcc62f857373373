using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Streams.Streaming.State.Local;

namespace Streams.Streaming.Runtime;

/// <summary>A task's changelog partitions, by store, and where they begin and end now. The end is the high watermark.</summary>
internal sealed class TaskChangelogs
{
    private readonly string task;
    private readonly IReadOnlyList<string> stores;

    private TaskChangelogs(string task, IReadOnlyList<string> stores, IReadOnlyList<TopicPartition> partitions, long[] starts, long[] ends) =>
        (this.task, this.stores, Partitions, Starts, Ends) = (task, stores, partitions, starts, ends);

    public IReadOnlyList<TopicPartition> Partitions { get; }

    public long[] Starts { get; }

    public long[] Ends { get; }

    public static TaskChangelogs Of(string applicationId, string task, IReadOnlyList<string> stores, int partition, BrokerAdmin admin)
    {
        List<TopicPartition> partitions = [.. stores.Select(s => new TopicPartition(StreamTask.ChangelogTopic(applicationId, s), partition))];
        var starts = admin.Offsets(partitions, OffsetSpec.Earliest(), IsolationLevel.ReadUncommitted);
        var ends = admin.Offsets(partitions, OffsetSpec.Latest(), IsolationLevel.ReadUncommitted);
        return new TaskChangelogs(task, stores, partitions, [.. partitions.Select(p => starts[p])], [.. partitions.Select(p => ends[p])]);
    }

    /// <summary>What a local log of this task must belong to.</summary>
    public LogIdentity Identity(BrokerAdmin admin)
    {
        var ids = admin.TopicIds([.. Partitions.Select(p => p.Topic)]);
        return new LogIdentity(task, [.. Partitions.Select((p, i) => (stores[i], ids[p.Topic]))]);
    }
}
