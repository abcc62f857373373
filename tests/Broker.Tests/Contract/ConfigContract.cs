namespace Streams.Broker.Tests.Contract;

/// <summary>Configurations are described whole, with their sources, and changed; what is wrong is refused.</summary>
public abstract class ConfigContract(IBrokerUnderTest broker) : BrokerContract(broker)
{
    private const sbyte Topic = WireAdmin.TopicResource;
    private const sbyte Broker = WireAdmin.BrokerResource;
    private const int Set = 0, Delete = 1, Append = 2, Subtract = 3;
    private const short InvalidConfig = 40;
    private const short InvalidRequest = 42;

    /// <summary>Name, type and default of every configuration of a topic.</summary>
    private static readonly (string, sbyte, string)[] All =
    [
        ("cleanup.policy", 7, "delete"), ("compression.gzip.level", 3, "-1"), ("compression.lz4.level", 3, "9"), ("compression.type", 2, "producer"),
        ("compression.zstd.level", 3, "3"), ("delete.retention.ms", 5, "86400000"), ("file.delete.delay.ms", 5, "60000"), ("flush.messages", 5, "9223372036854775807"),
        ("flush.ms", 5, "9223372036854775807"), ("follower.replication.throttled.replicas", 7, ""), ("index.interval.bytes", 3, "4096"),
        ("leader.replication.throttled.replicas", 7, ""), ("local.retention.bytes", 5, "-2"), ("local.retention.ms", 5, "-2"), ("max.compaction.lag.ms", 5, "9223372036854775807"),
        ("max.message.bytes", 3, "1048588"), ("message.timestamp.after.max.ms", 5, "3600000"), ("message.timestamp.before.max.ms", 5, "9223372036854775807"),
        ("message.timestamp.type", 2, "CreateTime"), ("min.cleanable.dirty.ratio", 6, "0.5"), ("min.compaction.lag.ms", 5, "0"), ("min.insync.replicas", 3, "1"),
        ("preallocate", 1, "false"), ("remote.log.copy.disable", 1, "false"), ("remote.log.delete.on.disable", 1, "false"), ("remote.storage.enable", 1, "false"),
        ("retention.bytes", 5, "-1"), ("retention.ms", 5, "604800000"), ("segment.index.bytes", 3, "10485760"), ("segment.jitter.ms", 5, "0"),
        ("segment.ms", 5, "604800000"), ("unclean.leader.election.enable", 1, "false"),
    ];

