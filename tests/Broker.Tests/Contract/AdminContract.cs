namespace Streams.Broker.Tests.Contract;

/// <summary>Topics are made, grown and deleted; records deleted; the cluster and its disks described.</summary>
public abstract class AdminContract(IBrokerUnderTest broker) : BrokerContract(broker)
{
    private const short UnknownTopic = 3;
    private const short InvalidTopic = 17;
    private const short TopicExists = 36;
    private const short InvalidPartitions = 37;
    private const short InvalidReplicationFactor = 38;
    private const short InvalidAssignment = 39;
    private const short InvalidConfig = 40;
    private const short InvalidRequest = 42;
    private const short PolicyViolation = 44;
    private const short UnknownTopicId = 100;

    [SkippableTheory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public async Task Topics_are_made_in_every_version(int version)
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var (name, other) = (Unique(), Unique());
        var created = await client.CreateTopicsAsync(version, false, new WireTopic(name, 3) { Configs = [("retention.ms", "1234567")] }, new WireTopic(other, version < 4 ? 1 : -1, version < 4 ? 1 : -1));
        Assert.Equal([name, other], created.Select(c => c.Name).Order(Order(name, other)));
        Assert.All(created, c => Assert.Equal((0, null), (c.Error, c.Message)));
        var made = created.Single(c => c.Name == name);
        if (version >= 5) Assert.Equal((3, 1), (made.Partitions, made.Replicas));
        if (version >= 5) Assert.Equal([("retention.ms", "1234567", (sbyte)1)], made.Configs.Where(c => c.Name.StartsWith("retention.ms", StringComparison.Ordinal)));
        if (version >= 7) Assert.NotEqual(Guid.Empty, made.Id);
        var again = await client.CreateTopicsAsync(version, false, new WireTopic(name));
        Assert.Equal(TopicExists, again[0].Error);
        Assert.NotNull(again[0].Message);
    }

