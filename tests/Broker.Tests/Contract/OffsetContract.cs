using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Streams.Broker.Tests.Contract;

/// <summary>Committed offsets: who may commit, what comes back, what deletes them.</summary>
public abstract class OffsetContract(IBrokerUnderTest broker) : BrokerContract(broker)
{
    private readonly string _group = $"g-{Guid.NewGuid():N}";

    [SkippableFact]
    public async Task Offsets_come_back_with_epoch_and_metadata()
    {
        var topic = await CreateTopicAsync(3);
        using var a = await ConnectAsync();
        Assert.Equal((0, 0), ((await a.FetchOffsetsAsync(null)).Error, (await a.FetchOffsetsAsync(null)).Offsets.Count));
        Assert.Equal([0, 0], await a.CommitAsync(-1, "", null, (topic, 0, 7, "état"), (topic, 1, 8, null)));
        var (_, offsets) = await a.FetchOffsetsAsync(topic, 3);
        Assert.Equal([new(topic, 0, 7, 5, "état", 0), new(topic, 1, 8, 5, "", 0), new(topic, 2, -1, -1, "", 0)], offsets);
        Assert.Equal(2, (await a.FetchOffsetsAsync(null)).Offsets.Count);
        Assert.Equal((-1, 0), ((await a.FetchOffsetsAsync("no-such-topic")).Offsets[0].Offset, (await a.FetchOffsetsAsync("no-such-topic")).Offsets[0].Error));
        Assert.Equal(("", "Empty", "classic"), await a.ListedAsync());
        var described = await a.DescribeAsync();
        Assert.Equal((0, "Empty", ""), (described.Error, described.State, described.Type));
    }

    [SkippableFact]
    public async Task Metadata_is_bounded_and_topics_must_exist()
    {
        var topic = await CreateTopicAsync(2);
        using var a = await ConnectAsync();
        Assert.Equal([0, 3, 12], (await a.CommitAsync(-1, "", null, (topic, 0, 1, new string('m', 4096)), (topic, 1, 1, new string('m', 4097)), ("no-such-topic", 0, 1, null))).Order());
        var (_, offsets) = await a.FetchOffsetsAsync(topic, 2);
        Assert.Equal((1, 4096, -1), (offsets[0].Offset, offsets[0].Metadata!.Length, offsets[1].Offset));
        Assert.Equal([3, 25], (await a.CommitAsync(5, "m", null, ("no-such-topic", 0, 1, null), (topic, 0, 1, null))).Order());
    }

    [SkippableFact]
    public async Task Only_a_member_in_its_generation_commits_while_there_are_members()
    {
        var topic = await CreateTopicAsync(1);
        using var a = await ConnectAsync();
        Assert.Equal([69], await a.CommitAsync(1, "nobody", null, (topic, 0, 1, null)));
        var member = await a.EnterAsync(metadata: GroupWire.Subscription(topic));
        Assert.Equal([27], await a.CommitAsync(1, member.Id, null, (topic, 0, 1, null)));
        Assert.Equal(0, (await a.SyncAsync(member)).Error);
        Assert.Equal([0], await a.CommitAsync(1, member.Id, null, (topic, 0, 2, null)));
        Assert.Equal([22], await a.CommitAsync(0, member.Id, null, (topic, 0, 3, null)));
        Assert.Equal([25], await a.CommitAsync(1, "nobody", null, (topic, 0, 3, null)));
        Assert.Equal([25], await a.CommitAsync(-1, "", null, (topic, 0, 3, null)));
        Assert.Equal([25], await a.CommitAsync(1, member.Id, "no-instance", (topic, 0, 3, null)));
        Assert.Equal(2, (await a.FetchOffsetsAsync(topic)).Offsets[0].Offset);

        using var b = await ConnectAsync();
        var rejoining = b.EnterAsync(metadata: GroupWire.Subscription(topic));
        while (await a.HeartbeatAsync(member.Id, 1) == 0) await Task.Delay(10);
        // While members gather, those of the generation that ends may still commit.
        Assert.Equal([0], await a.CommitAsync(1, member.Id, null, (topic, 0, 4, null)));
        await a.JoinAsync(member.Id, metadata: GroupWire.Subscription(topic));
        var other = await rejoining;
        await a.LeaveAsync((member.Id, null), (other.Id, null));
        Assert.Equal([0], await a.CommitAsync(-1, "", null, (topic, 0, 5, null)));
    }

    [SkippableFact]
    public async Task A_static_member_commits_until_it_is_replaced()
    {
        var topic = await CreateTopicAsync(1);
        using var a = await ConnectAsync();
        var member = await a.JoinAsync(instance: "one");
        Assert.Equal(0, (await a.SyncAsync(member, "one")).Error);
        Assert.Equal([0], await a.CommitAsync(1, member.Id, "one", (topic, 0, 1, null)));
        await a.JoinAsync(instance: "one");
        Assert.Equal([82], await a.CommitAsync(1, member.Id, "one", (topic, 0, 2, null)));
    }

