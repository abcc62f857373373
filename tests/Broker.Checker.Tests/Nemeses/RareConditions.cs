using Streams.Broker.Checker.Tests.History;
using Streams.Broker.Checker.Tests.Workload;

namespace Streams.Broker.Checker.Tests.Nemeses;

/// <summary>What a suite must have met at least once: a test that never came into the situation has not tested it.</summary>
internal static class RareConditions
{
    private static readonly string[] Daily =
    [
        "a fenced producer", "a rebalance in mid-transaction", "a restart with an open transaction", "a transaction aborted on purpose",
        "an aborted record seen by a reader of all records", "a transaction that read another's record",
    ];

    /// <summary>What 200,000 operations met at least ten times. The rarest (a commit without an answer that was kept, or was not) are counted and told, not demanded.</summary>
    private static readonly string[] Rare =
    [
        "a send without an answer that was stored", "a kill during recovery", "a transaction that must be aborted", "a group commit without success",
    ];

    /// <summary>A short run cannot meet all of them.</summary>
    public static string[] Required => Tier.IsFull ? [.. Daily, .. Rare] : Daily;

    public static void Find(Run run, Events history)
    {
        var committed = history.Committed.Values.SelectMany(p => p).Select(p => p.Value).ToHashSet();
        var all = history.All.Values.SelectMany(p => p).Select(p => p.Value).ToHashSet();
        foreach (var (operation, write) in history.Writes.Values)
        {
            if (operation.Kind == OperationKind.Send && write.Outcome == Outcome.Info)
                run.Seen(all.Contains(write.Value) ? "a send without an answer that was stored" : "a send without an answer that was not");
            if (operation.Kind == OperationKind.Send && write.Outcome == Outcome.Fail) run.Seen("a send that failed for certain");
            if (operation.Kind == OperationKind.Transaction && all.Contains(write.Value) && !committed.Contains(write.Value)) run.Seen("an aborted record seen by a reader of all records");
        }
        foreach (var transaction in history.Operations.Where(o => o.Kind == OperationKind.Transaction)) Look(run, history, transaction, committed);
    }

    private static void Look(Run run, Events history, Operation transaction, HashSet<Value> committed)
    {
        if (transaction.Outcome == Outcome.Info && transaction.Writes.Count > 0)
            run.Seen(committed.Contains(transaction.Writes[0].Value) ? "a transaction without an answer that was committed" : "a transaction without an answer that was not");
        if (transaction.Writes.Count > 0 && history.Faults.Any(f => f.Name == "kill -9" && f.Time > transaction.Invoked && f.Time < transaction.Completed)) run.Seen("a restart with an open transaction");
        if (transaction.Reads.Exists(r => history.Writes.TryGetValue(r.Value, out var writer) && writer.Operation.Kind == OperationKind.Transaction)) run.Seen("a transaction that read another's record");
    }
}
