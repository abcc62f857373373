using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Streams.Broker.Clients.Tests.Confluent;

sealed class TopicAdmin(Target target) : Kit(target)
{
    public async Task Topics()
    {
        using var admin = Admin();
        var topic = await TopicAsync(3);
        var described = await admin.DescribeTopicsAsync(TopicCollection.OfTopicNames([topic]), new DescribeTopicsOptions());
        Assert.Equal(3, described.TopicDescriptions.Single().Partitions.Count);
        var exists = await Assert.ThrowsAsync<CreateTopicsException>(() => CreateAsync(topic, 1));
        Assert.Equal(ErrorCode.TopicAlreadyExists, exists.Results[0].Error.Code);
        Assert.Contains(admin.GetMetadata(Patience).Topics, t => t.Topic == topic);
        Assert.NotEmpty((await admin.DescribeClusterAsync(new DescribeClusterOptions())).Nodes);
        await admin.DeleteTopicsAsync([topic]);
        await UntilAsync(() => admin.GetMetadata(Patience).Topics.All(t => t.Topic != topic), "the topic gone");
    }

    public async Task Partitions()
    {
        using var admin = Admin();
        var topic = await TopicAsync();
        await admin.CreatePartitionsAsync([new PartitionsSpecification { Topic = topic, IncreaseTo = 3 }]);
        await UntilAsync(() => admin.GetMetadata(topic, Patience).Topics[0].Partitions.Count == 3, "three partitions");
        Fill(topic, 1, 2);
        var fewer = await Assert.ThrowsAsync<CreatePartitionsException>(() => admin.CreatePartitionsAsync([new PartitionsSpecification { Topic = topic, IncreaseTo = 2 }]));
        Assert.Equal(ErrorCode.InvalidPartitions, fewer.Results[0].Error.Code);
    }

    public async Task Configs()
    {
        using var admin = Admin();
        var topic = await TopicAsync(1, ("retention.ms", "12345678"));
        var resource = new ConfigResource { Type = ResourceType.Topic, Name = topic };
        Assert.Equal("12345678", await ValueAsync(admin, resource, "retention.ms"));
        Assert.Equal("delete", await ValueAsync(admin, resource, "cleanup.policy"));
        await admin.IncrementalAlterConfigsAsync(new Dictionary<ConfigResource, List<ConfigEntry>>
        {
            [resource] =
            [
                new() { Name = "cleanup.policy", Value = "compact", IncrementalOperation = AlterConfigOpType.Append },
                new() { Name = "retention.ms", Value = "", IncrementalOperation = AlterConfigOpType.Delete },
                new() { Name = "max.message.bytes", Value = "2000", IncrementalOperation = AlterConfigOpType.Set },
            ],
        });
        Assert.Equal("604800000", await ValueAsync(admin, resource, "retention.ms"));
        Assert.Equal("2000", await ValueAsync(admin, resource, "max.message.bytes"));
        Assert.Equal("delete,compact", await ValueAsync(admin, resource, "cleanup.policy"));
        await admin.AlterConfigsAsync(new Dictionary<ConfigResource, List<ConfigEntry>> { [resource] = [new() { Name = "segment.bytes", Value = "2000000" }] });
        Assert.Equal("2000000", await ValueAsync(admin, resource, "segment.bytes"));
        Assert.Equal("1048588", await ValueAsync(admin, resource, "max.message.bytes")); // what is not named goes back to its default
        var broker = admin.GetMetadata(Patience).Brokers[0].BrokerId;
        Assert.NotEmpty((await admin.DescribeConfigsAsync([new ConfigResource { Type = ResourceType.Broker, Name = $"{broker}" }]))[0].Entries);
    }

    public async Task DeleteRecords()
    {
        using var admin = Admin();
        var topic = await TopicAsync();
        Fill(topic, 10);
        var results = await admin.DeleteRecordsAsync([new TopicPartitionOffset(topic, 0, 6)]);
        Assert.Equal(6, results[0].Offset.Value);
        Assert.Equal(6, Read(topic)[0].Offset.Value);
        results = await admin.DeleteRecordsAsync([new TopicPartitionOffset(topic, 0, Offset.End)]);
        Assert.Equal(10, results[0].Offset.Value);
        Assert.Empty(Read(topic));
    }

    public async Task ListOffsets()
    {
        using var admin = Admin();
        var topic = await TopicAsync();
        Fill(topic, 10);
        foreach (var (spec, expected) in new[] { (OffsetSpec.Earliest(), 0), (OffsetSpec.Latest(), 10), (OffsetSpec.ForTimestamp(2500), 3), (OffsetSpec.MaxTimestamp(), 9), (OffsetSpec.ForTimestamp(99999), -1) })
        {
            var result = await admin.ListOffsetsAsync([new TopicPartitionOffsetSpec { TopicPartition = new TopicPartition(topic, 0), OffsetSpec = spec }]);
            Assert.Equal(expected, result.ResultInfos[0].TopicPartitionOffsetError.Offset.Value);
        }
    }

    private static async Task<string> ValueAsync(IAdminClient admin, ConfigResource resource, string name) =>
        (await admin.DescribeConfigsAsync([resource]))[0].Entries[name].Value;
}
