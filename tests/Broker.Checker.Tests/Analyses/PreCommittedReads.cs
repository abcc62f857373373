using Streams.Broker.Checker.Tests.History;

namespace Streams.Broker.Checker.Tests.Analyses;

/// <summary>A reader of committed records saw one before its transaction's commit was called.</summary>
internal static class PreCommittedReads
{
    public static void Check(Events history, Finding finding)
    {
        foreach (var read in history.Reads)
        {
            if (!history.Sessions[read.Session].ReadCommitted || !history.Writes.TryGetValue(read.Value, out var writer)) continue;
            if (writer.Operation.Kind != OperationKind.Transaction) continue;
            finding.Checked++;
            if (read.Time < (writer.Operation.CommitInvoked ?? long.MaxValue) && writer.Operation.Outcome != Outcome.Fail)
                finding.Anomaly($"{read.Value} at {read.Partition}@{read.Offset} was read at {read.Time}, {writer.Operation} called commit at {writer.Operation.CommitInvoked}");
        }
    }
}
