using System.Globalization;

namespace Streams.Broker.Metadata;

/// <summary>The broker's configurations that its options decide, and those of Kafka's that are what they are here; all are read-only.</summary>
internal static class FixedBrokerConfigs
{
    /// <summary>Definitions with Kafka's defaults, and the value where it is another.</summary>
    public static IEnumerable<(ConfigDefinition Definition, string? Value)> Of(EmbeddedBrokerOptions options) =>
    [
        Of("advertised.listeners", ConfigType.String, null, null),
        Of("auto.create.topics.enable", ConfigType.Boolean, "true", options.AutoCreateTopics ? "true" : "false"),
        Number("broker.id", "-1", Node.Id),
        Number("connections.max.idle.ms", "600000", (long)options.Connections.MaxIdle.TotalMilliseconds),
        Number("default.replication.factor", "1", 1),
        Of("delete.topic.enable", ConfigType.Boolean, "true", null),
        Number("group.consumer.heartbeat.interval.ms", "5000", options.Groups.ConsumerHeartbeatIntervalMs),
        Number("group.consumer.session.timeout.ms", "45000", options.Groups.ConsumerSessionTimeoutMs),
        Number("group.max.session.timeout.ms", "1800000", options.Groups.MaxSessionTimeoutMs),
        Number("group.max.size", "2147483647", options.Groups.MaxSize),
        Number("group.min.session.timeout.ms", "6000", options.Groups.MinSessionTimeoutMs),
        Of("listeners", ConfigType.String, "PLAINTEXT://:9092", null),
        Of("log.cleaner.enable", ConfigType.Boolean, "true", null),
        Of("log.dirs", ConfigType.List, null, options.DataDirectory),
        Number("log.retention.hours", "168", 168),
        Number("log.retention.check.interval.ms", "300000", (long)options.RetentionCheckInterval.TotalMilliseconds),
        Number("log.roll.hours", "168", 168),
        Number("max.connections", "2147483647", options.Connections.Max),
        Number("max.connections.per.ip", "2147483647", options.Connections.MaxPerAddress),
        Number("node.id", null, Node.Id),
        Number("num.partitions", "1", options.DefaultPartitions),
        Number("offset.metadata.max.bytes", "4096", options.Groups.MaxOffsetMetadataBytes),
        Number("offsets.retention.minutes", "10080", (long)options.Groups.OffsetsRetention.TotalMinutes),
        Number("producer.id.expiration.ms", "86400000", (long)options.ProducerIdExpiration.TotalMilliseconds),
        Number("socket.request.max.bytes", "104857600", options.MaxRequestBytes),
        Number("transactional.id.expiration.ms", "604800000", (long)options.TransactionalIdExpiration.TotalMilliseconds),
    ];

    private static (ConfigDefinition, string?) Number(string name, string? otherwise, long value) =>
        Of(name, ConfigType.Int, otherwise, value.ToString(CultureInfo.InvariantCulture));

    private static (ConfigDefinition, string?) Of(string name, ConfigType type, string? otherwise, string? value) =>
        (new ConfigDefinition(name, type, otherwise, "Fixed when the broker starts.") { IsReadOnly = true }, value == otherwise ? null : value);
}
