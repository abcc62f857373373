namespace Streams.Broker.Log;

/// <summary>A producer that the log still knows: what has to stay in the log so that a restart knows as much.</summary>
/// <param name="Batches">Base offsets of its last batches; none where it has written nothing but markers under its epoch.</param>
internal sealed record LiveProducer(long ProducerId, short Epoch, IReadOnlyList<long> Batches);

/// <summary>What a round of cleaning goes by, beside the keys: its time, and what the log knew of transactions and producers when it began.</summary>
internal sealed class CleanerRules
{
    private readonly ILookup<long, AbortedTransaction> _aborted;
    private readonly Dictionary<long, LiveProducer> _producers;

    /// <param name="now">Milliseconds since 1970.</param>
    /// <param name="deleteRetentionMs">delete.retention.ms: how long tombstones and markers stay from the round on that could do without them.</param>
    /// <param name="aborted">All transactions that were aborted and may have records in the segments.</param>
    public CleanerRules(long now, long deleteRetentionMs, IEnumerable<AbortedTransaction> aborted, IEnumerable<LiveProducer> producers)
    {
        Now = now;
        Horizon = deleteRetentionMs > long.MaxValue - now ? long.MaxValue : now + deleteRetentionMs;
        _aborted = aborted.ToLookup(t => t.ProducerId);
        _producers = producers.ToDictionary(p => p.ProducerId);
    }

    public long Now { get; }

    /// <summary>The time until which the tombstones stay that this round is the first to see.</summary>
    public long Horizon { get; }

    public bool IsAborted(RecordBatch batch)
    {
        if (!batch.IsTransactional || batch.IsControl) return false;
        foreach (var transaction in _aborted[batch.ProducerId])
        {
            if (transaction.FirstOffset <= batch.BaseOffset && batch.BaseOffset < transaction.MarkerOffset) return true;
        }
        return false;
    }

    /// <summary>Whether a producer's sequence, or its epoch, would be forgotten with the batch.</summary>
    public bool KeepsProducer(RecordBatch batch)
    {
        if (!batch.HasProducer || !_producers.TryGetValue(batch.ProducerId, out var producer)) return false;
        return producer.Batches.Count > 0 ? producer.Batches.Contains(batch.BaseOffset) : batch.IsControl && batch.ProducerEpoch == producer.Epoch;
    }
}
