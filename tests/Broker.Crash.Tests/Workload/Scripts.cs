namespace Streams.Broker.Crash.Tests.Workload;

/// <summary>A kind of traffic: steps with their weights.</summary>
internal sealed record Script(string Name, params (int Weight, Action<Steps> Step)[] Steps)
{
    public override string ToString() => Name;

    /// <summary>The topic that retention lets records go from, and how many bytes it must keep.</summary>
    public const string Kept = "kept";

    public const int KeptBytes = 3000;

    /// <summary>The topic of which the newest record of each key stays.</summary>
    public const string Compacted = "compacted";

    /// <summary>Makes the topics that all steps lean on, where they are missing.</summary>
    public static void Prepare(Steps steps)
    {
        steps.NeedTopic("a", 2);
        steps.NeedTopic("b", 1);
        steps.NeedTopic(Compacted, 1, ("cleanup.policy", "compact"), ("min.cleanable.dirty.ratio", "0"));
        steps.NeedTopic(Kept, 1, ("retention.bytes", FormattableString.Invariant($"{KeptBytes}")), ("retention.ms", "-1"));
    }

    public void Run(Steps steps, int count, Random random)
    {
        for (var i = 0; i < count; i++) Draw(random)(steps);
    }

    private Action<Steps> Draw(Random random)
    {
        var left = random.Next(Steps.Sum(s => s.Weight));
        return Steps.First(s => (left -= s.Weight) < 0).Step;
    }
}

/// <summary>The traffic under which power is cut. A new kind of step gets its weight here.</summary>
internal static class Scripts
{
    /// <summary>Without topics that come and go under the same name: of these it is hard to tell which one is meant when answers are missing.</summary>
    public static Script Lasting { get; } = new("lasting", (4, s => s.Produce()), (4, s => s.Burst()), (6, s => s.Transact()), (2, s => s.CommitOffset()), (3, s => s.ProduceToKept()), (3, s => s.ProduceToCompacted()),
        (1, s => s.AddPartitions()), (1, s => s.DeleteRecords()), (1, s => s.NewProducer()), (1, s => s.Wait()), (1, s => s.Restart()));

    public static Script Copied { get; } = new("copied", (3, s => s.Produce()), (2, s => s.Burst()), (2, s => s.CommitOffset()), (1, s => s.NewProducer()));

    public static IReadOnlyList<Script> All { get; } =
    [
        new("appends", (3, s => s.Produce()), (3, s => s.Burst()), (1, s => s.NewProducer())),
        new("transactions", (12, s => s.Transact()), (1, s => s.Produce()), (1, s => s.Restart())),
        new("offsets", (6, s => s.CommitOffset()), (6, s => s.Transact()), (1, s => s.Produce())),
        new("topics", (3, s => s.ToggleTopic()), (1, s => s.AddPartitions()), (4, s => s.Burst())),
        new("deletions", (4, s => s.Burst()), (2, s => s.DeleteRecords()), (2, s => s.Transact()), (1, s => s.Restart())),
        new("retention", (6, s => s.ProduceToKept()), (2, s => s.DeleteRecords()), (3, s => s.Wait()), (1, s => s.Restart()), (2, s => s.Transact()), (1, s => s.NewProducer())),
        new("compaction", (8, s => s.ProduceToCompacted()), (3, s => s.Wait()), (1, s => s.Restart()), (1, s => s.NewProducer())),
        new("condensing", (4, s => s.CommitOffset()), (6, s => s.Transact()), (3, s => s.Wait()), (1, s => s.ToggleTopic()), (1, s => s.AddPartitions()), (1, s => s.NewProducer()),
            (1, s => s.DeleteRecords()), (1, s => s.Restart())),
        new("mixed", (2, s => s.Wait()), (4, s => s.Produce()), (4, s => s.Burst()), (6, s => s.Transact()), (2, s => s.CommitOffset()), (1, s => s.ToggleTopic()),
            (1, s => s.AddPartitions()), (1, s => s.DeleteRecords()), (1, s => s.NewProducer()), (1, s => s.Restart())),
        new("small", (2, s => s.Produce()), (3, s => s.Transact()), (1, s => s.CommitOffset())),
    ];
}
