using System.Diagnostics.Metrics;

namespace Streams.Streaming;

/// <summary>The runtime's instruments, under Kafka Streams' names in dotted form.</summary>
internal static class Telemetry
{
    public static readonly Meter Meter = new("Streams.Streaming");

    /// <summary>process-total: source records processed.</summary>
    public static readonly Counter<long> Process = Meter.CreateCounter<long>("streams.streaming.process", "{record}", "Source records processed.");

    /// <summary>commit-latency: from the start of a commit to its acknowledgement.</summary>
    public static readonly Histogram<double> CommitLatency = Meter.CreateHistogram<double>("streams.streaming.commit.latency", "s", "Time of a commit.");

    public static readonly Counter<long> SetAside = Meter.CreateCounter<long>(
        "streams.streaming.set_aside", "{record}", "Records written to a dead-letter, late or parking topic.");

    /// <summary>dropped-records: records of partitions that this thread does not, or no longer, process; they stay in their topic.</summary>
    public static readonly Counter<long> Dropped = Meter.CreateCounter<long>(
        "streams.streaming.dropped.records", "{record}", "Fetched records handed back unprocessed.");

    public static readonly Counter<long> Restored = Meter.CreateCounter<long>("streams.streaming.restore", "{record}", "Changelog records restored.");

    public static readonly UpDownCounter<long> RestoreRemaining = Meter.CreateUpDownCounter<long>(
        "streams.streaming.restore.remaining.records", "{record}", "Changelog offsets still to be read by restoring tasks.");

    public static readonly UpDownCounter<long> Tasks = Meter.CreateUpDownCounter<long>("streams.streaming.tasks", "{task}", "Tasks running.");

    /// <summary>Transactions given up, with their tasks made anew from the changelog.</summary>
    public static readonly Counter<long> Recoveries = Meter.CreateCounter<long>(
        "streams.streaming.recoveries", "{recovery}", "Transactions given up and tasks recreated.");
}