    [SkippableFact]
    public async Task Offsets_of_topics_that_are_read_cannot_be_deleted()
    {
        var (read, other) = (await CreateTopicAsync(2), await CreateTopicAsync(2));
        using var a = await ConnectAsync();
        Assert.Equal(GroupWire.NotFound, (await a.DeleteOffsetsAsync(read, 0)).Error);
        Assert.Equal([0, 0, 0], await a.CommitAsync(-1, "", null, (read, 0, 1, null), (other, 0, 1, null), (other, 1, 1, null)));
        var member = await a.EnterAsync(metadata: GroupWire.Subscription(read));
        Assert.Equal(0, (await a.SyncAsync(member)).Error);
        Assert.Equal([86, 86], (await a.DeleteOffsetsAsync(read, 0, 1)).Partitions);
        Assert.Equal([0, 3], (await a.DeleteOffsetsAsync(other, 0, 7)).Partitions.Order());
        Assert.Equal([3], (await a.DeleteOffsetsAsync("no-such-topic", 0)).Partitions);
        Assert.Equal([-1, 1], (await a.FetchOffsetsAsync(other, 2)).Offsets.Select(o => o.Offset));
        await a.LeaveAsync((member.Id, null));
        Assert.Equal([0], (await a.DeleteOffsetsAsync(read, 0)).Partitions);
        Assert.Equal(0, await a.DeleteAsync());
        Assert.Empty((await a.FetchOffsetsAsync(null)).Offsets);
    }

    [SkippableFact]
    public async Task A_group_that_is_no_group_of_consumers_keeps_its_offsets()
    {
        var topic = await CreateTopicAsync(1);
        using var a = await ConnectAsync();
        var id = (await a.JoinAsync(type: "connect")).Id;
        var member = await a.JoinAsync(id, type: "connect");
        Assert.Equal(0, (await a.SyncAsync(member)).Error);
        Assert.Equal([0], await a.CommitAsync(1, member.Id, null, (topic, 0, 1, null)));
        Assert.Equal(68, (await a.DeleteOffsetsAsync(topic, 0)).Error);
    }

    [SkippableFact]
    public async Task Offsets_go_with_their_topic()
    {
        var topic = await CreateTopicAsync(1);
        using var a = await ConnectAsync();
        Assert.Equal([0], await a.CommitAsync(-1, "", null, (topic, 0, 1, null)));
        using var admin = Admin();
        await admin.DeleteTopicsAsync([topic]);
        var deadline = DateTime.UtcNow + Patience;
        while ((await a.FetchOffsetsAsync(topic)).Offsets[0].Offset != -1) Assert.True(DateTime.UtcNow < deadline);
    }

    [SkippableFact]
    public async Task An_open_transaction_makes_its_offsets_unstable()
    {
        var topic = await CreateTopicAsync(2);
        using var a = await ConnectAsync();
        Assert.Equal([0], await a.CommitAsync(-1, "", null, (topic, 0, 1, null)));
        using var producer = Producer(p => p.TransactionalId = _group);
        producer.InitTransactions(Patience);
        producer.BeginTransaction();
        using var consumer = Consumer(_group, IsolationLevel.ReadCommitted);
        producer.SendOffsetsToTransaction([new TopicPartitionOffset(topic, 0, 3), new TopicPartitionOffset(topic, 1, 4)], consumer.ConsumerGroupMetadata, Patience);
        Assert.Equal([(1, 0), (-1, 0)], (await a.FetchOffsetsAsync(topic, 2)).Offsets.Select(o => ((int)o.Offset, o.Error)));
        Assert.Equal([(-1, 88), (-1, 88)], (await a.FetchOffsetsAsync(topic, 2, stable: true)).Offsets.Select(o => ((int)o.Offset, o.Error)));
        producer.CommitTransaction(Patience);
        var deadline = DateTime.UtcNow + Patience;
        while ((await a.FetchOffsetsAsync(topic, 2, stable: true)).Offsets.Any(o => o.Error != 0)) Assert.True(DateTime.UtcNow < deadline);
        Assert.Equal([3, 4], (await a.FetchOffsetsAsync(topic, 2, stable: true)).Offsets.Select(o => (int)o.Offset));
    }

    [SkippableFact]
    public async Task Administrators_alter_and_delete_offsets_of_an_empty_group_alone()
    {
        var topic = await CreateTopicAsync(1);
        using var admin = Admin();
        var offsets = new ConsumerGroupTopicPartitionOffsets(_group, [new TopicPartitionOffset(topic, 0, 2)]);
        await admin.AlterConsumerGroupOffsetsAsync([offsets]);
        using (var consumer = Consumer(_group, IsolationLevel.ReadCommitted))
        {
            consumer.Subscribe(topic);
            Until(() => { consumer.Consume(50); return consumer.Assignment.Count == 1; });
            await Assert.ThrowsAnyAsync<KafkaException>(() => admin.AlterConsumerGroupOffsetsAsync([offsets]));
            await Assert.ThrowsAnyAsync<KafkaException>(() => admin.DeleteGroupsAsync([_group]));
            consumer.Close();
        }
        var listed = await admin.ListConsumerGroupOffsetsAsync([new ConsumerGroupTopicPartitions(_group, null)]);
        Assert.Equal(2, listed[0].Partitions.Single().Offset.Value);
        await admin.DeleteConsumerGroupOffsetsAsync(_group, [new TopicPartition(topic, 0)]);
        await admin.DeleteGroupsAsync([_group]);
    }

    private Task<GroupWire> ConnectAsync() => GroupWire.ConnectAsync(BootstrapServers, _group);
}

[Collection(nameof(Embedded))]
public sealed class EmbeddedOffsets(Embedded broker) : OffsetContract(broker);

[Collection(nameof(ApacheKafka))]
public sealed class ApacheOffsets(ApacheKafka broker) : OffsetContract(broker);
