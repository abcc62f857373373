using Confluent.Kafka;

namespace Streams.Broker.Tests;

public sealed class EmbeddedBrokerTests : ContractSuite, IAsyncLifetime
{
    private readonly string _directory = Path.Combine(Path.GetTempPath(), $"broker-{Guid.NewGuid():N}");
    private EmbeddedBroker _broker = null!;

    protected override string BootstrapServers => _broker.BootstrapServers;

    public async Task InitializeAsync() => _broker = await EmbeddedBroker.StartAsync(new EmbeddedBrokerOptions { DataDirectory = _directory });

    public async Task DisposeAsync()
    {
        await _broker.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task A_second_broker_on_the_directory_is_refused() =>
        await Assert.ThrowsAsync<IOException>(() => EmbeddedBroker.StartAsync(new EmbeddedBrokerOptions { DataDirectory = _directory }));

    [Fact]
    public async Task A_torn_tail_is_cut_at_every_byte_of_the_last_batch()
    {
        var topic = await CreateTopicAsync(1);
        await ProduceAsync(topic, 3);
        await _broker.DisposeAsync();
        var file = Directory.GetFiles(_directory, "*.log", SearchOption.AllDirectories).Single();
        var whole = File.ReadAllBytes(file);
        var lastBatch = whole.Length / 3 * 2;
        var durable = Directory.GetFiles(_directory, "*.durable", SearchOption.AllDirectories).Single();
        for (var length = lastBatch; length < whole.Length; length++)
        {
            File.WriteAllBytes(file, whole[..length]);
            File.Delete(durable);
            _broker = await EmbeddedBroker.StartAsync(new EmbeddedBrokerOptions { DataDirectory = _directory });
            Assert.Equal(lastBatch, new FileInfo(file).Length);
            await _broker.DisposeAsync();
        }
        _broker = await EmbeddedBroker.StartAsync(new EmbeddedBrokerOptions { DataDirectory = _directory });
        Assert.Equal(["v0", "v1"], ReadAll(topic, IsolationLevel.ReadCommitted).Select(r => r.Message.Value));
    }
}
