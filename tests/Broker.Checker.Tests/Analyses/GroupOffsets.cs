using Streams.Broker.Checker.Tests.History;

namespace Streams.Broker.Checker.Tests.Analyses;

/// <summary>The clients of a history only ever commit offsets that are further on, so nobody may see them go back.</summary>
internal static class GroupOffsets
{
    public static void CheckOrder(Events history, Finding finding)
    {
        var effective = history.Effective().Select(o => o.Id).ToHashSet();
        var told = history.Operations.Where(o => o.Outcome == Outcome.Ok || effective.Contains(o.Id)).SelectMany(o => o.Offsets.Select(f => (Operation: o, Offset: f)));
        foreach (var partition in told.GroupBy(t => (t.Offset.Group, t.Offset.Partition))) CheckPartition([.. partition], finding);
    }

    /// <summary>
    /// A group whose offsets are committed in transactions alone consumes every offset once: what each transaction that took effect consumed
    /// begins where the one before it ended.
    /// </summary>
    public static void CheckOnce(Events history, Finding finding)
    {
        var consumed = history.Effective().SelectMany(o => o.Offsets.Select(f => (Operation: o, Offset: f))).GroupBy(c => (c.Offset.Group, c.Offset.Partition));
        foreach (var partition in consumed)
        {
            var position = 0L;
            foreach (var (operation, offset) in partition.OrderBy(c => c.Offset.To).ThenBy(c => c.Offset.From))
            {
                finding.Checked++;
                if (offset.From != position) finding.Anomaly($"{operation} consumed {offset.Partition}@{offset.From} to {offset.To} for {offset.Group}, the one before ended at {position}");
                position = offset.To;
            }
        }
    }

    private static void CheckPartition(List<(Operation Operation, GroupOffset Offset)> told, Finding finding)
    {
        var starts = told.OrderBy(t => t.Operation.CommitInvoked ?? t.Operation.Invoked);
        // Of an operation without an answer nobody knows when it happened; it is no evidence of what came before others.
        var ends = told.Where(t => t.Operation.Outcome == Outcome.Ok).OrderBy(t => t.Operation.Completed).ToList();
        var (next, highest) = (0, -1L);
        foreach (var (operation, offset) in starts)
        {
            var began = operation.CommitInvoked ?? operation.Invoked;
            for (; next < ends.Count && ends[next].Operation.Completed < began; next++) highest = Math.Max(highest, ends[next].Offset.To);
            finding.Checked++;
            if (offset.To < highest) finding.Anomaly($"{operation}: {offset.Group} is at {offset.Partition}@{offset.To}, it was at {highest} before");
        }
    }
}
