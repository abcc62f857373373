using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>The topic configurations that the broker knows, with Kafka's defaults; others are kept as they were given.</summary>
internal static class Configs
{
    public static readonly IReadOnlyDictionary<string, string> Defaults = new SortedDictionary<string, string>(StringComparer.Ordinal)
    {
        ["cleanup.policy"] = "delete",
        ["compression.type"] = "producer",
        ["delete.retention.ms"] = "86400000",
        ["max.message.bytes"] = "1048588",
        ["message.timestamp.after.max.ms"] = "3600000",
        ["message.timestamp.type"] = "CreateTime",
        ["min.insync.replicas"] = "1",
        ["retention.bytes"] = "-1",
        ["retention.ms"] = "604800000",
        ["segment.bytes"] = "1073741824",
    };

    private static readonly string[] Numbers = ["max.message.bytes", "message.timestamp.after.max.ms", "min.insync.replicas", "retention.bytes", "retention.ms", "segment.bytes"];

    public static bool AreValid(Dictionary<string, string> configs) =>
        Numbers.All(n => !configs.TryGetValue(n, out var text) || long.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out _))
        && configs.GetValueOrDefault("message.timestamp.type", "CreateTime") is "CreateTime" or "LogAppendTime";
}
