using System.Diagnostics;
using Confluent.Kafka;

namespace Streams.Streaming.Runtime;

/// <summary>Has the broker delete what was committed of the repartition topics, which have no retention of their own, every purge interval.</summary>
internal sealed class RepartitionPurge(ThreadContext thread, IReadOnlySet<string> topics)
{
    private readonly Dictionary<TopicPartition, long> purged = [];
    private long last = Stopwatch.GetTimestamp();
    private Task running = Task.CompletedTask;

    /// <summary>After a commit. Does not wait: what is not deleted now is deleted the next time.</summary>
    public void Step(IEnumerable<ActiveTask> tasks)
    {
        if (topics.Count == 0 || !running.IsCompleted || Stopwatch.GetElapsedTime(last) < thread.Config.RepartitionPurgeInterval)
            return;
        last = Stopwatch.GetTimestamp();
        var due = tasks.SelectMany(t => t.Inputs)
            .Where(i => topics.Contains(i.Topic) && i.Committed > purged.GetValueOrDefault(i.Partition))
            .Select(i => new TopicPartitionOffset(i.Partition, i.Committed))
            .ToList();
        if (due.Count == 0)
            return;
        foreach (var partition in due)
            purged[partition.TopicPartition] = partition.Offset.Value;
        running = PurgeAsync(due);
    }

    private async Task PurgeAsync(List<TopicPartitionOffset> due)
    {
        try
        {
            await thread.Admin.DeleteRecordsAsync(due);
        }
        catch (KafkaException e)
        {
            thread.Logger.Retrying(thread.Name, "purging repartition topics", e);
        }
    }
}
