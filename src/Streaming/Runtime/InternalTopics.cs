using System.Globalization;

namespace Streams.Streaming.Runtime;

/// <summary>
/// Before the first start: checks that source topics exist and are co-partitioned, decides how many partitions repartition topics have, and creates what is
/// missing: repartition topics, changelogs and the dead letters.
/// </summary>
internal sealed class InternalTopics(StreamConfig config, Topology topology, IReadOnlyList<SubTopology> topologies, BrokerAdmin admin)
{
    private readonly SortedDictionary<string, int> counts = new(StringComparer.Ordinal);

    /// <summary>Full names of the repartition topics.</summary>
    public IReadOnlySet<string> Repartition { get; } =
        topology.RepartitionTopics.Select(t => new TopicName(t.Name, IsInternal: true).Of(config.ApplicationId)).ToHashSet(StringComparer.Ordinal);

    /// <summary>How many tasks, and partitions, each sub-topology has.</summary>
    public IReadOnlyDictionary<int, int> Partitions => topologies.ToDictionary(s => s.Id, s => counts[s.SourceTopics[0]]);

    /// <exception cref="StreamsException">A source topic is missing, or partition counts do not fit.</exception>
    public void Ensure()
    {
        foreach (var topic in topologies.SelectMany(s => s.SourceTopics).Where(t => !Repartition.Contains(t)))
            counts[topic] = admin.Partitions(topic);
        foreach (var topic in topology.RepartitionTopics.Where(t => t.Partitions is not null))
            counts[new TopicName(topic.Name, IsInternal: true).Of(config.ApplicationId)] = topic.Partitions!.Value;
        Inherit();
        foreach (var sub in topologies)
            RequireCoPartitioned(sub);
        foreach (var topic in Repartition)
            admin.EnsureTopic(InternalTopic.Repartition(topic, counts[topic]));
        foreach (var sub in topologies)
        {
            foreach (var store in sub.Stores.Where(s => s.LoggingEnabled))
                admin.EnsureTopic(InternalTopic.Changelog(config, store, counts[sub.SourceTopics[0]]));
        }
        admin.EnsureTopic(InternalTopic.DeadLetters(config.DeadLetterTopic ?? StreamTask.DefaultDeadLetterTopic(config.ApplicationId)));
    }

    /// <summary>
    /// A repartition topic without a count gets that of the topics it is read together with, where one has a count of its own; else the most that the
    /// writers of it, and of those it is read with, read.
    /// </summary>
    private void Inherit()
    {
        while (topologies.FirstOrDefault(s => !s.SourceTopics.All(counts.ContainsKey)) is not null)
        {
            var ready = topologies.FirstOrDefault(s => s.SourceTopics.Any(t => !counts.ContainsKey(t)) && (s.SourceTopics.Any(counts.ContainsKey) || Writers(s).All(IsCounted)))
                ?? throw new StreamsException("repartition topics that depend on each other in a circle need a number of partitions: "
                    + string.Join(", ", Repartition.Where(t => !counts.ContainsKey(t)).Order(StringComparer.Ordinal)));
            var known = ready.SourceTopics.Where(counts.ContainsKey).Select(t => counts[t]).ToList();
            var inherited = known.Count > 0 ? known.Max() : Writers(ready).SelectMany(w => w.SourceTopics).Select(t => counts[t]).DefaultIfEmpty(1).Max();
            foreach (var topic in ready.SourceTopics.Where(t => !counts.ContainsKey(t)))
                counts[topic] = inherited;
        }
    }

    private bool IsCounted(SubTopology sub) => sub.SourceTopics.All(counts.ContainsKey);

    private List<SubTopology> Writers(SubTopology reader) => [.. topologies.Where(s => s.SinkTopics.Intersect(reader.SourceTopics).Any())];

    private void RequireCoPartitioned(SubTopology sub)
    {
        if (sub.SourceTopics.Select(t => counts[t]).Distinct().Count() > 1)
            throw new StreamsException("topics that are read together (joined, merged, or sharing a store) must have equally many partitions: "
                + string.Join(", ", sub.SourceTopics.Select(t => string.Create(CultureInfo.InvariantCulture, $"{t} has {counts[t]}")))
                + ". Repartition one of them, or create them with the same count");
    }
}
