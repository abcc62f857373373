using Streams.Broker.Checker.Tests.History;

namespace Streams.Broker.Checker.Tests.Analyses;

/// <summary>
/// The analyses, each a pure function of the history. Written after the anomalies that Jepsen's tests of Kafka-like systems look for
/// (https://github.com/jepsen-io/redpanda) and Kafka's own promises.
/// </summary>
public static class AllAnalyses
{
    private static readonly (string Name, Action<Events, Finding> Check)[] Analyses =
    [
        ("lost write", LostWrites.CheckLost),
        ("unseen write", LostWrites.CheckUnseen),
        ("aborted read", AbortedReads.Check),
        ("duplicate", Places.CheckDuplicates),
        ("inconsistent offset", Places.CheckOffsets),
        ("hole", Holes.Check),
        ("poll skip", PollOrder.CheckSkips),
        ("non-monotonic poll", PollOrder.CheckOrder),
        ("non-monotonic send", SendOrder.Check),
        ("pre-committed read", PreCommittedReads.Check),
        ("torn transaction", TornTransactions.Check),
        ("cycle", Cycles.Check),
        ("group offset going back", GroupOffsets.CheckOrder),
        ("input consumed twice or skipped", GroupOffsets.CheckOnce),
        ("transaction open at the end", Holes.CheckEnds),
    ];

    public static IEnumerable<string> Names => Analyses.Select(a => a.Name);

    public static IReadOnlyList<Finding> Check(Events history) => [.. Analyses.Select(a => Run(a.Name, a.Check, history))];

    private static Finding Run(string name, Action<Events, Finding> check, Events history)
    {
        var finding = new Finding(name);
        check(history, finding);
        return finding;
    }
}
