namespace Streams.Broker.Checker.Tests.Nemeses;

/// <summary>Apache Kafka, to see that the checker gives no alarm where there is nothing wrong.</summary>
internal sealed class ApacheKafkaServer : RealKafka, IServer
{
    public string Name => "Apache Kafka";

    string IServer.BootstrapServers => BootstrapServers!;

    /// <summary>A coordinator that starts sends the markers of all prepared transactions again, and a partition writes them again.</summary>
    public int MarkersRepeatedPerKill => 8;

    public Task StartAsync() => InitializeAsync();

    public Task KillAsync() => CommandAsync("stop", "--kill");

    public Task ResumeAsync() => CommandAsync("resume");

    async ValueTask IAsyncDisposable.DisposeAsync() => await DisposeAsync();
}
