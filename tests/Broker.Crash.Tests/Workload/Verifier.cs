using Streams.Broker.Crash.Tests.Wire;

namespace Streams.Broker.Crash.Tests.Workload;

/// <summary>
/// Compares a recovered broker with what its clients know. What was unknown (sent, not answered) is settled by what is found, so that it is a promise from then on.
/// </summary>
internal static class Verifier
{
    /// <summary>Topics and logs: what was promised is there, in order, once, and nothing else.</summary>
    /// <param name="mayReport">Partitions may be refused, when the broker says that they are damaged.</param>
    /// <returns>The partitions that are refused.</returns>
    public static HashSet<Place> Logs(Life life, bool mayReport = false)
    {
        Violation.If(life.Errors.Count > 0 && !mayReport, $"the broker reports: {life.Errors.FirstOrDefault()}");
        Topics(life);
        var views = LogReader.All(life.Client);
        var refused = views.Values.Where(v => v.Error == Client.StorageError && life.Errors.Count > 0).Select(v => v.Place).ToHashSet();
        foreach (var view in views.Values.Where(v => !refused.Contains(v.Place)))
        {
            if (view.Place.Topic == Script.Compacted) CompactedVerifier.Partition(life, view);
            else Partition(life, view);
        }
        return refused;
    }

    /// <summary>Transactions and offsets, once nothing is open any more: all or nothing, everywhere.</summary>
    public static void Outcomes(Life life, HashSet<Place>? refused = null)
    {
        var places = life.Known.Partitions.Keys.Where(p => p.Topic != Script.Compacted && life.Known.Topics.ContainsKey(p.Topic) && refused?.Contains(p) != true).ToList();
        if (places.Count > 0)
        {
            var committed = LogReader.Committed(life.Client, places);
            foreach (var transaction in life.Known.Transactions.Values.ToArray()) Outcome(life, transaction, committed);
            foreach (var place in places) PlainBatches(life.Known.Partition(place), committed[place]);
        }
        foreach (var key in life.Known.Offsets.Keys.ToArray()) Offset(life, key);
    }

    private static void Topics(Life life)
    {
        var found = life.Client.Metadata();
        foreach (var (name, count) in found)
        {
            Violation.If(!life.Known.Topics.TryGetValue(name, out var fact), $"topic {name} came from nowhere, or back");
            Violation.If(count < fact!.Promised || count > fact.Wanted, $"topic {name} has {count} partitions, {fact.Promised} were promised and {fact.Wanted} asked for");
        }
        foreach (var (name, fact) in life.Known.Topics.ToArray())
        {
            var there = found.TryGetValue(name, out var count);
            Violation.If(!there && fact.Promised > 0 && !fact.MayBeGone, $"topic {name} is lost");
            if (!there) life.Tell(new TopicRemoved(name));
            else if (fact.MayBeGone || count != fact.Promised) life.Tell(new TopicMade(name, count));
        }
    }

    private static void Partition(Life life, LogView view)
    {
        var (place, fact) = (view.Place, life.Known.Partition(view.Place));
        Violation.If(view.Error != 0, $"{place} answers error {view.Error}");
        Violation.If(view.Start < fact.Start || view.Start > Math.Max(fact.Start, fact.WantedStart), $"{place} starts at {view.Start}, promised was {fact.Start} and asked for {fact.WantedStart}");
        var kept = view.Batches.Sum(b => b.Bytes.Length);
        Violation.If(place.Topic == Script.Kept && view.Start > fact.Start && fact.DeletedTo < view.Start && kept < Script.KeptBytes, $"{place} lets go of too much: {kept} bytes are left");
        Violation.If(view.StableOffset > view.End, $"{place}: stable offset {view.StableOffset} behind the end {view.End}");
        InRow(view);
        var last = Identify(view, fact, out var found);
        for (var i = 0; i < fact.Batches.Count; i++)
        {
            var (batch, there) = (fact.Batches[i], found.ContainsKey(fact.Batches[i]));
            var removed = batch.Offset + batch.Batch.Batch.Count <= view.Start;
            Violation.If(!there && !removed && batch.Offset is not null, $"{batch.Batch} was acknowledged at offset {batch.Offset} and is lost; {place} ends at {view.End}");
            Violation.If(!there && !removed && i < last && view.Start == fact.Start, $"{batch.Batch} is missing before {fact.Batches[Math.Max(0, last)].Batch} that was sent later");
        }
        Settle(life, view, fact, found);
    }

