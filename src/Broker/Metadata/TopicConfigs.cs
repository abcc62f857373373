using System.Globalization;
using System.Text.RegularExpressions;

namespace Streams.Broker.Metadata;

/// <summary>
/// Every configuration that a topic of Apache Kafka 4.3 can have. Those that speak of replicas, of tiered storage and of the kernel's write-back are
/// checked and kept, and have no effect here: one broker holds the only copy, and syncs before it answers.
/// </summary>
internal static partial class TopicConfigs
{
    public const string SegmentBytes = "segment.bytes";

    /// <summary>Segments smaller than <see cref="SegmentBytes"/> allows, for tests; Kafka has it too, and describes it to nobody.</summary>
    public const string InternalSegmentBytes = "internal.segment.bytes";

    private const string Forever = "9223372036854775807";

    public static readonly IReadOnlyDictionary<string, ConfigDefinition> All = new SortedDictionary<string, ConfigDefinition>(
        Define().ToDictionary(d => d.Name), StringComparer.Ordinal);

    private static readonly ConfigDefinition SmallSegments = Int(InternalSegmentBytes, 0, null, "", 1) with { Default = null };

    public static ConfigDefinition? Find(string name) => name == InternalSegmentBytes ? SmallSegments : All.GetValueOrDefault(name);

    /// <summary>What is wrong with a topic's own configurations, or null.</summary>
    public static string? Problem(IReadOnlyDictionary<string, string> configs)
    {
        foreach (var (name, value) in configs)
        {
            if (Find(name) is not { } definition) return $"{name}: there is no such configuration of a topic";
            if (definition.Problem(value) is { } problem) return problem;
        }
        return Conflict(configs);
    }

    private static string? Conflict(IReadOnlyDictionary<string, string> configs)
    {
        long Of(string name) => long.Parse(configs.GetValueOrDefault(name) ?? All[name].Default!, CultureInfo.InvariantCulture);
        if (Of("min.compaction.lag.ms") > Of("max.compaction.lag.ms"))
            return $"min.compaction.lag.ms={Of("min.compaction.lag.ms")} is longer than max.compaction.lag.ms={Of("max.compaction.lag.ms")}";
        return configs.GetValueOrDefault("remote.storage.enable") == "true" ? "remote.storage.enable=true: this broker has no tiered storage" : null;
    }

