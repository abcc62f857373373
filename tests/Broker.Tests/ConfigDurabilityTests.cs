using Streams.Broker.Tests.Contract;

namespace Streams.Broker.Tests;

/// <summary>What was configured holds after a restart, and options of the broker are seen beneath it.</summary>
public sealed class ConfigDurabilityTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("broker-configs-");

    private EmbeddedBrokerOptions Options => new() { DataDirectory = _folder.FullName, SegmentBytes = 2 << 20, JournalCondenseBytes = 1, RetentionCheckInterval = TimeSpan.FromMilliseconds(50) };

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Configurations_of_topics_and_of_the_broker_survive()
    {
        Guid id;
        await using (var broker = await EmbeddedBroker.StartAsync(Options))
        {
            using var client = await WireClient.ConnectAsync(broker.BootstrapServers);
            id = (await client.CreateTopicsAsync(7, false, new WireTopic("kept", 2) { Configs = [("retention.ms", "1234567")] }))[0].Id;
            Assert.Equal(0, await client.AlterAsync(WireAdmin.BrokerResource, "1", ("message.max.bytes", 0, "5000")));
            Assert.Equal(0, await client.AlterAsync(WireAdmin.BrokerResource, "", ("log.cleaner.delete.retention.ms", 0, "6000")));
        }
        for (var start = 0; start < 2; start++)
        {
            await using var broker = await EmbeddedBroker.StartAsync(Options);
            using var client = await WireClient.ConnectAsync(broker.BootstrapServers);
            var configs = (await client.DescribeConfigsAsync(WireAdmin.TopicResource, "kept")).Configs.ToDictionary(c => c.Name, c => (c.Value, (int)c.Source));
            Assert.Equal(("1234567", 1), configs["retention.ms"]);
            Assert.Equal(("5000", 2), configs["max.message.bytes"]);
            Assert.Equal(("6000", 3), configs["delete.retention.ms"]);
            Assert.Equal(("2097152", 4), configs["segment.bytes"]);
            Assert.Equal(id, (await client.DeleteTopicsAsync(6, ("kept", id)))[0].Id);
        }
    }

    [Fact]
    public async Task The_broker_tells_where_it_listens()
    {
        await using var broker = await EmbeddedBroker.StartAsync(Options with { AdvertisedHost = "localhost" });
        using var client = await WireClient.ConnectAsync(broker.BootstrapServers.Replace("localhost", "127.0.0.1"));
        var configs = (await client.DescribeConfigsAsync(WireAdmin.BrokerResource, "1")).Configs.ToDictionary(c => c.Name, c => c.Value);
        Assert.Equal($"PLAINTEXT://{broker.BootstrapServers}", configs["advertised.listeners"]);
        Assert.StartsWith("PLAINTEXT://127.0.0.1:", configs["listeners"]);
    }

    [Fact]
    public async Task Old_libraries_make_topics_in_versions_that_Kafka_has_dropped()
    {
        await using var broker = await EmbeddedBroker.StartAsync(Options);
        using var client = await WireClient.ConnectAsync(broker.BootstrapServers);
        foreach (var version in new[] { 0, 1 })
        {
            Assert.Equal(0, (await client.CreateTopicsAsync(version, false, new WireTopic($"old{version}", 2)))[0].Error);
            Assert.Equal(36, (await client.CreateTopicsAsync(version, false, new WireTopic($"old{version}", 2)))[0].Error);
        }
    }

    [Fact]
    public async Task A_topic_is_made_because_a_client_asks_unless_that_is_switched_off()
    {
        foreach (var allowed in new[] { true, false })
        {
            await using var broker = await EmbeddedBroker.StartAsync(Options with { AutoCreateTopics = allowed, DefaultPartitions = 3 });
            using var client = await WireClient.ConnectAsync(broker.BootstrapServers);
            foreach (var (create, name) in new[] { (false, $"unasked-{allowed}"), (true, $"asked-{allowed}") })
            {
                var reader = await client.CallAsync(3, 4, false, w => w.Count(1).String(name).Bool(create));
                Assert.Equal(allowed && create ? 0 : 3, (await client.DescribeConfigsAsync(WireAdmin.TopicResource, name)).Error);
            }
        }
    }
}
