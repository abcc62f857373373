using System.Diagnostics.Metrics;

namespace Streams.Cli.Observability;

/// <summary>What a process measures about the consumer groups from outside.</summary>
static class Telemetry
{
    static readonly Meter Meter = new("Streams.Cli");

    static IReadOnlyList<GroupLag> _lags = [];

    /// <summary>Rounds in which the lag could not be read; the lag's series are then absent rather than old.</summary>
    public static readonly Counter<long> LagFailures = Meter.CreateCounter<long>("streams.kafka.consumer.lag.failures", "{failure}", "Rounds in which consumer group lag could not be read.");

    static Telemetry() =>
        Meter.CreateObservableGauge("streams.kafka.consumer.lag", () => Volatile.Read(ref _lags).Select(l => new Measurement<long>(
            l.Records, new("group", l.Group), new("topic", l.Topic), new("partition", l.Partition))), "{record}", "Records between a group's committed offset and the end of the partition.");

    public static void Show(IReadOnlyList<GroupLag> lags) => Volatile.Write(ref _lags, lags);
}
