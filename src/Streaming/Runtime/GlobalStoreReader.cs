using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Streams.Streaming.Runtime;

/// <summary>Reads the topics of global stores to their ends, then follows them, on one thread.</summary>
internal sealed class GlobalStoreReader(StreamConfig config, IReadOnlyList<GlobalStoreSpec> stores, BrokerAdmin admin, ILogger logger)
{
    private readonly TaskCompletionSource caughtUp = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Every topic was read to its end once.</summary>
    public Task CaughtUp => caughtUp.Task;

    public void Run(CancellationToken stopping)
    {
        try
        {
            Follow(stopping);
            caughtUp.TrySetCanceled(CancellationToken.None);
        }
        catch (Exception e)
        {
            caughtUp.TrySetException(e);
            throw;
        }
    }

    private void Follow(CancellationToken stopping)
    {
        using var consumer = new ConsumerBuilder<byte[]?, byte[]?>(ClientConfigs.Reader(config, $"{config.ApplicationId}-global"))
            .SetLogHandler((_, message) => logger.ClientMessage("global", message.Message))
            .Build();
        var handlers = stores.ToDictionary(s => s.Topic, s => s.Handler, StringComparer.Ordinal);
        HashSet<TopicPartition> behind = [];
        admin.Patiently("looking for global topics", () => behind = [.. stores.SelectMany(Partitions)], stopping);
        consumer.Assign(behind.Select(p => new TopicPartitionOffset(p, Offset.Beginning)));
        while (!stopping.IsCancellationRequested)
        {
            var result = consumer.Consume(TimeSpan.FromMilliseconds(100));
            if (result is null)
                continue;
            if (!result.IsPartitionEOF)
                handlers[result.Topic](result.Message.Key, result.Message.Value, result.Message.Value is null);
            else if (behind.Remove(result.TopicPartition) && behind.Count == 0)
                caughtUp.TrySetResult();
        }
    }

    private IEnumerable<TopicPartition> Partitions(GlobalStoreSpec store) =>
        Enumerable.Range(0, admin.Partitions(store.Topic)).Select(p => new TopicPartition(store.Topic, p));
}
