using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Streams.Broker.Clients.Tests.Confluent;

sealed class GroupAdmin(Target target) : Kit(target)
{
    public async Task Groups()
    {
        using var admin = Admin();
        var topic = await TopicAsync(2);
        var group = Unique("group");
        var partitions = new[] { new TopicPartition(topic, 0), new TopicPartition(topic, 1) };
        using (var consumer = Consumer(c => c.GroupId = group))
        {
            consumer.Subscribe(topic);
            await UntilAsync(() => { consumer.Consume(50); return consumer.Assignment.Count == 2; }, "the assignment");
            consumer.Commit(partitions.Select(p => new TopicPartitionOffset(p, 0)));
            var described = (await admin.DescribeConsumerGroupsAsync([group])).ConsumerGroupDescriptions.Single();
            Assert.Equal(ConsumerGroupState.Stable, described.State);
            Assert.Equal(2, described.Members.Single().Assignment.TopicPartitions.Count);
            var busy = await Assert.ThrowsAsync<DeleteGroupsException>(() => admin.DeleteGroupsAsync([group]));
            Assert.Equal(ErrorCode.NonEmptyGroup, busy.Results[0].Error.Code);
            consumer.Close();
        }
        await UntilAsync(() => admin.ListConsumerGroupsAsync().GetAwaiter().GetResult().Valid.Any(g => g.GroupId == group && g.State == ConsumerGroupState.Empty), "the group listed as empty");
        await admin.AlterConsumerGroupOffsetsAsync([new ConsumerGroupTopicPartitionOffsets(group, [new TopicPartitionOffset(partitions[0], 7)])]);
        Assert.True(await Wire.ServesAsync(Servers, 47), "OffsetDelete is not served"); // librdkafka would end this process on finding out
        await admin.DeleteConsumerGroupOffsetsAsync(group, [partitions[1]]);
        var offsets = (await admin.ListConsumerGroupOffsetsAsync([new ConsumerGroupTopicPartitions(group, [.. partitions])])).Single().Partitions;
        Assert.Equal([7, Offset.Unset.Value], offsets.OrderBy(o => o.Partition.Value).Select(o => o.Offset.Value));
        await admin.DeleteGroupsAsync([group]);
        Assert.DoesNotContain((await admin.ListConsumerGroupsAsync()).Valid, g => g.GroupId == group);
    }
}
