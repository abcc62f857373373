namespace Streams.Streaming.Runtime;

/// <summary>
/// How many partitions the internal topics get. Topics that are read together must be partitioned alike, so an internal topic takes the count of what its readers
/// read beside it; where they read internal topics only, these take the most that any of their writers reads (Kafka Streams' rule), or the count that was asked for.
/// </summary>
internal sealed class PartitionCounts
{
    private readonly IReadOnlyList<SubTopology> subTopologies;
    private readonly Dictionary<string, RepartitionTopic> repartition;
    private readonly Func<string, int> existing;
    private readonly Dictionary<SubTopology, int> counts = [];
    private readonly HashSet<SubTopology> asked = [];

    /// <param name="existing">The partitions of a topic that is there, by its name; throws where it is not.</param>
    public PartitionCounts(IReadOnlyList<SubTopology> subTopologies, IEnumerable<RepartitionTopic> repartitionTopics, string applicationId, Func<string, int> existing)
    {
        (this.subTopologies, this.existing) = (subTopologies, existing);
        repartition = repartitionTopics.ToDictionary(t => new TopicName(t.Name, IsInternal: true).Of(applicationId), StringComparer.Ordinal);
    }

    /// <summary>The tasks of a sub-topology: the partitions of every topic that it reads.</summary>
    /// <exception cref="StreamsException">Topics that it reads together differ; the message names them with their counts.</exception>
    public int Of(SubTopology sub)
    {
        if (counts.TryGetValue(sub, out var known))
            return known;
        if (!asked.Add(sub))
            throw new StreamsException($"the partitions of {string.Join(", ", sub.SourceTopics)} follow from each other: name a count for one of them");
        var given = Given(sub);
        if (given.Select(g => g.Count).Distinct().Count() > 1)
            throw new StreamsException("topics that are read together (joined, merged, or sharing a store) must have equally many partitions: "
                + $"{string.Join(", ", given.Select(g => $"{g.Topic} has {g.Count}"))}. Repartition one of them, or create them with the same count");
        var count = given.Count > 0 ? given[0].Count : Inherited(sub);
        asked.Remove(sub);
        return counts[sub] = count;
    }

    /// <summary>The count of an internal topic.</summary>
    public int OfInternal(string topic) => Of(subTopologies.First(s => s.SourceTopics.Contains(topic)));

    private List<(string Topic, int Count)> Given(SubTopology sub)
    {
        var given = new List<(string Topic, int Count)>();
        foreach (var topic in sub.SourceTopics)
        {
            if (!repartition.TryGetValue(topic, out var own))
                given.Add((topic, existing(topic)));
            else if (own.Partitions is { } count)
                given.Add((topic, count));
        }
        return given;
    }

    private int Inherited(SubTopology sub) =>
        sub.SourceTopics.SelectMany(topic => subTopologies.Where(s => s.SinkTopics.Contains(topic))).Distinct().Where(writer => writer != sub).Max(Of);
}
