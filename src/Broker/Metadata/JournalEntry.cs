using System.Text.Json.Serialization;

namespace Streams.Broker.Metadata;

/// <summary>One durable change of everything that is not a record: topics, producer ids, transactions, committed offsets.</summary>
[JsonDerivedType(typeof(JournalCondensed), "condensed")]
[JsonDerivedType(typeof(TopicCreated), "topic")]
[JsonDerivedType(typeof(TopicDeleted), "topic-deleted")]
[JsonDerivedType(typeof(PartitionsAdded), "partitions")]
[JsonDerivedType(typeof(ConfigsChanged), "configs")]
[JsonDerivedType(typeof(RecordsDeleted), "records-deleted")]
[JsonDerivedType(typeof(ProducerIdTaken), "producer-id")]
[JsonDerivedType(typeof(OffsetsCommitted), "offsets")]
[JsonDerivedType(typeof(GroupDeleted), "group-deleted")]
[JsonDerivedType(typeof(TransactionChanged), "transaction")]
internal abstract record JournalEntry;

/// <summary>The first entry of a journal that was written anew: the durable position of its frame is the size of what was written then.</summary>
internal sealed record JournalCondensed : JournalEntry;

internal sealed record TopicCreated(Guid Id, string Name, int Partitions, Dictionary<string, string> Configs) : JournalEntry;

internal sealed record TopicDeleted(string Name) : JournalEntry;

internal sealed record PartitionsAdded(string Name, int Partitions) : JournalEntry;

internal sealed record ConfigsChanged(string Name, Dictionary<string, string> Configs) : JournalEntry;

internal sealed record RecordsDeleted(string Name, int Partition, long StartOffset) : JournalEntry;

internal sealed record ProducerIdTaken(long ProducerId) : JournalEntry;

internal sealed record CommittedOffset(string Topic, int Partition, long Offset, int LeaderEpoch, string? Metadata);

internal sealed record OffsetsCommitted(string Group, List<CommittedOffset> Offsets) : JournalEntry;

internal sealed record GroupDeleted(string Group) : JournalEntry;

internal enum TransactionState
{
    Empty,
    Ongoing,
    PrepareCommit,
    PrepareAbort,
    CompleteCommit,
    CompleteAbort,
}

internal sealed record TopicPartitionName(string Topic, int Partition);

/// <summary>The whole state of a transactional id after a step. A commit is the one entry with <see cref="TransactionState.PrepareCommit"/>.</summary>
internal sealed record TransactionChanged(
    string TransactionalId, long ProducerId, short Epoch, int TimeoutMs, TransactionState State, long StartedAt,
    List<TopicPartitionName> Partitions, List<OffsetsCommitted> Offsets) : JournalEntry;
