using System.Globalization;

namespace Streams.Broker.Metadata;

/// <summary>The broker's configurations that its options decide, and those of Kafka's that are what they are here; all are read-only.</summary>
internal static class FixedBrokerConfigs
{
    /// <summary>Definitions with Kafka's defaults, and the value where it is another.</summary>
    public static IEnumerable<(ConfigDefinition Definition, string? Value)> Of(EmbeddedBrokerOptions options) =>
    [
        Text("advertised.listeners", null, Listener(options)),
        Of("auto.create.topics.enable", ConfigType.Boolean, "true", options.AutoCreateTopics ? "true" : "false"),
        Number("broker.id", "-1", Node.Id),
        Number("default.replication.factor", "1", 1),
        Of("delete.topic.enable", ConfigType.Boolean, "true", null),
        Text("listeners", "PLAINTEXT://:9092", Listener(options)),
        Of("log.cleaner.enable", ConfigType.Boolean, "true", null),
        Of("log.dirs", ConfigType.List, null, options.DataDirectory),
        Number("log.retention.hours", "168", 168),
        Number("log.roll.hours", "168", 168),
        Number("node.id", null, Node.Id),
        Number("num.partitions", "1", options.DefaultPartitions),
        Number("socket.request.max.bytes", "104857600", options.MaxRequestBytes),
    ];

    private static string Listener(EmbeddedBrokerOptions options) => FormattableString.Invariant($"PLAINTEXT://127.0.0.1:{options.Port}");

    private static (ConfigDefinition, string?) Text(string name, string? otherwise, string? value) => Of(name, ConfigType.String, otherwise, value);

    private static (ConfigDefinition, string?) Number(string name, string? otherwise, long value) =>
        Of(name, ConfigType.Int, otherwise, value.ToString(CultureInfo.InvariantCulture));

    private static (ConfigDefinition, string?) Of(string name, ConfigType type, string? otherwise, string? value) =>
        (new ConfigDefinition(name, type, otherwise, "Fixed when the broker starts.") { IsReadOnly = true }, value == otherwise ? null : value);
}
