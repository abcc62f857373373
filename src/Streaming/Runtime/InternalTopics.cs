namespace Streams.Streaming.Runtime;

/// <summary>
/// Before the first start: checks that source topics exist and are co-partitioned, decides how many partitions repartition topics have, and creates what is
/// missing: repartition topics, changelogs and the dead letters.
/// </summary>
internal sealed class InternalTopics(StreamConfig config, Topology topology, IReadOnlyList<SubTopology> topologies, BrokerAdmin admin)
{
    /// <summary>Full names of the repartition topics.</summary>
    public IReadOnlySet<string> Repartition { get; } =
        topology.RepartitionTopics.Select(t => new TopicName(t.Name, IsInternal: true).Of(config.ApplicationId)).ToHashSet(StringComparer.Ordinal);

    /// <summary>How many tasks, and partitions, each sub-topology has.</summary>
    public IReadOnlyDictionary<int, int> Partitions { get; private set; } = new Dictionary<int, int>();

    /// <exception cref="StreamsException">A source topic is missing, or partition counts do not fit.</exception>
    public void Ensure()
    {
        var counts = new PartitionCounts(topologies, topology.RepartitionTopics, config.ApplicationId, admin.Partitions);
        Partitions = topologies.ToDictionary(s => s.Id, counts.Of);
        foreach (var topic in Repartition)
            admin.EnsureTopic(InternalTopic.Repartition(topic, counts.OfInternal(topic)));
        foreach (var sub in topologies)
        {
            foreach (var store in sub.Stores.Where(s => s.LoggingEnabled))
                admin.EnsureTopic(InternalTopic.Changelog(config, store, Partitions[sub.Id]));
        }
        admin.EnsureTopic(InternalTopic.DeadLetters(config.DeadLetterTopic ?? StreamTask.DefaultDeadLetterTopic(config.ApplicationId)));
    }
}
