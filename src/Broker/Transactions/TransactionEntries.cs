using Streams.Broker.Metadata;

namespace Streams.Broker.Transactions;

/// <summary>The states of a transactional id, by Kafka's names.</summary>
internal enum TransactionState
{
    Empty,
    Ongoing,
    PrepareCommit,
    PrepareAbort,
    CompleteCommit,
    CompleteAbort,
}

internal readonly record struct TopicPartitionName(string Topic, int Partition);

/// <summary>A durable step of one transactional id. <see cref="TransactionChanged"/> holds the state but for offsets; the others say what a step adds.</summary>
internal abstract record TransactionEntry(string TransactionalId) : JournalEntry;

/// <summary>The state of a transactional id: after InitProducerId, and when the journal is condensed; staged offsets then follow as entries of their own.</summary>
internal sealed record TransactionChanged(
    string TransactionalId, long ProducerId, short Epoch, int TimeoutMs, TransactionState State, long StartedAt, List<TopicPartitionName> Partitions) : TransactionEntry(TransactionalId)
{
    /// <summary>Who asked for the present producer id and epoch, so that a repeated request gets the same answer; -1 where a repetition is a bump.</summary>
    public long LastProducerId { get; init; } = -1;

    public short LastEpoch { get; init; } = -1;

    public long UpdatedAt { get; init; }

    public List<string> Groups { get; init; } = [];
}

/// <summary>Partitions that join the transaction, and begin one where none is open.</summary>
internal sealed record TransactionPartitionsAdded(string TransactionalId, long At, List<TopicPartitionName> Partitions) : TransactionEntry(TransactionalId);

/// <summary>A group whose offsets join the transaction, which begins where none is open.</summary>
internal sealed record TransactionGroupAdded(string TransactionalId, long At, string Group) : TransactionEntry(TransactionalId);

/// <summary>Offsets that count if the transaction commits.</summary>
internal sealed record TransactionOffsetsAdded(string TransactionalId, long At, OffsetsCommitted Offsets) : TransactionEntry(TransactionalId)
{
    /// <summary>A journal entry is bounded: with the longest metadata so many offsets fit in one.</summary>
    private const int MostOffsets = 500;

    public static IEnumerable<TransactionOffsetsAdded> Parts(string transactionalId, long at, OffsetsCommitted offsets) =>
        offsets.Offsets.Chunk(MostOffsets).Select(part => new TransactionOffsetsAdded(transactionalId, at, offsets with { Offsets = [.. part] }));
}

/// <summary>The outcome. A commit is this one entry; the markers follow from it. The epoch is a newer one where the producer is fenced.</summary>
internal sealed record TransactionDecided(string TransactionalId, long At, bool Commit, short Epoch) : TransactionEntry(TransactionalId)
{
    /// <summary>Whether time ran out; then the fenced producer may ask for the newer epoch, unless another was first.</summary>
    public bool TimedOut { get; init; }
}

/// <summary>All markers are on disk.</summary>
internal sealed record TransactionCompleted(string TransactionalId, long At) : TransactionEntry(TransactionalId);

internal sealed record TransactionalIdExpired(string TransactionalId) : TransactionEntry(TransactionalId);
