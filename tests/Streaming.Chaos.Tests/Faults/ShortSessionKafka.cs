namespace Streams.Streaming.Chaos.Tests.Faults;

/// <summary>Apache Kafka that takes short sessions, in the consumer protocol too, and looks for late transactions every second.</summary>
internal sealed class ShortSessionKafka() : RealServer(
    "kafka", "--heap", "512m",
    "--set", "group.min.session.timeout.ms=1000", "--set", "transaction.abort.timed.out.transaction.cleanup.interval.ms=1000", "--set", "group.consumer.assignment.interval.ms=0",
    "--set", "group.consumer.session.timeout.ms=2000", "--set", "group.consumer.min.session.timeout.ms=1000",
    "--set", "group.consumer.heartbeat.interval.ms=500", "--set", "group.consumer.min.heartbeat.interval.ms=100"), IServer
{
    public string Name => "Apache Kafka";

    public string BootstrapServers => Bootstrap!;

    public int MarkersRepeatedPerKill => 8;

    public Task StartAsync() => InitializeAsync();

    public Task KillAsync() => CommandAsync("stop", "--kill");

    public Task ResumeAsync() => CommandAsync("resume");

    async ValueTask IAsyncDisposable.DisposeAsync() => await DisposeAsync();
}
