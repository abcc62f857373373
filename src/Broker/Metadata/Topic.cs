using Streams.Broker.Log;

namespace Streams.Broker.Metadata;

/// <summary>A topic: its identity, its configuration and its partitions' logs.</summary>
internal sealed class Topic(Guid id, string name)
{
    public Guid Id { get; } = id;

    public string Name { get; } = name;

    /// <summary>The topic's own configurations.</summary>
    public Dictionary<string, string> Configs { get; private set; } = [];

    /// <summary>All configurations as they hold: the topic's own, else the broker's, else Kafka's defaults.</summary>
    public IReadOnlyDictionary<string, string> Effective { get; private set; } = new Dictionary<string, string>();

    /// <summary>The settings as the logs take them; a change reaches them at once.</summary>
    public LogConfig Config { get; private set; } = new();

    public PartitionLog[] Partitions { get; set; } = [];

    public PartitionLog? Find(int partition) => partition >= 0 && partition < Partitions.Length ? Partitions[partition] : null;

    /// <summary>Takes the topic's own configurations and works out what holds with the broker's beneath them.</summary>
    public void Configure(Dictionary<string, string> own, BrokerConfigs broker)
    {
        Configs = own;
        var effective = TopicConfigs.All.Values.ToDictionary(d => d.Name, d => own.GetValueOrDefault(d.Name) ?? Inherited(d, broker), StringComparer.Ordinal);
        if (own.TryGetValue(TopicConfigs.InternalSegmentBytes, out var small)) effective[TopicConfigs.SegmentBytes] = small;
        Effective = effective;
        Config = LogConfig.From(effective, Config.SegmentBytes);
        foreach (var partition in Partitions) partition.Config = Config;
    }

    private static string Inherited(ConfigDefinition definition, BrokerConfigs broker) =>
        (definition.BrokerName is { } name ? broker.Layers(name).Select(l => l.Value).FirstOrDefault() : null) ?? definition.Default!;
}
