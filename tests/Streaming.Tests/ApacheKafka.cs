using Streams.Testing;

namespace Streams.Streaming.Tests;

/// <summary>The real Apache Kafka beside the checkout, with short waits for what it only checks now and then.</summary>
public sealed class ApacheKafka() : RealServer("kafka", "--heap", "512m",
    "--set", "group.min.session.timeout.ms=1000", "--set", "group.consumer.min.session.timeout.ms=1000", "--set", "group.consumer.session.timeout.ms=6000",
    "--set", "group.consumer.min.heartbeat.interval.ms=100", "--set", "group.consumer.heartbeat.interval.ms=500", "--set", "group.consumer.assignment.interval.ms=0",
    "--set", "transaction.abort.timed.out.transaction.cleanup.interval.ms=1000"), IBroker
{
    public string BootstrapServers => Bootstrap ?? "";
}
