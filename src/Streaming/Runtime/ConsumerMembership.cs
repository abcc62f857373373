using System.Diagnostics;
using System.Runtime.InteropServices;
using Confluent.Kafka;
using Streams.Streaming.Native;

namespace Streams.Streaming.Runtime;

/// <summary>
/// The consumer protocol (KIP-848): partitions come and go one by one, tasks of the others run on.
/// <para>
/// What the group assigns must be assigned in the client, and outside of its callbacks the client's assignment must not be touched: such a call could pass
/// for the answer to a callback that has not been called yet, and let the member join again before it has heard of its loss. So a new partition is parked
/// at its end until its task is restored, and then sought. A seek is safe only after the look-up of that end is over, which a first message, or the
/// end-of-partition event, proves.
/// </para>
/// </summary>
internal sealed class ConsumerMembership : GroupMembership, IDisposable
{
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(3);
    private readonly SafeHandle handle;
    private readonly HashSet<TopicPartition> parked = [];
    private readonly HashSet<TopicPartition> stopped = [];
    private bool abandoned;
    private long memberSince;

    public ConsumerMembership(IConsumer<Ignore, Ignore> consumer)
        : base(consumer) => handle = LibRdKafka.Acquire(consumer);

    /// <summary>A member that gets no partition is not told so: it is idle when it has been a member for a while and heard nothing.</summary>
    public override bool Joined
    {
        get
        {
            if (base.Joined)
                return true;
            if (NativeGroup.Member(handle) is not { Epoch: > 0 })
                memberSince = 0;
            else if (memberSince == 0)
                memberSince = Stopwatch.GetTimestamp();
            return memberSince != 0 && Stopwatch.GetElapsedTime(memberSince) > Idle;
        }
    }

    /// <summary>
    /// The member's epoch as it is now, since it changes without any partition being taken. Read between two looks that must agree, and only used when the
    /// assignment was not lost after it was read: the client marks it lost before it joins again, and takes the mark back only when this thread has
    /// answered the callback, so an epoch read before the mark is one that the broker refuses.
    /// </summary>
    public override IConsumerGroupMetadata? ForCommit()
    {
        if (abandoned || Assigned.Count == 0)
            return null;
        while (true)
        {
            var before = NativeGroup.Member(handle);
            var metadata = Consumer.ConsumerGroupMetadata;
            if (before is not { Epoch: > 0 } || NativeGroup.AssignmentLost(handle))
                return null;
            if (NativeGroup.Member(handle) == before)
                return metadata;
        }
    }

    public override IEnumerable<TopicPartitionOffset> OnAssigned(IReadOnlyCollection<TopicPartition> partitions)
    {
        base.OnAssigned(partitions);
        return [.. partitions.Select(p => new TopicPartitionOffset(p, Offset.End))];
    }

    public override void OnRevoked(IReadOnlyCollection<TopicPartition> partitions)
    {
        base.OnRevoked(partitions);
        parked.ExceptWith(partitions);
        stopped.ExceptWith(partitions);
    }

    public override void OnIdleMessage(TopicPartition partition)
    {
        if (Assigned.Contains(partition))
            parked.Add(partition);
    }

    public override bool CanStart(ActiveTask task) => task.Inputs.All(i => parked.Contains(i.Partition));

    public override void Start(IReadOnlyCollection<ActiveTask> restored, IEnumerable<ActiveTask> running)
    {
        foreach (var input in restored.SelectMany(t => t.Inputs))
            Consumer.Seek(new TopicPartitionOffset(input.Partition, input.Fetched));
        var resumed = restored.SelectMany(t => t.Inputs).Select(i => i.Partition).Where(stopped.Contains).ToList();
        if (resumed.Count == 0)
            return;
        Consumer.Resume(resumed);
        stopped.ExceptWith(resumed);
    }

    public override void Stop(IReadOnlyCollection<TopicPartition> partitions)
    {
        // One that is still on its way to its end must get there first.
        var known = partitions.Where(p => parked.Contains(p) && !stopped.Contains(p)).ToList();
        if (known.Count == 0)
            return;
        Consumer.Pause(known);
        stopped.UnionWith(known);
    }

    /// <summary>A client that has given up a partition cannot be sent anywhere in it: leaves, and joins anew.</summary>
    public override void FetchAgain(IEnumerable<ActiveTask> running)
    {
        var topics = Consumer.Subscription;
        Consumer.Unsubscribe();
        Consumer.Subscribe(topics);
    }

    public override void Abandon() => abandoned = true;

    public void Dispose() => handle.DangerousRelease();
}
