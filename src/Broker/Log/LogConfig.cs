using System.Globalization;

namespace Streams.Broker.Log;

/// <summary>
/// What a topic's settings mean to its log and to the cleaner: parsed once, replaced as a whole when they change. Names and defaults are Kafka's, but for
/// <c>segment.bytes</c>, whose default the broker's options give. A text that is no number counts as not set. <c>file.delete.delay.ms</c> has no effect:
/// a deleted segment's name goes at once, its bytes when its readers have had their time.
/// </summary>
internal sealed record LogConfig
{
    /// <summary>One week, Kafka's default for <c>retention.ms</c> and <c>segment.ms</c>.</summary>
    private const long WeekMs = 604_800_000;

    /// <summary>segment.bytes: a segment that a batch would take past this size is closed before it.</summary>
    public long SegmentBytes { get; init; } = 256L << 20;

    /// <summary>segment.ms: a batch so much newer than the first of the segment begins another.</summary>
    public long SegmentMs { get; init; } = WeekMs;

    /// <summary>retention.ms; -1 keeps for ever.</summary>
    public long RetentionMs { get; init; } = WeekMs;

    /// <summary>retention.bytes of one partition; -1 has no bound.</summary>
    public long RetentionBytes { get; init; } = -1;

    /// <summary>cleanup.policy holds <c>delete</c>.</summary>
    public bool Deletes { get; init; } = true;

    /// <summary>cleanup.policy holds <c>compact</c>.</summary>
    public bool Compacts { get; init; }

    /// <summary>min.compaction.lag.ms: younger records are not compacted.</summary>
    public long MinCompactionLagMs { get; init; }

    /// <summary>max.compaction.lag.ms: older ones are compacted whatever the dirty ratio.</summary>
    public long MaxCompactionLagMs { get; init; } = long.MaxValue;

    /// <summary>delete.retention.ms: how long tombstones and markers stay after they could go.</summary>
    public long DeleteRetentionMs { get; init; } = 86_400_000;

    /// <summary>min.cleanable.dirty.ratio, 0 to 1.</summary>
    public double MinCleanableDirtyRatio { get; init; } = 0.5;

    /// <summary>message.timestamp.type is LogAppendTime: batches get the broker's time.</summary>
    public bool LogAppendTime { get; init; }

    /// <summary>max.message.bytes of one batch as it comes.</summary>
    public int MaxMessageBytes { get; init; } = 1_048_588;

    /// <summary>message.timestamp.before.max.ms: how far behind the broker's clock a record's time may be.</summary>
    public long TimestampBeforeMaxMs { get; init; } = long.MaxValue;

    /// <summary>message.timestamp.after.max.ms: how far ahead of it.</summary>
    public long TimestampAfterMaxMs { get; init; } = 3_600_000;

    /// <summary>The settings of a topic.</summary>
    /// <param name="configs">As they were given, by Kafka's names; those that a log does not know are passed over.</param>
    /// <param name="segmentBytes">Where <c>segment.bytes</c> is not among them.</param>
    public static LogConfig From(IReadOnlyDictionary<string, string> configs, long segmentBytes)
    {
        var defaults = new LogConfig();
        var policies = (configs.GetValueOrDefault("cleanup.policy") ?? "delete").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        long Number(string key, long otherwise) =>
            long.TryParse(configs.GetValueOrDefault(key), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : otherwise;
        return new LogConfig
        {
            SegmentBytes = Number("segment.bytes", segmentBytes),
            SegmentMs = Number("segment.ms", defaults.SegmentMs),
            RetentionMs = Number("retention.ms", defaults.RetentionMs),
            RetentionBytes = Number("retention.bytes", defaults.RetentionBytes),
            Deletes = policies.Contains("delete", StringComparer.Ordinal),
            Compacts = policies.Contains("compact", StringComparer.Ordinal),
            MinCompactionLagMs = Number("min.compaction.lag.ms", defaults.MinCompactionLagMs),
            MaxCompactionLagMs = Number("max.compaction.lag.ms", defaults.MaxCompactionLagMs),
            DeleteRetentionMs = Number("delete.retention.ms", defaults.DeleteRetentionMs),
            MinCleanableDirtyRatio = Ratio(configs.GetValueOrDefault("min.cleanable.dirty.ratio"), defaults.MinCleanableDirtyRatio),
            LogAppendTime = configs.GetValueOrDefault("message.timestamp.type") == "LogAppendTime",
            MaxMessageBytes = (int)Math.Clamp(Number("max.message.bytes", defaults.MaxMessageBytes), 0, int.MaxValue),
            TimestampBeforeMaxMs = Number("message.timestamp.before.max.ms", defaults.TimestampBeforeMaxMs),
            TimestampAfterMaxMs = Number("message.timestamp.after.max.ms", defaults.TimestampAfterMaxMs),
        };
    }

    private static double Ratio(string? text, double otherwise) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? Math.Clamp(value, 0, 1) : otherwise;
}
