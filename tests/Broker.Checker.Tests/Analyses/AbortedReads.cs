using Streams.Broker.Checker.Tests.History;

namespace Streams.Broker.Checker.Tests.Analyses;

/// <summary>
/// A reader of committed records saw one of an aborted transaction; any reader saw a send that had definitely failed, or a value that nobody sent.
/// </summary>
internal static class AbortedReads
{
    public static void Check(Events history, Finding finding)
    {
        foreach (var read in history.Reads)
        {
            finding.Checked++;
            if (!history.Writes.TryGetValue(read.Value, out var writer)) finding.Anomaly($"{read.Value} at {read.Partition}@{read.Offset} was never sent");
            else if (writer.Write.Outcome == Outcome.Fail && MayNotBeSeen(history, read, writer.Operation))
                finding.Anomaly($"{read.Value} at {read.Partition}@{read.Offset} of {writer.Operation} was read in session {read.Session}");
        }
    }

    private static bool MayNotBeSeen(Events history, Read read, Operation writer) =>
        writer.Kind != OperationKind.Transaction || history.Sessions[read.Session].ReadCommitted;
}
