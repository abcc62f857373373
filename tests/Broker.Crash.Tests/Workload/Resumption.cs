using Streams.Broker.Crash.Tests.Wire;

namespace Streams.Broker.Crash.Tests.Workload;

/// <summary>What clients do when their broker is back: send again what was not answered, and begin their transactions anew.</summary>
internal static class Resumption
{
    public static void Run(Life life)
    {
        foreach (var id in life.Known.Transactional.Keys.Order(StringComparer.Ordinal).ToArray()) Begin(life, id);
        foreach (var place in life.Known.Partitions.Keys.OrderBy(p => p.ToString(), StringComparer.Ordinal).ToArray()) Resend(life, place);
        Begin(life, null);
    }

    /// <summary>A producer id: never one that was given before, except to the same transactional id with a higher epoch.</summary>
    public static void Begin(Life life, string? transactionalId)
    {
        life.Tell(new ProducerWanted(transactionalId));
        var (error, id, epoch) = Patience.With(() => life.Client.InitProducerId(transactionalId), answer => answer.Error);
        Violation.If(error != 0, $"InitProducerId of {transactionalId}: error {error}");
        var before = transactionalId is null ? default(Stamp?) : life.Known.Transactional.TryGetValue(transactionalId, out var known) ? known : null;
        var bumped = before?.ProducerId == id;
        Violation.If(bumped && before!.Value.Epoch >= epoch, $"{transactionalId}: epoch {epoch} after {before?.Epoch}");
        Violation.If(!bumped && life.Known.ProducerIds.Contains(id), $"producer id {id} was given out twice");
        life.Tell(new ProducerGiven(id, epoch, transactionalId));
    }

    /// <summary>Idempotent producers send again what was not answered, others give it up.</summary>
    public static bool IsResent(Life life, SentBatch batch) => batch.Transaction is null && life.Known.ProducerIds.Contains(batch.Stamp.ProducerId);

    private static void Resend(Life life, Place place)
    {
        var fact = life.Known.Partition(place);
        var idempotent = fact.Batches.Where(b => IsResent(life, b.Batch)).ToList();
        var newest = idempotent.Where(b => b.Offset is not null).GroupBy(b => b.Batch.Stamp.ProducerId).Select(g => g.Last());
        foreach (var batch in newest) Again(life, batch);
        foreach (var batch in idempotent.Where(b => b.Offset is null)) Again(life, batch);
    }

    private static void Again(Life life, BatchFact batch)
    {
        var (error, offset) = life.Client.Produce(batch.Batch.Place, batch.Batch.Batch.Bytes);
        Violation.If(error != 0, $"{batch.Batch} sent again: error {error}");
        Violation.If(batch.Offset is { } first && first != offset, $"{batch.Batch} sent again is answered with {offset}, at first with {batch.Offset}");
        life.Tell(new Stands(batch.Batch, offset));
    }
}
