using Streams.Broker.Checker.Tests.History;

namespace Streams.Broker.Checker.Tests.Analyses;

/// <summary>Within one session a reader goes forward, from where it began, over every record that it may see.</summary>
internal static class PollOrder
{
    public static void CheckOrder(Events history, Finding finding)
    {
        foreach (var (_, before, read) in Steps(history))
        {
            finding.Checked++;
            if (read.Offset < before) finding.Anomaly($"session {read.Session} of {history.Sessions[read.Session].Client} read {read.Partition}@{read.Offset} where {before} was next");
        }
    }

    public static void CheckSkips(Events history, Finding finding)
    {
        foreach (var (session, before, read) in Steps(history))
        {
            finding.Checked++;
            var visible = (session.ReadCommitted ? history.Committed : history.All).GetValueOrDefault(read.Partition, []);
            var next = FirstAtOrAfter(visible, before);
            if (next < visible.Length && visible[next].Offset < read.Offset)
                finding.Anomaly($"session {session.Id} of client {session.Client} read {read.Partition}@{read.Offset} and passed over {visible[next].Offset} ({visible[next].Value})");
        }
    }

    /// <summary>Every read with the offset that its session was at.</summary>
    private static IEnumerable<(Session Session, long Position, Read Read)> Steps(Events history)
    {
        var positions = new Dictionary<(int Session, int Partition), long>();
        foreach (var read in history.Reads)
        {
            var session = history.Sessions[read.Session];
            if (positions.TryGetValue((read.Session, read.Partition), out var position) || session.Starts.TryGetValue(read.Partition, out position))
                yield return (session, position, read);
            positions[(read.Session, read.Partition)] = read.Offset + 1;
        }
    }

    private static int FirstAtOrAfter(Placed[] records, long offset)
    {
        var (low, high) = (0, records.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (records[middle].Offset < offset) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}