    private static IEnumerable<ConfigDefinition> Define() =>
    [
        new("cleanup.policy", ConfigType.List, "delete", "What becomes of old records: delete drops whole segments, compact keeps the last record of each key; both may be set.")
            { Values = ["compact", "delete"], BrokerName = "log.cleanup.policy" },
        Int("compression.gzip.level", -1, "compression.gzip.level", "Not used: batches are kept as they come.", null, 9) with { Rule = GzipLevel },
        Int("compression.lz4.level", 9, "compression.lz4.level", "Not used: batches are kept as they come.", 1, 17),
        new("compression.type", ConfigType.String, "producer", "Batches are kept as they come, whatever is set.")
            { Values = ["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"], BrokerName = "compression.type" },
        Int("compression.zstd.level", 3, "compression.zstd.level", "Not used: batches are kept as they come.", -131072, 22),
        Long("delete.retention.ms", "86400000", "log.cleaner.delete.retention.ms", "How long a compacted topic keeps a deletion's mark.", 0),
        Long("file.delete.delay.ms", "60000", "log.segment.delete.delay.ms", "Not used.", 0),
        Long("flush.messages", Forever, "log.flush.interval.messages", "Not used: every acknowledged record is synced.", 1),
        Long("flush.ms", Forever, "log.flush.interval.ms", "Not used: every acknowledged record is synced.", 0),
        Replicas("follower.replication.throttled.replicas"),
        Int("index.interval.bytes", 4096, "log.index.interval.bytes", "Bytes between two entries of an index.", 0),
        Replicas("leader.replication.throttled.replicas"),
        Long("local.retention.bytes", "-2", "log.local.retention.bytes", "Not used: there is no tiered storage.", -2),
        Long("local.retention.ms", "-2", "log.local.retention.ms", "Not used: there is no tiered storage.", -2),
        Long("max.compaction.lag.ms", Forever, "log.cleaner.max.compaction.lag.ms", "The longest that a record stays out of compaction.", 1),
        Int("max.message.bytes", 1048588, "message.max.bytes", "Bytes of the largest batch, compressed as it comes.", 0),
        Long("message.timestamp.after.max.ms", "3600000", "log.message.timestamp.after.max.ms", "How far a record's time may lie ahead of the broker's.", 0),
        Long("message.timestamp.before.max.ms", Forever, "log.message.timestamp.before.max.ms", "How far a record's time may lie behind the broker's.", 0),
        new("message.timestamp.type", ConfigType.String, "CreateTime", "Whether a record's time is the producer's or that of its append.")
            { Values = ["CreateTime", "LogAppendTime"], BrokerName = "log.message.timestamp.type" },
        new("min.cleanable.dirty.ratio", ConfigType.Double, "0.5", "The part of a log, not yet compacted, from which on it is worth compacting.")
            { Min = 0, Max = 1, BrokerName = "log.cleaner.min.cleanable.ratio" },
        Long("min.compaction.lag.ms", "0", "log.cleaner.min.compaction.lag.ms", "How long a record stays out of compaction.", 0),
        Int("min.insync.replicas", 1, "min.insync.replicas", "Not used: there is one replica, which syncs before it answers.", 1),
        Switch("preallocate", "log.preallocate", "Not used: files grow as they are written."),
        Switch("remote.log.copy.disable", null, "Not used: there is no tiered storage."),
        Switch("remote.log.delete.on.disable", null, "Not used: there is no tiered storage."),
        Switch("remote.storage.enable", null, "There is no tiered storage: true is refused."),
        Long("retention.bytes", "-1", "log.retention.bytes", "Bytes of a partition beyond which old segments are dropped; -1 for no limit.", null),
        Long("retention.ms", "604800000", "log.retention.ms", "Age beyond which old segments are dropped; -1 for no limit.", -1),
        Int(SegmentBytes, 1073741824, "log.segment.bytes", "Bytes of a segment file.", 1 << 20),
        Int("segment.index.bytes", 10485760, "log.index.size.max.bytes", "Not used: indexes are kept in memory.", 4),
        Long("segment.jitter.ms", "0", "log.roll.jitter.ms", "Not used.", 0),
        Long("segment.ms", "604800000", "log.roll.ms", "Age after which a segment is closed though it is not full.", 1),
        Switch("unclean.leader.election.enable", "unclean.leader.election.enable", "Not used: there is one replica."),
    ];

    private static ConfigDefinition Int(string name, int value, string? broker, string documentation, long? min, long? max = null) =>
        new(name, ConfigType.Int, value.ToString(CultureInfo.InvariantCulture), documentation) { Min = min, Max = max, BrokerName = broker };

    private static ConfigDefinition Long(string name, string value, string broker, string documentation, long? min) =>
        new(name, ConfigType.Long, value, documentation) { Min = min, BrokerName = broker };

    private static ConfigDefinition Switch(string name, string? broker, string documentation) => new(name, ConfigType.Boolean, "false", documentation) { BrokerName = broker };

    private static ConfigDefinition Replicas(string name) =>
        new(name, ConfigType.List, "", "Not used: there is one replica.") { Rule = v => ReplicaList().IsMatch(v) ? null : "must be * or a list of PARTITION:BROKER" };

    private static string? GzipLevel(string value) => value is "0" || value.StartsWith('-') && value != "-1" ? "must be -1 or from 1 to 9" : null;

    [GeneratedRegex(@"^(\*|(\d+:\d+(\s*,\s*\d+:\d+)*)?)$")]
    private static partial Regex ReplicaList();
}
