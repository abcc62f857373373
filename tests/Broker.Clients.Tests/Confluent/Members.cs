using Confluent.Kafka;

namespace Streams.Broker.Clients.Tests.Confluent;

/// <summary>Groups of several members.</summary>
sealed class Members(Target target) : Kit(target)
{
    public Task Rebalance() => JoinAndLeaveAsync(c => c.PartitionAssignmentStrategy = PartitionAssignmentStrategy.Range);

    public async Task ConsumerProtocol()
    {
        foreach (var assignor in new[] { "uniform", "range" })
        {
            await JoinAndLeaveAsync(c => (c.GroupProtocol, c.GroupRemoteAssignor) = (GroupProtocol.Consumer, assignor));
        }
    }

    public async Task Static()
    {
        var topic = await TopicAsync(4);
        var group = Unique("group");
        var revoked = 0;
        var first = Consumer(c => (c.GroupId, c.GroupInstanceId) = (group, "one"));
        using var second = Consumer(c => (c.GroupId, c.GroupInstanceId) = (group, "two"), b => b.SetPartitionsRevokedHandler((_, _) => revoked++));
        first.Subscribe(topic);
        await UntilAsync(() => Assigned(first) == 4, "all partitions");
        second.Subscribe(topic);
        await UntilAsync(() => Assigned(first) == 2 && Assigned(second) == 2, "two partitions each");
        var had = first.Assignment.ToHashSet();
        revoked = 0;
        first.Close(); // a static member does not leave
        first.Dispose();
        using var again = Consumer(c => (c.GroupId, c.GroupInstanceId) = (group, "one"));
        again.Subscribe(topic);
        await UntilAsync(() => Assigned(again) == 2 && Assigned(second) == 2, "the same member back");
        Assert.Equal(had, again.Assignment.ToHashSet());
        Assert.Equal(0, revoked);
    }

    public async Task Cooperative()
    {
        var topic = await TopicAsync(4);
        var group = Unique("group");
        var revoked = 0;
        using var first = Consumer(c => (c.GroupId, c.PartitionAssignmentStrategy) = (group, PartitionAssignmentStrategy.CooperativeSticky),
            b => b.SetPartitionsAssignedHandler((_, _) => { }).SetPartitionsRevokedHandler((_, partitions) => { revoked += partitions.Count; }));
        using var second = Consumer(c => (c.GroupId, c.PartitionAssignmentStrategy) = (group, PartitionAssignmentStrategy.CooperativeSticky));
        first.Subscribe(topic);
        await UntilAsync(() => Assigned(first) == 4, "all partitions");
        second.Subscribe(topic);
        await UntilAsync(() => Assigned(first) == 2 && Assigned(second) == 2, "two partitions each");
        Assert.Equal(2, revoked);
        second.Close();
        await UntilAsync(() => Assigned(first) == 4, "all partitions again");
    }

    private async Task JoinAndLeaveAsync(Action<ConsumerConfig> configure)
    {
        var topic = await TopicAsync(4);
        var group = Unique("group");
        for (var p = 0; p < 4; p++) Fill(topic, 5, p);
        void Configure(ConsumerConfig c)
        {
            c.GroupId = group;
            configure(c);
        }
        using var first = Consumer(Configure);
        var second = Consumer(Configure);
        first.Subscribe(topic);
        await UntilAsync(() => Assigned(first) == 4, "all partitions");
        second.Subscribe(topic);
        await UntilAsync(() => Assigned(first) == 2 && Assigned(second) == 2, "two partitions each");
        first.Commit(first.Assignment.Select(p => new TopicPartitionOffset(p, 1)));
        second.Close();
        second.Dispose();
        await UntilAsync(() => Assigned(first) == 4, "all partitions again");
        first.Close();
    }

    private static int Assigned(IConsumer<string?, string?> consumer)
    {
        consumer.Consume(20);
        return consumer.Assignment.Count;
    }
}
