using Streams.Broker.Checker.Tests.History;

namespace Streams.Broker.Checker.Tests.Analyses;

/// <summary>What one producer sends to a partition lies there in the order of sending.</summary>
internal static class SendOrder
{
    public static void Check(Events history, Finding finding)
    {
        var lasts = new Dictionary<(int Producer, int Partition), (long Offset, Value Value)>();
        foreach (var operation in history.Operations)
        {
            foreach (var write in operation.Writes)
            {
                if (write.Outcome != Outcome.Ok || write.Offset is not { } offset) continue;
                var key = (operation.Producer, write.Partition);
                if (lasts.TryGetValue(key, out var last))
                {
                    finding.Checked++;
                    if (last.Offset >= offset) finding.Anomaly($"{write.Value} is at {write.Partition}@{offset}, {last.Value} sent before it at {last.Offset}");
                }
                lasts[key] = (offset, write.Value);
            }
        }
    }
}