    [SkippableFact]
    public async Task Every_configuration_of_a_topic_is_described_with_type_and_default()
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var name = await MadeAsync(client);
        var described = await client.DescribeConfigsAsync(Topic, name);
        Assert.Equal(0, described.Error);
        var without = described.Configs.Where(c => c.Name != "segment.bytes").OrderBy(c => c.Name, StringComparer.Ordinal).ToList();
        Assert.Equal(All, without.Select(c => (c.Name, c.Type, c.Value!)));
        Assert.All(described.Configs, c => Assert.Equal((false, false), (c.IsReadOnly, c.IsSensitive)));
        Assert.Contains(described.Configs, c => c.Name == "segment.bytes");
    }

    [SkippableFact]
    public async Task A_value_is_described_with_its_source_and_what_it_hides()
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var name = await MadeAsync(client, ("delete.retention.ms", "5000"), ("preallocate", "TRUE"), ("index.interval.bytes", " 77 "));
        var described = await client.DescribeConfigsAsync(Topic, name, "delete.retention.ms", "nope", "max.message.bytes", "preallocate", "index.interval.bytes");
        var own = described.Configs.Single(c => c.Name == "delete.retention.ms");
        Assert.Equal(("5000", (sbyte)1), (own.Value, own.Source));
        Assert.Equal([("delete.retention.ms", "5000", (sbyte)1), ("log.cleaner.delete.retention.ms", "86400000", (sbyte)5)], own.Synonyms);
        var inherited = described.Configs.Single(c => c.Name == "max.message.bytes");
        Assert.Equal(("1048588", (sbyte)5), (inherited.Value, inherited.Source));
        Assert.Equal([("message.max.bytes", "1048588", (sbyte)5)], inherited.Synonyms);
        Assert.Equal(("true", "77"), (described.Configs.Single(c => c.Name == "preallocate").Value, described.Configs.Single(c => c.Name == "index.interval.bytes").Value));
        Assert.Equal(4, described.Configs.Count);
    }

    [SkippableTheory]
    [InlineData(Topic, "no-such-topic", 3)]
    [InlineData(Topic, "bad name", 17)]
    [InlineData(Topic, "", 17)]
    [InlineData(Broker, "7", InvalidRequest)]
    [InlineData(Broker, "seven", InvalidRequest)]
    public async Task What_does_not_exist_is_not_described(sbyte type, string name, short error)
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var described = await client.DescribeConfigsAsync(type, name);
        Assert.Equal(error, described.Error);
        Assert.Empty(described.Configs);
    }

    [SkippableTheory]
    [InlineData("retention.ms", "x")]
    [InlineData("retention.ms", "-2")]
    [InlineData("retention.ms", "")]
    [InlineData("retention.ms", "9223372036854775808")]
    [InlineData("segment.bytes", "1048575")]
    [InlineData("segment.bytes", "2147483648")]
    [InlineData("cleanup.policy", "forget")]
    [InlineData("cleanup.policy", "delete,forget")]
    [InlineData("message.timestamp.type", "createtime")]
    [InlineData("compression.type", "none")]
    [InlineData("compression.gzip.level", "0")]
    [InlineData("compression.gzip.level", "10")]
    [InlineData("compression.lz4.level", "18")]
    [InlineData("min.cleanable.dirty.ratio", "1.01")]
    [InlineData("min.cleanable.dirty.ratio", "half")]
    [InlineData("min.insync.replicas", "0")]
    [InlineData("max.message.bytes", "-1")]
    [InlineData("preallocate", "yes")]
    [InlineData("remote.storage.enable", "true")]
    [InlineData("leader.replication.throttled.replicas", "all")]
    [InlineData("no.such.configuration", "1")]
    public async Task A_wrong_value_is_refused(string key, string value)
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var name = await MadeAsync(client);
        Assert.Equal(InvalidConfig, await client.AlterAsync(Topic, name, (key, Set, value)));
        Assert.Equal(InvalidConfig, await client.ReplaceConfigsAsync(Topic, name, false, (key, value)));
        Assert.Equal(InvalidConfig, (await client.CreateTopicsAsync(7, false, new WireTopic(name + "x") { Configs = [(key, value)] }))[0].Error);
        Assert.All((await client.DescribeConfigsAsync(Topic, name)).Configs, c => Assert.NotEqual(1, c.Source));
    }

    [SkippableFact]
    public async Task Configurations_that_contradict_each_other_are_refused()
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var name = await MadeAsync(client);
        Assert.Equal(0, await client.AlterAsync(Topic, name, ("max.compaction.lag.ms", Set, "10")));
        Assert.Equal(InvalidConfig, await client.AlterAsync(Topic, name, ("min.compaction.lag.ms", Set, "11")));
    }

    [SkippableFact]
    public async Task Lists_are_appended_to_and_subtracted_from()
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var name = await MadeAsync(client);
        foreach (var (operation, value, expected) in new[]
        {
            (Append, "compact", "delete,compact"), (Append, "compact", "delete,compact"), (Subtract, "delete", "compact"), (Subtract, "delete", "compact"),
            (Append, "compact,delete", "compact,delete"), (Set, "delete", "delete"),
        })
        {
            Assert.Equal(0, await client.AlterAsync(Topic, name, ("cleanup.policy", operation, value)));
            await HoldsAsync(client, Topic, name, "cleanup.policy", expected);
        }
        Assert.Equal(InvalidConfig, await client.AlterAsync(Topic, name, ("cleanup.policy", Append, "forget")));
        Assert.Equal(InvalidConfig, await client.AlterAsync(Topic, name, ("retention.ms", Append, "5")));
        Assert.Equal(InvalidConfig, await client.AlterAsync(Topic, name, ("retention.ms", Subtract, "5")));
    }

    [SkippableFact]
    public async Task A_deleted_configuration_is_its_default_again()
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var name = await MadeAsync(client, ("retention.ms", "1000000"));
        Assert.Equal(0, await client.AlterAsync(Topic, name, ("retention.ms", Delete, null), ("segment.ms", Set, "60000"), ("unknown", Delete, null)));
        await HoldsAsync(client, Topic, name, "retention.ms", "604800000");
        await HoldsAsync(client, Topic, name, "segment.ms", "60000");
    }

    [SkippableFact]
    public async Task Alterations_are_checked_as_a_whole()
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var name = await MadeAsync(client);
        Assert.Equal(InvalidRequest, await client.AlterAsync(Topic, name, ("retention.ms", Set, "1"), ("retention.ms", Set, "2")));
        Assert.Equal(InvalidRequest, await client.AlterAsync(Topic, name, ("retention.ms", Set, null)));
        Assert.Equal(InvalidConfig, await client.AlterAsync(Topic, name, ("retention.ms", Set, "1000"), ("segment.ms", Set, "0")));
        Assert.Equal(0, await client.AlterAsync(Topic, name, validateOnly: true, ("retention.ms", Set, "1000")));
        Assert.Equal(3, await client.AlterAsync(Topic, "no-such-topic", ("retention.ms", Set, "1")));
        Assert.Equal(17, await client.AlterAsync(Topic, "bad name", ("retention.ms", Set, "1")));
        Assert.Equal(InvalidRequest, await client.AlterAsync(Topic, "", ("retention.ms", Set, "1")));
        Assert.Equal(InvalidRequest, await client.AlterAsync(0, name, ("retention.ms", Set, "1")));
        Assert.All((await client.DescribeConfigsAsync(Topic, name)).Configs, c => Assert.NotEqual(1, c.Source));
    }

    [SkippableFact]
    public async Task A_resource_is_named_once_and_others_are_altered()
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var (twice, once) = (await MadeAsync(client), await MadeAsync(client));
        var reader = await client.CallAsync(44, 1, true, w => w.Array(new[] { twice, once, twice }, (r, name) => r
            .Int8(Topic).String(name).Count(1).String("retention.ms").Int8(Set).String("2000000").Tags().Tags()).Bool(false).Tags());
        reader.Int32();
        var outcomes = reader.Array(r =>
        {
            var (error, _, _, name) = (r.Int16(), r.String(), r.Int8(), r.String());
            r.Tags();
            return (name, error);
        });
        reader.End();
        Assert.Equal(2, outcomes.Count(o => o == (twice, InvalidRequest)));
        Assert.Contains((once, (short)0), outcomes);
        await HoldsAsync(client, Topic, once, "retention.ms", "2000000");
    }

    [SkippableFact]
    public async Task AlterConfigs_replaces_all_that_was_set()
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var name = await MadeAsync(client, ("retention.ms", "1000000"), ("segment.ms", "70000"));
        Assert.Equal(0, await client.ReplaceConfigsAsync(Topic, name, true, ("retention.ms", "5")));
        Assert.Equal(InvalidRequest, await client.ReplaceConfigsAsync(Topic, name, false, ("retention.ms", null)));
        Assert.Equal(InvalidRequest, await client.ReplaceConfigsAsync(Topic, name, false, ("retention.ms", "1"), ("retention.ms", "2")));
        await HoldsAsync(client, Topic, name, "retention.ms", "1000000");
        Assert.Equal(0, await client.ReplaceConfigsAsync(Topic, name, false, ("retention.ms", "2000000")));
        await HoldsAsync(client, Topic, name, "retention.ms", "2000000");
        await HoldsAsync(client, Topic, name, "segment.ms", "604800000");
        Assert.Equal(0, await client.ReplaceConfigsAsync(Topic, name, false));
        await HoldsAsync(client, Topic, name, "retention.ms", "604800000");
    }

    [SkippableFact]
    public async Task The_brokers_own_configurations_are_described_and_those_that_may_are_altered()
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var name = await MadeAsync(client);
        var described = await client.DescribeConfigsAsync(Broker, "1");
        Assert.Equal(0, described.Error);
        var number = described.Configs.Single(c => c.Name == "node.id");
        Assert.Equal(("1", true, (sbyte)4), (number.Value, number.IsReadOnly, number.Source));
        Assert.Equal(0, await client.AlterAsync(Broker, "1", ("log.segment.delete.delay.ms", Set, "70000")));
        await HoldsAsync(client, Topic, name, "file.delete.delay.ms", "70000", source: 2);
        Assert.Equal(0, await client.AlterAsync(Broker, "", ("log.segment.delete.delay.ms", Set, "80000")));
        await HoldsAsync(client, Broker, "", "log.segment.delete.delay.ms", "80000", source: 3);
        Assert.Equal(0, await client.AlterAsync(Broker, "1", ("log.segment.delete.delay.ms", Delete, null)));
        await HoldsAsync(client, Topic, name, "file.delete.delay.ms", "80000", source: 3);
        Assert.Equal(0, await client.AlterAsync(Broker, "", ("log.segment.delete.delay.ms", Delete, null)));
        await HoldsAsync(client, Topic, name, "file.delete.delay.ms", "60000", source: 5);
        Assert.Equal(InvalidRequest, await client.AlterAsync(Broker, "1", ("num.partitions", Set, "3")));
        Assert.Equal(InvalidRequest, await client.AlterAsync(Broker, "1", ("log.retention.ms", Set, "x")));
        Assert.Equal(InvalidRequest, await client.AlterAsync(Broker, "2", ("log.retention.ms", Set, "1")));
        Assert.Equal(InvalidRequest, await client.AlterAsync(Broker, "one", ("log.retention.ms", Set, "1")));
    }

    [SkippableFact]
    public async Task A_change_takes_effect_on_the_log()
    {
        var name = await CreateTopicAsync(1);
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        using var producer = Producer(p => p.EnableIdempotence = false);
        var record = new Confluent.Kafka.Message<string, string> { Key = "k", Value = new string('v', 1000) };
        await producer.ProduceAsync(name, record);
        Assert.Equal(0, await client.AlterAsync(Topic, name, ("max.message.bytes", Set, "500")));
        await HoldsAsync(client, Topic, name, "max.message.bytes", "500");
        Until(() => producer.ProduceAsync(name, record).ContinueWith(p => p.Exception?.InnerException is Confluent.Kafka.ProduceException<string, string> { Error.Code: Confluent.Kafka.ErrorCode.MsgSizeTooLarge }).Result);
        Assert.Equal(0, await client.AlterAsync(Topic, name, ("max.message.bytes", Delete, null)));
        Until(() => producer.ProduceAsync(name, record).ContinueWith(p => p.IsCompletedSuccessfully).Result);
    }

    /// <summary>Kafka's brokers hear of a change a moment after its answer.</summary>
    private static async Task HoldsAsync(WireClient client, sbyte type, string name, string key, string value, sbyte? source = null)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (true)
        {
            var config = (await client.DescribeConfigsAsync(type, name, key)).Configs.SingleOrDefault();
            if (config?.Value == value && (source is null || source == config.Source)) return;
            Assert.True(DateTime.UtcNow < deadline, $"{key} is {config}, not {value} from {source}");
        }
    }

    private static async Task<string> MadeAsync(WireClient client, params (string Name, string? Value)[] configs)
    {
        var name = $"c-{Guid.NewGuid():N}";
        Assert.Equal(0, (await client.CreateTopicsAsync(7, false, new WireTopic(name) { Configs = configs }))[0].Error);
        var deadline = DateTime.UtcNow + Patience;
        while ((await client.DescribeConfigsAsync(Topic, name)).Error != 0) Assert.True(DateTime.UtcNow < deadline, "the topic is not seen");
        return name;
    }
}

[Collection(nameof(Embedded))]
public sealed class EmbeddedConfigs(Embedded broker) : ConfigContract(broker);

[Collection(nameof(ApacheKafka))]
public sealed class ApacheConfigs(ApacheKafka broker) : ConfigContract(broker);
