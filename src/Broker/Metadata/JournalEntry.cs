using System.Text.Json.Serialization;
using Streams.Broker.Groups;

namespace Streams.Broker.Metadata;

/// <summary>One durable change of everything that is not a record: topics, producer ids, transactions, committed offsets.</summary>
[JsonDerivedType(typeof(JournalCondensed), "condensed")]
[JsonDerivedType(typeof(TopicCreated), "topic")]
[JsonDerivedType(typeof(TopicDeleted), "topic-deleted")]
[JsonDerivedType(typeof(PartitionsAdded), "partitions")]
[JsonDerivedType(typeof(ConfigsChanged), "configs")]
[JsonDerivedType(typeof(BrokerConfigsChanged), "broker-configs")]
[JsonDerivedType(typeof(RecordsDeleted), "records-deleted")]
[JsonDerivedType(typeof(ProducerIdTaken), "producer-id")]
[JsonDerivedType(typeof(OffsetsCommitted), "offsets")]
[JsonDerivedType(typeof(GroupDeleted), "group-deleted")]
[JsonDerivedType(typeof(OffsetsRemoved), "offsets-removed")]
[JsonDerivedType(typeof(ClassicGroupChanged), "classic-group")]
[JsonDerivedType(typeof(ConsumerGroupChanged), "consumer-group")]
[JsonDerivedType(typeof(ConsumerMemberChanged), "consumer-member")]
[JsonDerivedType(typeof(ConsumerMemberRemoved), "consumer-member-removed")]
[JsonDerivedType(typeof(TransactionChanged), "transaction")]
[JsonDerivedType(typeof(TransactionPartitionsAdded), "transaction-partitions")]
[JsonDerivedType(typeof(TransactionGroupAdded), "transaction-group")]
[JsonDerivedType(typeof(TransactionOffsetsAdded), "transaction-offsets")]
[JsonDerivedType(typeof(TransactionDecided), "transaction-decided")]
[JsonDerivedType(typeof(TransactionCompleted), "transaction-completed")]
[JsonDerivedType(typeof(TransactionalIdExpired), "transactional-id-expired")]
internal abstract record JournalEntry;

/// <summary>The first entry of a journal that was written anew: the durable position of its frame is the size of what was written then.</summary>
internal sealed record JournalCondensed : JournalEntry;

internal sealed record TopicCreated(Guid Id, string Name, int Partitions, Dictionary<string, string> Configs) : JournalEntry;

internal sealed record TopicDeleted(string Name) : JournalEntry;

internal sealed record PartitionsAdded(string Name, int Partitions) : JournalEntry;

internal sealed record ConfigsChanged(string Name, Dictionary<string, string> Configs) : JournalEntry;

/// <summary>What is set for a broker while it runs; the empty name is for all brokers.</summary>
internal sealed record BrokerConfigsChanged(string Broker, Dictionary<string, string> Configs) : JournalEntry;

internal sealed record RecordsDeleted(string Name, int Partition, long StartOffset) : JournalEntry;

/// <summary>Producer ids up to this one are reserved; those that were not handed out before a restart never are.</summary>
internal sealed record ProducerIdTaken(long ProducerId) : JournalEntry;

/// <param name="CommittedAt">When, in Unix milliseconds; 0 means when the entry was applied.</param>
internal sealed record CommittedOffset(string Topic, int Partition, long Offset, int LeaderEpoch, string? Metadata, long CommittedAt = 0);

internal sealed record OffsetsCommitted(string Group, List<CommittedOffset> Offsets) : JournalEntry;

internal sealed record GroupDeleted(string Group) : JournalEntry;
