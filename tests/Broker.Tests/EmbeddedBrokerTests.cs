using Confluent.Kafka;

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

    [Fact]
    public async Task A_torn_tail_is_cut_at_every_byte_of_the_last_batch()
    {
        var topic = "torn";
        using (var producer = new ProducerBuilder<Null, string>(new ProducerConfig { BootstrapServers = _broker.BootstrapServers, LingerMs = 0 }).Build())
        {
            for (var i = 0; i < 3; i++) await producer.ProduceAsync(new TopicPartition(topic, 0), new Message<Null, string> { Value = $"v{i}" });
        }
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
        using var consumer = new ConsumerBuilder<Null, string>(new ConsumerConfig { BootstrapServers = _broker.BootstrapServers, GroupId = "torn", EnablePartitionEof = true }).Build();
        consumer.Assign(new TopicPartitionOffset(topic, 0, 0));
        foreach (var expected in new[] { "v0", "v1" }) Assert.Equal(expected, consumer.Consume(TimeSpan.FromSeconds(20)).Message.Value);
        Assert.True(consumer.Consume(TimeSpan.FromSeconds(20)).IsPartitionEOF);
    }
}
