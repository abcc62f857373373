using Confluent.Kafka;

namespace Streams.Broker.Clients.Tests.Tools;

sealed class AdminTools(Target target) : ToolKit(target)
{
    public async Task ApiVersions()
    {
        var answer = await ToolAsync("broker-api-versions");
        Assert.Contains("Produce(0): ", answer, StringComparison.Ordinal);
        Assert.Contains("Fetch(1): ", answer, StringComparison.Ordinal);
    }

    public async Task Topics()
    {
        var topic = Unique("topic");
        await ToolAsync("topics", "--create", "--topic", topic, "--partitions", "2", "--replication-factor", "1", "--config", "retention.ms=12345678");
        await ToolAsync("topics", "--alter", "--topic", topic, "--partitions", "3");
        var described = await ToolAsync("topics", "--describe", "--topic", topic);
        Assert.Contains("PartitionCount: 3", described, StringComparison.Ordinal);
        Assert.Contains("retention.ms=12345678", described, StringComparison.Ordinal);
        Assert.Contains(topic, Lines(await ToolAsync("topics", "--list")));
        await ToolAsync("topics", "--delete", "--topic", topic);
        Assert.DoesNotContain(topic, Lines(await ToolAsync("topics", "--list")));
    }

    public async Task Configs()
    {
        var topic = await TopicAsync();
        string[] entity = ["--entity-type", "topics", "--entity-name", topic];
        await ToolAsync("configs", ["--alter", .. entity, "--add-config", "max.message.bytes=2000,cleanup.policy=[compact,delete]"]);
        await ToolAsync("configs", ["--alter", .. entity, "--delete-config", "retention.ms"]);
        var described = await ToolAsync("configs", ["--describe", .. entity]);
        Assert.Contains("max.message.bytes=2000 ", described, StringComparison.Ordinal);
        Assert.Contains("cleanup.policy=compact,delete ", described, StringComparison.Ordinal);
        Assert.DoesNotContain("retention.ms=", described, StringComparison.Ordinal);
        var all = await ToolAsync("configs", ["--describe", "--all", .. entity]);
        Assert.Contains("retention.ms=604800000 ", all, StringComparison.Ordinal);
        Assert.Contains("min.insync.replicas=1 ", all, StringComparison.Ordinal);
    }

    public async Task ConsumerGroups()
    {
        var topic = await TopicAsync(2);
        var group = Unique("group");
        Fill(topic, 10);
        using (var consumer = Consumer(c => c.GroupId = group))
        {
            consumer.Subscribe(topic);
            await UntilAsync(() => { consumer.Consume(50); return consumer.Assignment.Count == 2; }, "the assignment");
            consumer.Commit([new TopicPartitionOffset(topic, 0, 4), new TopicPartitionOffset(topic, 1, 0)]);
            Assert.Contains(" Stable ", await ToolAsync("consumer-groups", "--describe", "--group", group, "--state"), StringComparison.Ordinal);
            Assert.Contains($"{topic}:0,1", await ToolAsync("consumer-groups", "--describe", "--group", group, "--members", "--verbose"), StringComparison.Ordinal);
            consumer.Close();
        }
        Assert.Contains(group, Lines(await ToolAsync("consumer-groups", "--list")));
        Assert.Equal("4 10 6", await OffsetsAsync(group, topic));
        await ToolAsync("consumer-groups", "--reset-offsets", "--group", group, "--topic", $"{topic}:0", "--shift-by", "-3", "--execute");
        Assert.Equal("1 10 9", await OffsetsAsync(group, topic));
        await ToolAsync("consumer-groups", "--delete-offsets", "--group", group, "--topic", $"{topic}:1");
        await ToolAsync("consumer-groups", "--delete", "--group", group);
        Assert.DoesNotContain(group, Lines(await ToolAsync("consumer-groups", "--list")));
    }

    public async Task GetOffsets()
    {
        var topic = await TopicAsync();
        Fill(topic, 10);
        foreach (var (time, offset) in new[] { ("latest", 10), ("earliest", 0), ("max-timestamp", 9), ("4500", 5) })
        {
            Assert.Contains($"{topic}:0:{offset}", Lines(await ToolAsync("get-offsets", "--topic", topic, "--time", time)));
        }
    }

    public async Task DeleteRecords()
    {
        var topic = await TopicAsync();
        Fill(topic, 10);
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, $$"""{"version":1,"partitions":[{"topic":"{{topic}}","partition":0,"offset":6}]}""");
        Assert.Contains("low_watermark: 6", await ToolAsync("delete-records", "--offset-json-file", file), StringComparison.Ordinal);
        File.Delete(file);
        Assert.Equal(6, Read(topic)[0].Offset.Value);
    }

    public async Task Transactions()
    {
        var topic = await TopicAsync();
        using var producer = Producer(c => c.TransactionalId = topic);
        producer.InitTransactions(Patience);
        producer.BeginTransaction();
        Send(producer, topic, ["open"]);
        Assert.Contains(Lines(await ToolAsync("transactions", "list")), l => l.StartsWith(topic, StringComparison.Ordinal) && l.Contains("Ongoing", StringComparison.Ordinal));
        Assert.Contains($"{topic}-0", await ToolAsync("transactions", "describe", "--transactional-id", topic), StringComparison.Ordinal);
        Assert.Equal(2, Lines(await ToolAsync("transactions", "describe-producers", "--topic", topic, "--partition", "0")).Length);
        await ToolAsync("transactions", "find-hanging", "--topic", topic, "--partition", "0");
        await ToolAsync("transactions", "forceTerminateTransaction", "--transactionalId", topic);
        Assert.Throws<KafkaException>(() => producer.CommitTransaction(Patience));
        Assert.Empty(Values(topic));
    }

    /// <summary>Position, end and lag of partition 0.</summary>
    private async Task<string> OffsetsAsync(string group, string topic)
    {
        var line = Lines(await ToolAsync("consumer-groups", "--describe", "--group", group))
            .Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Single(c => c.Length > 5 && c[1] == topic && c[2] == "0");
        return string.Join(' ', line[3..6]);
    }
}
