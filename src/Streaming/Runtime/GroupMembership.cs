using Confluent.Kafka;

namespace Streams.Streaming.Runtime;

/// <summary>
/// The thread's place in the consumer group: which partitions it has, which of them the consumer fetches and from where, and what proves at a commit
/// that it still has them. The two group protocols differ in all three. Used by the stream thread only.
/// </summary>
internal abstract class GroupMembership(IConsumer<Ignore, Ignore> consumer)
{
    private readonly HashSet<TopicPartition> assigned = [];

    protected IConsumer<Ignore, Ignore> Consumer { get; } = consumer;

    /// <summary>The partitions that the group gave this member, and that it has not given back.</summary>
    public IReadOnlySet<TopicPartition> Assigned => assigned;

    /// <summary>It was told its partitions, be it none.</summary>
    public virtual bool Joined { get; private set; }

    /// <summary>
    /// The metadata for the commit of an open transaction; null when this member may not commit. Brokers accept offsets without a generation, and with a
    /// new generation of the same member: neither may ever come from somebody who has lost its partitions in between.
    /// </summary>
    public abstract IConsumerGroupMetadata? ForCommit();

    /// <returns>What the consumer is to do with the new partitions.</returns>
    public virtual IEnumerable<TopicPartitionOffset> OnAssigned(IReadOnlyCollection<TopicPartition> partitions)
    {
        assigned.UnionWith(partitions);
        Joined = true;
        return [];
    }

    /// <summary>After the tasks of these partitions were committed and closed, or lost.</summary>
    public virtual void OnRevoked(IReadOnlyCollection<TopicPartition> partitions)
    {
        assigned.ExceptWith(partitions);
        if (assigned.Count == 0)
            Joined = false;
    }

    /// <summary>A message or end came for a partition whose task does not run.</summary>
    public virtual void OnIdleMessage(TopicPartition partition)
    {
    }

    /// <summary>Whether the inputs of a restored task can be set to their positions yet.</summary>
    public virtual bool CanStart(ActiveTask task) => true;

    /// <summary>Fetches the inputs of the tasks that were restored, each from its position, and goes on with those of the others.</summary>
    /// <exception cref="KafkaException">To be tried again.</exception>
    public abstract void Start(IReadOnlyCollection<ActiveTask> restored, IEnumerable<ActiveTask> running);

    /// <summary>Partitions that stay assigned and whose tasks were closed are fetched no more until their new tasks start.</summary>
    public abstract void Stop(IReadOnlyCollection<TopicPartition> partitions);

    /// <summary>Fetches again from the inputs' positions after the consumer lost its place in a log.</summary>
    public abstract void FetchAgain(IEnumerable<ActiveTask> running);

    /// <summary>Nothing is committed any more, when the consumer closes either.</summary>
    public abstract void Abandon();
}
