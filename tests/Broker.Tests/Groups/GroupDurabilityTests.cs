using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Streams.Broker.Tests.Contract;

namespace Streams.Broker.Tests.Groups;

/// <summary>What is answered of groups is on disk, and members go on over a restart.</summary>
public sealed class GroupDurabilityTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly string _directory = Directory.CreateTempSubdirectory("broker-groups-").FullName;
    private readonly GatedDisk _disk = new();
    private readonly int _port = FreePorts.Take();
    private EmbeddedBroker _broker = null!;

    public async Task InitializeAsync()
    {
        await StartAsync();
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = _broker.BootstrapServers }).Build();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = "topic", NumPartitions = 2, ReplicationFactor = 1 }]);
    }

    public async Task DisposeAsync()
    {
        await _broker.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task A_commit_is_not_seen_before_it_is_on_disk()
    {
        using var writer = await GroupWire.ConnectAsync(_broker.BootstrapServers, "g");
        using var reader = await GroupWire.ConnectAsync(_broker.BootstrapServers, "g");
        _disk.Gate.Reset();
        var committing = writer.CommitAsync(-1, "", null, ("topic", 0, 7, null));
        await AssertWaitsAsync(committing);
        var reading = reader.FetchOffsetsAsync("topic");
        await AssertWaitsAsync(reading);
        _disk.Gate.Set();
        Assert.Equal([0], await committing);
        Assert.Equal(7, (await reading).Offsets[0].Offset);
    }

    [Fact]
    public async Task An_assignment_is_not_told_before_it_is_on_disk()
    {
        using var classic = await GroupWire.ConnectAsync(_broker.BootstrapServers, "classic");
        using var consumer = await GroupWire.ConnectAsync(_broker.BootstrapServers, "consumers");
        var member = await classic.EnterAsync();
        _disk.Gate.Reset();
        var syncing = classic.SyncAsync(member, assign: [(member.Id, "all")]);
        var joining = consumer.EnterConsumerAsync("a", ["topic"]);
        await AssertWaitsAsync(syncing);
        await AssertWaitsAsync(joining);
        _disk.Gate.Set();
        Assert.Equal("all", (await syncing).Assignment);
        Assert.Equal(2, (await joining).Assignment!.Count);
    }

    [Theory]
    [InlineData(GroupProtocol.Classic)]
    [InlineData(GroupProtocol.Consumer)]
    public async Task Clients_keep_their_partitions_over_a_restart(GroupProtocol protocol)
    {
        var revoked = 0;
        var config = new ConsumerConfig { BootstrapServers = _broker.BootstrapServers, GroupId = "g", AutoOffsetReset = AutoOffsetReset.Earliest, GroupProtocol = protocol, EnableAutoCommit = false, ReconnectBackoffMaxMs = 200 };
        if (protocol == GroupProtocol.Classic) config.HeartbeatIntervalMs = 200;
        using var consumer = new ConsumerBuilder<string, string>(config).SetLogHandler((_, _) => { })
            .SetPartitionsRevokedHandler((_, _) => revoked++).SetPartitionsLostHandler((_, _) => revoked++).Build();
        consumer.Subscribe("topic");
        await ReadOneAsync(consumer, "before");
        await _broker.DisposeAsync();
        await StartAsync();
        await ReadOneAsync(consumer, "after");
        consumer.Commit();
        Assert.Equal(0, revoked);
        consumer.Close();
    }

    private static async Task AssertWaitsAsync(Task task) => Assert.NotSame(task, await Task.WhenAny(task, Task.Delay(150)));

    private async Task ReadOneAsync(IConsumer<string, string> consumer, string value)
    {
        using var producer = new ProducerBuilder<string, string>(new ProducerConfig { BootstrapServers = _broker.BootstrapServers }).SetLogHandler((_, _) => { }).Build();
        await producer.ProduceAsync("topic", new Message<string, string> { Key = value, Value = value });
        var deadline = DateTime.UtcNow + Patience;
        ConsumeResult<string, string>? read = null;
        while (read?.Message.Value != value)
        {
            Assert.True(DateTime.UtcNow < deadline, $"{value} was not read in time");
            try
            {
                read = consumer.Consume(100);
            }
            catch (ConsumeException e) when (!e.Error.IsFatal)
            {
                // The broker is down for a moment.
            }
        }
    }

    private async Task StartAsync() =>
        _broker = await EmbeddedBroker.StartAsync(new EmbeddedBrokerOptions { DataDirectory = _directory, Port = _port, Disk = _disk });
}
