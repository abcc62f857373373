using Confluent.Kafka;

namespace Streams.Streaming.Runtime;

/// <summary>
/// The classic protocol, eager: every rebalance takes all partitions and gives new ones. The generation is taken at assignment and used for every commit of
/// that assignment: a zombie whose client has already forgotten its membership would otherwise commit without one.
/// </summary>
internal sealed class ClassicMembership(IConsumer<Ignore, Ignore> consumer) : GroupMembership(consumer)
{
    private IConsumerGroupMetadata? generation;

    public override IConsumerGroupMetadata? ForCommit() => generation;

    /// <summary>
    /// Nothing is fetched yet: <see cref="Start"/> assigns the partitions at explicit offsets once their tasks are restored. A seek while a logical start
    /// offset was still being looked up could be undone by the answer, and skip records.
    /// </summary>
    public override IEnumerable<TopicPartitionOffset> OnAssigned(IReadOnlyCollection<TopicPartition> partitions)
    {
        generation = Consumer.ConsumerGroupMetadata;
        return base.OnAssigned(partitions);
    }

    public override void OnRevoked(IReadOnlyCollection<TopicPartition> partitions)
    {
        generation = null;
        base.OnRevoked([.. Assigned]);
    }

    public override void Start(IReadOnlyCollection<ActiveTask> restored, IEnumerable<ActiveTask> running) => Assign(restored.Concat(running));

    public override void Stop(IReadOnlyCollection<TopicPartition> partitions) => Consumer.Assign(Array.Empty<TopicPartition>());

    public override void FetchAgain(IEnumerable<ActiveTask> running) => Assign(running);

    public override void Abandon() => generation = null;

    private void Assign(IEnumerable<ActiveTask> tasks)
    {
        var inputs = tasks.SelectMany(t => t.Inputs).ToList();
        // A pause outlives its assignment.
        var paused = inputs.Where(i => i.Paused).Select(i => i.Partition).ToList();
        if (paused.Count > 0)
            Consumer.Resume(paused);
        Consumer.Assign(inputs.Select(i => new TopicPartitionOffset(i.Partition, i.Fetched)));
        foreach (var input in inputs)
            input.Paused = false;
    }
}
