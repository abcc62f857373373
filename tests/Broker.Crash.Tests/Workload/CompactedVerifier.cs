namespace Streams.Broker.Crash.Tests.Workload;

/// <summary>A compacted partition: records may be missing where a newer one of the same key stands; all else is as in other logs.</summary>
internal static class CompactedVerifier
{
    private sealed record Sent(BatchFact Fact, int Index, string? Key, byte[] Value);

    public static void Partition(Life life, LogView view)
    {
        var (place, fact) = (view.Place, life.Known.Partition(view.Place));
        Violation.If(view.Error != 0, $"{place} answers error {view.Error}");
        Violation.If(view.Start != 0, $"{place} starts at {view.Start}");
        var sent = fact.Batches.SelectMany(f => f.Batch.Batch.Records.Select(r => new Sent(f, r.Delta, r.Key, r.Value))).ToDictionary(s => Convert.ToHexString(s.Value));
        var newest = new Dictionary<string, long>(StringComparer.Ordinal);
        var found = Find(view, sent, newest);
        foreach (var record in sent.Values.Where(s => s.Fact.Offset is not null))
        {
            var offset = record.Fact.Offset!.Value + record.Index;
            Violation.If(!found.ContainsKey(record) && newest.GetValueOrDefault(record.Key!, -1) <= offset,
                $"record {record.Index} of {record.Fact.Batch}, acknowledged at {offset}, is lost: there is no newer one of key {record.Key}");
        }
        foreach (var batch in fact.Batches.Where(b => b.Offset is null).ToArray())
        {
            var first = found.FirstOrDefault(f => f.Key.Fact == batch);
            if (first.Key is not null) life.Tell(new Stands(batch.Batch, first.Value - first.Key.Index));
            else if (!Resumption.IsResent(life, batch.Batch)) life.Tell(new Gone(batch.Batch));
        }
    }

    private static Dictionary<Sent, long> Find(LogView view, Dictionary<string, Sent> sent, Dictionary<string, long> newest)
    {
        var (found, last) = (new Dictionary<Sent, long>(), -1L);
        foreach (var batch in view.Batches)
        {
            Violation.If(!batch.CrcIsRight, $"{view.Place}: wrong checksum at offset {batch.BaseOffset}");
            Violation.If(batch.LastOffset >= view.End, $"{view.Place} ends at {view.End} and has a batch up to {batch.LastOffset}");
            foreach (var (delta, key, value) in batch.Records)
            {
                var offset = batch.BaseOffset + delta;
                Violation.If(offset <= last, $"{view.Place}: offset {offset} after {last}");
                Violation.If(!sent.TryGetValue(Convert.ToHexString(value), out var record) || record.Key != key, $"{view.Place}: the record at offset {offset} was never sent");
                Violation.If(record!.Fact.Offset is { } at && at + record.Index != offset, $"record {record.Index} of {record.Fact.Batch} was acknowledged at {record.Fact.Offset + record.Index} and stands at {offset}");
                Violation.If(!found.TryAdd(record, offset), $"record {record.Index} of {record.Fact.Batch} is there twice");
                newest[key!] = last = offset;
            }
        }
        return found;
    }
}