    [SkippableFact]
    public async Task A_topic_that_is_only_validated_is_not_made()
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var name = Unique();
        var checkedOnly = await client.CreateTopicsAsync(7, true, new WireTopic(name, 2), new WireTopic(name + "x", 0), new WireTopic(name + "y", 1, 3), new WireTopic(name + "z") { Configs = [("nope", "1")] });
        Assert.Equal([0, InvalidPartitions, InvalidReplicationFactor, InvalidConfig], checkedOnly.OrderBy(c => c.Name, StringComparer.Ordinal).Select(c => c.Error));
        Assert.Equal(2, checkedOnly.Single(c => c.Name == name).Partitions);
        Assert.Equal(UnknownTopic, (await client.DescribeConfigsAsync(WireAdmin.TopicResource, name)).Error);
    }

    public static TheoryData<string, WireTopic, short> Wrong => new()
    {
        { "a space", new WireTopic("bad name"), InvalidTopic },
        { "no name", new WireTopic(""), InvalidTopic },
        { "a dot", new WireTopic("."), InvalidTopic },
        { "two dots", new WireTopic(".."), InvalidTopic },
        { "a long name", new WireTopic(new string('x', 250)), InvalidTopic },
        { "no partition", new WireTopic("wrong", 0), InvalidPartitions },
        { "partitions below -1", new WireTopic("wrong", -2), InvalidPartitions },
        { "too many partitions", new WireTopic("wrong", 100_001), PolicyViolation },
        { "no replica", new WireTopic("wrong", 1, 0), InvalidReplicationFactor },
        { "more replicas than brokers", new WireTopic("wrong", 1, 2), InvalidReplicationFactor },
        { "assigned and counted", new WireTopic("wrong", 1, 1) { Assigned = [(0, [1])] }, InvalidRequest },
        { "a gap in the assignment", new WireTopic("wrong", -1, -1) { Assigned = [(0, [1]), (2, [1])] }, InvalidAssignment },
        { "a broker twice", new WireTopic("wrong", -1, -1) { Assigned = [(0, [1, 1])] }, InvalidAssignment },
        { "an unknown broker", new WireTopic("wrong", -1, -1) { Assigned = [(0, [5])] }, InvalidAssignment },
        { "no broker", new WireTopic("wrong", -1, -1) { Assigned = [(0, [])] }, InvalidAssignment },
        { "an unknown configuration", new WireTopic("wrong") { Configs = [("nope", "1")] }, InvalidConfig },
        { "a configuration without a value", new WireTopic("wrong") { Configs = [("retention.ms", null)] }, InvalidConfig },
    };

    [SkippableTheory]
    [MemberData(nameof(Wrong))]
    public async Task What_is_wrong_with_a_topic_is_said(string what, WireTopic topic, short error)
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var refused = Assert.Single(await client.CreateTopicsAsync(7, false, topic));
        Assert.True(error == refused.Error, $"{what}: {refused.Error}");
        Assert.False(string.IsNullOrEmpty(refused.Message), what);
        Assert.Equal((-1, -1, Guid.Empty), (refused.Partitions, refused.Replicas, refused.Id));
        Assert.Empty(refused.Configs);
    }

    [SkippableFact]
    public async Task One_wrong_topic_does_not_hold_up_the_others()
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var (good, twice) = (Unique(), Unique());
        var created = await client.CreateTopicsAsync(7, false, new WireTopic(twice), new WireTopic(good), new WireTopic(twice), new WireTopic("bad name"));
        Assert.Equal(3, created.Count);
        Assert.Equal((0, InvalidRequest, InvalidTopic), (Error(good), Error(twice), Error("bad name")));
        short Error(string name) => created.Single(c => c.Name == name).Error;
    }

    [SkippableFact]
    public async Task Names_that_differ_in_dots_and_underscores_alone_collide()
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var name = Unique();
        Assert.Equal(0, (await client.CreateTopicsAsync(7, false, new WireTopic($"{name}.a_b")))[0].Error);
        Assert.Equal(InvalidTopic, (await client.CreateTopicsAsync(7, false, new WireTopic($"{name}_a.b")))[0].Error);
        Assert.Equal(InvalidTopic, (await client.CreateTopicsAsync(7, true, new WireTopic($"{name}_a_b")))[0].Error);
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task Topics_are_deleted_by_name(int version)
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var name = await MadeAsync(client);
        var deleted = await client.DeleteTopicsAsync(version, (name, Guid.Empty), ("nope", Guid.Empty));
        Assert.Equal((0, UnknownTopic), (deleted.Single(d => d.Name == name).Error, deleted.Single(d => d.Name == "nope").Error));
        await UntilAsync(async () => (await client.DescribeConfigsAsync(WireAdmin.TopicResource, name)).Error == UnknownTopic);
    }

    [SkippableFact]
    public async Task A_topic_made_again_has_another_id()
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var name = Unique();
        var first = (await client.CreateTopicsAsync(7, false, new WireTopic(name)))[0].Id;
        var deleted = Assert.Single(await client.DeleteTopicsAsync(6, (null, first)));
        Assert.Equal((name, first, (short)0), deleted);
        var second = (await client.CreateTopicsAsync(7, false, new WireTopic(name)))[0].Id;
        Assert.NotEqual(first, second);
        Assert.Equal(UnknownTopicId, (await client.DeleteTopicsAsync(6, (null, first)))[0].Error);
    }

    [SkippableFact]
    public async Task A_deletion_must_say_which_topic_once()
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var name = Unique();
        var id = (await client.CreateTopicsAsync(7, false, new WireTopic(name)))[0].Id;
        Assert.Equal(InvalidRequest, (await client.DeleteTopicsAsync(6, (name, id)))[0].Error);
        Assert.Equal(InvalidRequest, (await client.DeleteTopicsAsync(6, (null, Guid.Empty)))[0].Error);
        Assert.Equal(InvalidRequest, Assert.Single(await client.DeleteTopicsAsync(6, (name, Guid.Empty), (name, Guid.Empty))).Error);
        Assert.Equal(InvalidRequest, Assert.Single(await client.DeleteTopicsAsync(6, (name, Guid.Empty), (null, id))).Error);
        Assert.Equal(0, (await client.DeleteTopicsAsync(6, (name, Guid.Empty)))[0].Error);
    }

    [SkippableTheory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Topics_are_given_more_partitions(int version)
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var name = await MadeAsync(client, 2);
        Assert.Equal([(name, (short)0)], await client.CreatePartitionsAsync(version, true, (name, 4, null)));
        Assert.Equal([(name, (short)0)], await client.CreatePartitionsAsync(version, false, (name, 3, null)));
        Assert.Equal([(name, (short)0)], await client.CreatePartitionsAsync(version, false, (name, 4, [[1]])));
        foreach (var count in new[] { 4, 1, 0, -1 }) Assert.Equal([(name, InvalidPartitions)], await client.CreatePartitionsAsync(version, false, (name, count, null)));
        Assert.Equal([(name, InvalidAssignment)], await client.CreatePartitionsAsync(version, false, (name, 6, [[1]])));
        Assert.Equal([(name, InvalidAssignment)], await client.CreatePartitionsAsync(version, false, (name, 5, [[7]])));
        var several = await client.CreatePartitionsAsync(version, false, ("nope", 3, null), (name, 5, null), (name, 6, null));
        Assert.Equal([("nope", UnknownTopic), (name, InvalidRequest)], several.OrderBy(s => s.Name == name));
    }

    [SkippableFact]
    public async Task Records_are_deleted_up_to_an_offset_or_the_high_watermark()
    {
        var name = await CreateTopicAsync(1);
        await ProduceAsync(name, 5);
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        Assert.Equal((3, (short)0), await client.DeleteRecordsAsync(name, 0, 3));
        Assert.Equal((3, (short)0), await client.DeleteRecordsAsync(name, 0, 1));
        Assert.Equal((-1, (short)1), await client.DeleteRecordsAsync(name, 0, 6));
        Assert.Equal((-1, (short)1), await client.DeleteRecordsAsync(name, 0, -2));
        Assert.Equal((-1, UnknownTopic), await client.DeleteRecordsAsync(name, 1, 0));
        Assert.Equal([3L, 4L], ReadAll(name, Confluent.Kafka.IsolationLevel.ReadUncommitted).Select(r => r.Offset.Value));
        Assert.Equal((5, (short)0), await client.DeleteRecordsAsync(name, 0, -1));
        Assert.Empty(ReadAll(name, Confluent.Kafka.IsolationLevel.ReadUncommitted));
        var compacted = await CreateTopicAsync(1, ("cleanup.policy", "compact"));
        await UntilAsync(async () => (await client.DeleteRecordsAsync(compacted, 0, 0)).Error == PolicyViolation);
    }

    [SkippableTheory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task The_cluster_is_described(int version)
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var reader = await DescribeClusterAsync(client, version, endpoints: 1);
        Assert.Equal((0, 0, null), (reader.Int32(), reader.Int16(), reader.String()));
        if (version >= 1) Assert.Equal(1, reader.Int8());
        Assert.NotEqual("", reader.String());
        Assert.Equal((1, 1, 1), (reader.Int32(), reader.Count(), reader.Int32()));
        Assert.Equal(BootstrapServers, $"{reader.String()}:{reader.Int32()}");
        Assert.Null(reader.String());
        if (version >= 2) Assert.False(reader.Bool());
        reader.Tags();
        Assert.Equal(8096, reader.Int32());
        reader.End();
    }

    [SkippableTheory]
    [InlineData(2, 114)]
    [InlineData(3, 115)]
    public async Task A_broker_does_not_tell_of_controllers(int endpoints, short error)
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var reader = await DescribeClusterAsync(client, 1, endpoints);
        Assert.Equal((0, error), (reader.Int32(), reader.Int16()));
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task The_disk_that_a_partition_takes_is_told(int version)
    {
        var name = await CreateTopicAsync(2);
        await ProduceAsync(name, 3);
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var reader = await client.CallAsync(35, (short)version, version >= 2, w => w.Count(1).String(name).Int32s(0, 1, 7).Tags().Tags());
        Assert.Equal(0, reader.Int32());
        if (version >= 3) Assert.Equal(0, reader.Int16());
        Assert.Equal((1, 0), (reader.Count(), reader.Int16()));
        Assert.True(Path.IsPathRooted(reader.String()));
        Assert.Equal((1, name), (reader.Count(), reader.String()));
        var sizes = reader.Array(r =>
        {
            var partition = (Index: r.Int32(), Size: r.Int64(), Lag: r.Int64(), IsFuture: r.Bool());
            r.Tags();
            return partition;
        });
        reader.Tags();
        Assert.Equal([0, 1], sizes.Select(s => s.Index).Order());
        Assert.All(sizes, s => Assert.Equal((0L, false), (s.Lag, s.IsFuture)));
        Assert.True(sizes.Sum(s => s.Size) > 3 * 61);
        if (version >= 4) Assert.True(reader.Int64() >= reader.Int64());
        reader.Tags().End();
    }

    private static Task<WireReader> DescribeClusterAsync(WireClient client, int version, int endpoints) => client.CallAsync(60, (short)version, true, w =>
    {
        w.Bool(true);
        if (version >= 1) w.Int8(endpoints);
        if (version >= 2) w.Bool(false);
        w.Tags();
    });

    private static async Task<string> MadeAsync(WireClient client, int partitions = 1)
    {
        var name = Unique();
        Assert.Equal(0, (await client.CreateTopicsAsync(7, false, new WireTopic(name, partitions)))[0].Error);
        return name;
    }

    private static Comparer<string> Order(params string[] names) => Comparer<string>.Create((a, b) => Array.IndexOf(names, a).CompareTo(Array.IndexOf(names, b)));

    private static string Unique() => $"a-{Guid.NewGuid():N}";

    private static async Task UntilAsync(Func<Task<bool>> reached)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (!await reached()) Assert.True(DateTime.UtcNow < deadline, "not reached in time");
    }
}

[Collection(nameof(Embedded))]
public sealed class EmbeddedAdmin(Embedded broker) : AdminContract(broker);

[Collection(nameof(ApacheKafka))]
public sealed class ApacheAdmin(ApacheKafka broker) : AdminContract(broker);
