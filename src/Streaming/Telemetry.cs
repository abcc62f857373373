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

    /// <summary>process-latency: mean time of a record in a run of them.</summary>
    public static readonly Histogram<double> ProcessLatency = Meter.CreateHistogram<double>("streams.streaming.process.latency", "s", "Mean time of a record in a run.");

    /// <summary>record-lateness-max of a run: how far its latest record was behind stream time.</summary>
    public static readonly Histogram<double> RecordLateness = Meter.CreateHistogram<double>("streams.streaming.record.lateness", "s", "Largest lateness of a run of records.");

    /// <summary>client-state, by <see cref="StreamState"/>: instances that entered it less those that left.</summary>
    public static readonly UpDownCounter<long> ClientState = Meter.CreateUpDownCounter<long>("streams.streaming.client.state", "{instance}", "Instances in a state.");

    public static readonly Histogram<double> PollLatency = Meter.CreateHistogram<double>("streams.streaming.poll.latency", "s", "Time of a poll, waiting included.");

    public static readonly Histogram<double> PunctuateLatency = Meter.CreateHistogram<double>("streams.streaming.punctuate.latency", "s", "Time of a wall-clock punctuation.");

    /// <summary>task-created-total.</summary>
    public static readonly Counter<long> TasksCreated = Meter.CreateCounter<long>("streams.streaming.task.created", "{task}", "Tasks created.");

    /// <summary>failed-stream-threads.</summary>
    public static readonly Counter<long> FailedThreads = Meter.CreateCounter<long>("streams.streaming.failed.stream.threads", "{thread}", "Stream threads that died of an error.");

    /// <summary>alive-stream-threads.</summary>
    public static readonly UpDownCounter<long> AliveThreads = Meter.CreateUpDownCounter<long>("streams.streaming.alive.stream.threads", "{thread}", "Stream threads that run.");

    public static readonly Counter<long> SetAside = Meter.CreateCounter<long>(
        "streams.streaming.set_aside", "{record}", "Records written to a dead-letter, late or parking topic.");

    /// <summary>dropped-records-total: records left out, by reason.</summary>
    public static readonly Counter<long> Dropped = Meter.CreateCounter<long>(
        "streams.streaming.dropped.records", "{record}", "Records left out.");

    public static readonly Counter<long> Restored = Meter.CreateCounter<long>("streams.streaming.restore", "{record}", "Changelog records restored.");

    public static readonly UpDownCounter<long> RestoreRemaining = Meter.CreateUpDownCounter<long>(
        "streams.streaming.restore.remaining.records", "{record}", "Changelog offsets still to be read by restoring tasks.");

    public static readonly UpDownCounter<long> Tasks = Meter.CreateUpDownCounter<long>("streams.streaming.tasks", "{task}", "Tasks running.");

    /// <summary>Transactions given up, with their tasks made anew from the changelog.</summary>
    public static readonly Counter<long> Recoveries = Meter.CreateCounter<long>(
        "streams.streaming.recoveries", "{recovery}", "Transactions given up and tasks recreated.");
}
