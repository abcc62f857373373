namespace Streams.Broker.Log;

/// <summary>
/// Says of one batch after the other, from the log's beginning on, what compaction leaves of it; as Kafka's cleaner does. The rules:
/// the last record of each key stays, records above what the map knows stay, data of aborted transactions goes. A tombstone, and a marker whose transaction has
/// no batch left, gets a time (the delete horizon, KIP-534) in the first round that could do without it, and goes in a round after that time. A batch that a
/// producer's state hangs on, and the last one of a segment, stay without records. Batches whose records cannot be read stay as they are.
/// </summary>
internal sealed class CleanerBatches(CleanerOffsetMap map, CleanerRules rules)
{
    private readonly HashSet<long> _withData = [];
    private readonly List<bool> _kept = [];

    /// <summary>What is left of the batch; empty where nothing is. The same span where it stays as it is.</summary>
    public ReadOnlySpan<byte> Clean(ReadOnlySpan<byte> bytes, bool isLastOfSegment)
    {
        var batch = new RecordBatch(bytes);
        var (discard, startsHorizon) = batch.IsControl ? OnMarker(batch) : (OnData(batch), false);
        try
        {
            var kept = discard ? 0 : CountKept(batch, ref startsHorizon);
            if (kept > 0) return kept == batch.RecordCount && !startsHorizon ? bytes : CleanerRewrite.WithRecords(bytes, _kept, startsHorizon ? rules.Horizon : null);
        }
        catch (MalformedRecordsException)
        {
            return bytes;
        }
        if (!isLastOfSegment && !rules.KeepsProducer(batch)) return default;
        return batch.RecordCount == 0 ? bytes : CleanerRewrite.Emptied(bytes);
    }

    /// <summary>Puts the batch's keys into the map; false where it is full: what it took of the batch it knows.</summary>
    public static bool TryMap(RecordBatch batch, long fromOffset, CleanerRules rules, CleanerOffsetMap map)
    {
        if (batch.LastOffset < fromOffset) return true;
        if (!batch.IsControl && !rules.IsAborted(batch) && !TryMapRecords(batch, fromOffset, map)) return false;
        map.LatestOffset = Math.Max(map.LatestOffset, batch.LastOffset);
        return true;
    }

    private static bool TryMapRecords(RecordBatch batch, long fromOffset, CleanerOffsetMap map)
    {
        try
        {
            using var records = new RecordIterator(batch, Records.DecompressedLimit);
            while (records.MoveNext())
            {
                var offset = batch.BaseOffset + records.Current.OffsetDelta;
                if (offset < fromOffset || !records.Current.HasKey) continue;
                if (!map.TryPut(records.Current.Key, offset)) return false;
                map.LatestOffset = offset;
            }
        }
        catch (MalformedRecordsException)
        {
            // No client can read them either: the batch stays as it is, and takes no part.
            return true;
        }
        return true;
    }

    private bool OnData(RecordBatch batch)
    {
        if (batch.IsTransactional) _withData.Add(batch.ProducerId);
        return rules.IsAborted(batch);
    }

    // A marker outlives the last batch of its transaction: without it, a transaction that was never ended would be read at the next start.
    private (bool Discard, bool StartsHorizon) OnMarker(RecordBatch batch)
    {
        var isNeeded = _withData.Remove(batch.ProducerId);
        if (isNeeded) return (false, false);
        if (batch.RecordCount == 0) return (true, false);
        return batch.DeleteHorizon is { } horizon ? (horizon <= rules.Now, false) : (false, true);
    }

    private int CountKept(RecordBatch batch, ref bool startsHorizon)
    {
        var kept = 0;
        _kept.Clear();
        var hasTombstones = false;
        var allKnown = true;
        using var records = new RecordIterator(batch, Records.DecompressedLimit);
        while (records.MoveNext())
        {
            var record = records.Current;
            var offset = batch.BaseOffset + record.OffsetDelta;
            var keeps = batch.IsControl || Keeps(batch, record, offset);
            _kept.Add(keeps);
            if (!keeps) continue;
            kept++;
            hasTombstones |= !record.HasValue;
            allKnown &= record.HasValue || offset <= map.LatestOffset;
        }
        // Older values of a key go in the round that knows its tombstone, not before: only then may the tombstone's time begin.
        if (!batch.IsControl) startsHorizon = hasTombstones && allKnown && batch.DeleteHorizon is null;
        return kept;
    }

    private bool Keeps(RecordBatch batch, RecordView record, long offset)
    {
        if (offset > map.LatestOffset) return true;
        if (!record.HasKey || offset < map.Get(record.Key)) return false;
        return record.HasValue || batch.DeleteHorizon is not { } horizon || rules.Now < horizon;
    }
}
