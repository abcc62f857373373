using Streams.Broker.Checker.Tests.History;

namespace Streams.Broker.Checker.Tests.Analyses;

/// <summary>Of a transaction that may have been committed, either every record is seen or none.</summary>
internal static class TornTransactions
{
    public static void Check(Events history, Finding finding)
    {
        var seen = history.Committed.Values.SelectMany(p => p).Select(p => p.Value).ToHashSet();
        foreach (var transaction in history.Operations)
        {
            if (transaction.Kind != OperationKind.Transaction || transaction.Outcome == Outcome.Fail || transaction.Writes.Count < 2) continue;
            finding.Checked++;
            var count = transaction.Writes.Count(w => seen.Contains(w.Value));
            if (count > 0 && count < transaction.Writes.Count)
                finding.Anomaly($"{count} of the {transaction.Writes.Count} records of {transaction} are seen; missing {transaction.Writes.First(w => !seen.Contains(w.Value)).Value}");
        }
    }
}