    private static void InRow(LogView view)
    {
        var next = -1L;
        foreach (var batch in view.Batches)
        {
            Violation.If(batch.LeaderEpoch != 0, $"{view.Place}: leader epoch {batch.LeaderEpoch} at offset {batch.BaseOffset}");
            Violation.If(!batch.CrcIsRight, $"{view.Place}: wrong checksum at offset {batch.BaseOffset}");
            Violation.If(next >= 0 && batch.BaseOffset != next, $"{view.Place}: offset {batch.BaseOffset} where {next} was due");
            Violation.If(next < 0 && batch.BaseOffset > view.Start, $"{view.Place} starts at {view.Start} and the first batch is at {batch.BaseOffset}");
            next = batch.LastOffset + 1;
        }
        Violation.If(next >= 0 && next != view.End, $"{view.Place} ends at {view.End}, and the last batch before {next}");
        Violation.If(next < 0 && view.Start != view.End, $"{view.Place} gives nothing between {view.Start} and {view.End}");
    }

    /// <summary>Which batches were found where; the place in the order of sending of the last one.</summary>
    private static int Identify(LogView view, PartitionFact fact, out Dictionary<BatchFact, long> found)
    {
        found = [];
        var last = -1;
        var sent = fact.Batches.Select((b, i) => (b.Batch, Index: i)).ToLookup(b => b.Batch.Batch.Crc);
        foreach (var batch in view.Batches.Where(b => !b.IsControl))
        {
            var index = sent[batch.Crc].Where(s => s.Batch.Batch.HoldsTheSameAs(batch)).Select(s => s.Index).FirstOrDefault(-1);
            Violation.If(index < 0, $"{view.Place}: the batch at offset {batch.BaseOffset} was never sent, or was given up");
            var known = fact.Batches[index];
            Violation.If(!found.TryAdd(known, batch.BaseOffset), $"{known.Batch} is there twice, at {found.GetValueOrDefault(known)} and {batch.BaseOffset}");
            Violation.If(known.Offset is { } promised && promised != batch.BaseOffset, $"{known.Batch} was acknowledged at {known.Offset} and stands at {batch.BaseOffset}");
            Violation.If(index < last, $"{known.Batch} stands behind {fact.Batches[Math.Max(0, last)].Batch} that was sent later");
            last = index;
        }
        return last;
    }

    private static void Settle(Life life, LogView view, PartitionFact fact, Dictionary<BatchFact, long> found)
    {
        if (view.Start > fact.Start) life.Tell(new StartMoved(view.Place, view.Start));
        foreach (var batch in fact.Batches.Where(b => b.Offset is null).ToArray())
        {
            if (found.TryGetValue(batch, out var offset)) life.Tell(new Stands(batch.Batch, offset));
            else if (!Resumption.IsResent(life, batch.Batch)) life.Tell(new Gone(batch.Batch));
        }
    }

    private static void Outcome(Life life, TransactionFact fact, Dictionary<Place, HashSet<long>> committed)
    {
        var batches = fact.Batches.Where(b => committed.ContainsKey(b.Place))
            .Select(b => (Batch: b, Fact: life.Known.Partition(b.Place).Batches.FirstOrDefault(f => f.Batch == b)))
            .Where(b => b.Fact is null || b.Fact.Offset >= life.Known.Partition(b.Batch.Place).Start).ToList();
        var visible = batches.Count(b => b.Fact is not null && committed[b.Batch.Place].Contains(b.Fact.Offset!.Value));
        Violation.If(fact.Outcome == true && visible < batches.Count, $"{fact.Transaction} was committed; {visible} of {batches.Count} batches are visible");
        Violation.If(fact.Outcome != true && !fact.CommitWanted && visible > 0, $"{fact.Transaction} was not committed; {visible} of {batches.Count} batches are visible");
        Violation.If(visible > 0 && visible < batches.Count, $"{fact.Transaction} is torn: {visible} of {batches.Count} batches are visible");
        if (fact.Outcome is not null) return;
        life.Tell(new Ended(fact.Transaction, batches.Count > 0 ? visible > 0 : OffsetsGotIn(life, fact)));
    }

    private static bool OffsetsGotIn(Life life, TransactionFact fact) =>
        fact.CommitWanted && fact.Offsets.Count > 0 && life.Client.Offset(fact.Offsets[^1].Key.Group, fact.Offsets[^1].Key.Place).Offset == fact.Offsets[^1].Offset;

    private static void PlainBatches(PartitionFact fact, HashSet<long> committed)
    {
        foreach (var batch in fact.Batches.Where(b => b.Batch.Transaction is null && b.Offset >= fact.Start))
            Violation.If(!committed.Contains(batch.Offset!.Value), $"{batch.Batch} at {batch.Offset} belongs to no transaction and is hidden from readers of committed records");
    }

    private static void Offset(Life life, OffsetKey key)
    {
        var fact = life.Known.Offsets[key];
        var (error, offset) = life.Client.Offset(key.Group, key.Place);
        Violation.If(error != 0, $"offset of {key}: error {error}");
        Violation.If(offset != fact.Promised && fact.Possible.All(p => p.Transaction is not null || p.Offset != offset),
            $"offset of {key} is {offset}; promised was {fact.Promised}, possible {string.Join(", ", fact.Possible)}");
        if (offset >= 0) life.Tell(new OffsetStands(key, offset));
    }
}
