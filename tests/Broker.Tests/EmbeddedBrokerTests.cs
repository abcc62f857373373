namespace Streams.Broker.Tests;

/// <summary>What only the embedded broker promises: its folder, its files, its end.</summary>
public sealed class EmbeddedBrokerTests : IAsyncLifetime
{
    private readonly string _directory = Path.Combine(Path.GetTempPath(), $"broker-{Guid.NewGuid():N}");
    private EmbeddedBroker _broker = null!;

    public async Task InitializeAsync() => _broker = await EmbeddedBroker.StartAsync(new EmbeddedBrokerOptions { DataDirectory = _directory });

    public async Task DisposeAsync()
    {
        await _broker.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task A_second_broker_on_the_directory_is_refused() =>
        await Assert.ThrowsAsync<IOException>(() => EmbeddedBroker.StartAsync(new EmbeddedBrokerOptions { DataDirectory = _directory }));
}
