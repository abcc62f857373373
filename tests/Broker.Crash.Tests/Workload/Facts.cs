namespace Streams.Broker.Crash.Tests.Workload;

internal sealed class TopicFact
{
    /// <summary>Partitions that are promised; 0 while the topic itself is not.</summary>
    public int Promised { get; set; }

    public int Wanted { get; set; }

    /// <summary>Its deletion was asked for.</summary>
    public bool MayBeGone { get; set; }
}

internal sealed class BatchFact(SentBatch batch)
{
    public SentBatch Batch { get; } = batch;

    /// <summary>Where it stands; null while nobody was told.</summary>
    public long? Offset { get; set; }
}

internal sealed class PartitionFact
{
    /// <summary>In the order in which they were sent, which is the order in the log.</summary>
    public List<BatchFact> Batches { get; } = [];

    public long Start { get; set; }

    /// <summary>How far it may have moved; the largest number where retention moves it.</summary>
    public long WantedStart { get; set; }

    /// <summary>How far DeleteRecords may have moved it.</summary>
    public long DeletedTo { get; set; }
}

internal sealed class TransactionFact(Transaction transaction)
{
    public Transaction Transaction { get; } = transaction;

    public List<SentBatch> Batches { get; } = [];

    public List<(OffsetKey Key, long Offset)> Offsets { get; } = [];

    public bool CommitWanted { get; set; }

    /// <summary>Whether it was committed; null while nobody was told.</summary>
    public bool? Outcome { get; set; }
}

internal sealed class OffsetFact
{
    public long Promised { get; set; } = -1;

    /// <summary>Sent after the promised one; any may have got in.</summary>
    public List<(long Offset, Transaction? Transaction)> Possible { get; } = [];
}
