using Streams.Broker.Checker.Tests.History;

namespace Streams.Broker.Checker.Tests.Analyses;

/// <summary>
/// Offsets that hold no record must be control records. A client does not see those, but it can count: a partition has one for each transaction that wrote
/// to it, behind the transaction's last record, and no others.
/// </summary>
internal static class Holes
{
    public static void Check(Events history, Finding finding)
    {
        foreach (var (partition, end) in history.Ends) CheckPartition(history, partition, end.High, finding);
    }

    /// <summary>When all is quiet every transaction has ended: readers of committed records come to the same end as all others.</summary>
    public static void CheckEnds(Events history, Finding finding)
    {
        foreach (var (partition, end) in history.Ends)
        {
            finding.Checked++;
            if (end.Stable != end.High) finding.Anomaly($"partition {partition} ends at {end.High}, its committed part at {end.Stable}");
        }
    }

    private static void CheckPartition(Events history, int partition, long end, Finding finding)
    {
        var records = history.All.GetValueOrDefault(partition, []);
        var seen = records.GroupBy(r => r.Value.Operation).Where(g => IsTransaction(history, g.First().Value)).ToDictionary(g => g.Key, g => g.Max(r => r.Offset));
        var unseen = history.Operations.Count(o => o.Kind == OperationKind.Transaction && !seen.ContainsKey(o.Id) && o.Writes.Any(w => w.Partition == partition));
        var lasts = seen.Values.Order().ToArray();
        var (next, ended, holes) = (0, 0, 0L);
        for (var offset = 0L; offset < end; offset++)
        {
            finding.Checked++;
            while (ended < lasts.Length && lasts[ended] < offset) ended++;
            while (next < records.Length && records[next].Offset < offset) next++;
            if (next < records.Length && records[next].Offset == offset) continue;
            if (++holes > ended + unseen + history.RepeatedMarkers)
                finding.Anomaly($"{partition}@{offset} is hole {holes} where {ended} transactions with records had ended and {unseen} had none");
        }
        if (holes < lasts.Length) finding.Anomaly($"partition {partition} has {holes} control records for {lasts.Length} transactions");
    }

    private static bool IsTransaction(Events history, Value value) =>
        history.Writes.TryGetValue(value, out var writer) && writer.Operation.Kind == OperationKind.Transaction;
}
