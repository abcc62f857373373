using Streams.Broker.Checker.Tests.History;

namespace Streams.Broker.Checker.Tests.Analyses;

/// <summary>An acknowledged record that the final readers did not see: lost where they read beyond its place, else unseen.</summary>
internal static class LostWrites
{
    public static void CheckLost(Events history, Finding finding) => Check(history, finding, lost: true);

    public static void CheckUnseen(Events history, Finding finding) => Check(history, finding, lost: false);

    private static void Check(Events history, Finding finding, bool lost)
    {
        var seen = history.Committed.Values.SelectMany(p => p).Select(p => p.Value).ToHashSet();
        var highest = history.Reads.GroupBy(r => r.Partition).ToDictionary(g => g.Key, g => g.Max(r => r.Offset));
        foreach (var (operation, write) in history.Writes.Values)
        {
            if (write.Outcome != Outcome.Ok) continue;
            var below = write.Offset is { } offset && offset <= highest.GetValueOrDefault(write.Partition, -1);
            if (below != lost) continue;
            finding.Checked++;
            if (!seen.Contains(write.Value)) finding.Anomaly($"{write.Value} at {write.Partition}@{write.Offset}, acknowledged to {operation}, is not there");
        }
        // With everything read to the end no acknowledged record lies above what was read: the final readers themselves are what was checked.
        if (!lost) finding.Checked += history.Ends.Count;
    }
}
