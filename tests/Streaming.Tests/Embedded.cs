using Streams.Broker;

namespace Streams.Streaming.Tests;

/// <summary>The embedded broker in the test's process.</summary>
public sealed class Embedded : IBroker, IDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("streaming-embedded-");
    private readonly EmbeddedBroker broker;

    public Embedded() => broker = EmbeddedBroker.StartAsync(new EmbeddedBrokerOptions
    {
        DataDirectory = directory.FullName,
        Groups = new GroupOptions { ConsumerSessionTimeoutMs = 6000, ConsumerHeartbeatIntervalMs = 500 },
    }).GetAwaiter().GetResult();

    public string? Missing => null;

    public string BootstrapServers => broker.BootstrapServers;

    public void Dispose()
    {
        broker.DisposeAsync().AsTask().GetAwaiter().GetResult();
        directory.Delete(recursive: true);
    }
}
