using Streams.Broker.Crash.Tests.Wire;

namespace Streams.Broker.Crash.Tests.Workload;

/// <summary>A batch that was sent; one object however often it is sent.</summary>
internal sealed record SentBatch(int Number, Place Place, Stamp Stamp, Batch Batch, Transaction? Transaction)
{
    public bool Equals(SentBatch? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => Number;

    public override string ToString() => $"batch {Number} for {Place}";
}

/// <summary>One transaction of a transactional id.</summary>
internal sealed record Transaction(int Number, string TransactionalId)
{
    public override string ToString() => $"transaction {Number} of {TransactionalId}";
}

internal readonly record struct OffsetKey(string Group, Place Place);

/// <summary>What a client did or learned. "Wanted" and "Sent" may have happened or not; everything else is a promise of the broker.</summary>
internal abstract record Event;

internal sealed record TopicWanted(string Name, int Partitions) : Event;

internal sealed record TopicMade(string Name, int Partitions) : Event;

internal sealed record TopicUnwanted(string Name) : Event;

internal sealed record TopicRemoved(string Name) : Event;

internal sealed record Sent(SentBatch Batch) : Event;

/// <summary>Answered with an offset, or read from the log: it stands there for good.</summary>
internal sealed record Stands(SentBatch Batch, long Offset) : Event;

/// <summary>Refused, or not there after a crash: it must not come up later.</summary>
internal sealed record Gone(SentBatch Batch) : Event;

internal sealed record EndWanted(Transaction Transaction, bool Commit) : Event;

internal sealed record Ended(Transaction Transaction, bool Commit) : Event;

internal sealed record OffsetSent(OffsetKey Key, long Offset, Transaction? Transaction) : Event;

internal sealed record OffsetStands(OffsetKey Key, long Offset) : Event;

internal sealed record StartWanted(Place Place, long Offset) : Event;

internal sealed record StartMoved(Place Place, long Offset) : Event;

internal sealed record ProducerWanted(string? TransactionalId) : Event;

internal sealed record ProducerGiven(long ProducerId, short Epoch, string? TransactionalId) : Event;
