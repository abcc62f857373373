using Streams.Broker.Checker.Tests.History;

namespace Streams.Broker.Checker.Tests.Planted;

/// <summary>One small history by hand for every way to be wrong, and the analysis that must see it.</summary>
public static class PlantedAnomalies
{
    private static readonly Dictionary<string, (string Analysis, Func<Events> Tell)> Tales = new()
    {
        ["an acknowledged send is missing below others"] = ("lost write", () =>
        {
            var story = new Story();
            _ = story.Send(0);
            var b = story.Send(1);
            return story.Finally(2, (1, b));
        }),
        ["the last acknowledged send is missing"] = ("unseen write", () =>
        {
            var story = new Story();
            var a = story.Send(0);
            story.Send(1);
            return story.Finally(1, (0, a));
        }),
        ["a committed transaction is missing"] = ("lost write", () =>
        {
            var story = new Story();
            story.Transaction(Outcome.Ok, 0, 1);
            var last = story.Send(3);
            return story.Finally(4, (3, last));
        }),
        ["a reader of committed records sees an aborted one"] = ("aborted read", () =>
        {
            var story = new Story();
            var a = story.Transaction(Outcome.Fail, 0)[0];
            return story.Finally(2, (0, a));
        }),
        ["a send that failed for certain is there"] = ("aborted read", () =>
        {
            var story = new Story();
            var a = story.Send(null, Outcome.Fail);
            return story.Finally(1, (0, a));
        }),
        ["a value that nobody sent"] = ("aborted read", () => new Story().Finally(1, (0, new Value(99, 0)))),
        ["a value at two offsets"] = ("duplicate", () =>
        {
            var story = new Story();
            var a = story.Send(0);
            return story.Finally(2, (0, a), (1, a));
        }),
        ["two values at one offset, seen by two readers"] = ("inconsistent offset", () =>
        {
            var story = new Story();
            var (a, b) = (story.Send(0), story.Send(null, Outcome.Info));
            story.Poll("early", true, (0, b));
            return story.Finally(1, (0, a));
        }),
        ["a record elsewhere than its writer was told"] = ("inconsistent offset", () =>
        {
            var story = new Story();
            var (a, b) = (story.Send(1), story.Send(0));
            return story.Finally(2, (0, a), (1, b));
        }),
        ["an offset without a record or a transaction"] = ("hole", () =>
        {
            var story = new Story();
            var (a, b) = (story.Send(0), story.Send(2));
            return story.Finally(3, (0, a), (2, b));
        }),
        ["a control record before the transaction's last record"] = ("hole", () =>
        {
            var story = new Story();
            var a = story.Transaction(Outcome.Ok, 0, 2);
            return story.Finally(3, (0, a[0]), (2, a[1]));
        }),
        ["a transaction without a control record"] = ("hole", () =>
        {
            var story = new Story();
            var a = story.Transaction(Outcome.Ok, 0, 1);
            return story.Finally(2, (0, a[0]), (1, a[1]));
        }),
        ["a reader passes over a record"] = ("poll skip", () =>
        {
            var story = new Story();
            var (a, b, c) = (story.Send(0), story.Send(1), story.Send(2));
            story.Poll("hasty", true, (0, a), (2, c));
            return story.Finally(3, (0, a), (1, b), (2, c));
        }),
        ["a reader begins behind the first record"] = ("poll skip", () =>
        {
            var story = new Story();
            var (a, b) = (story.Send(0), story.Send(1));
            story.Poll("late", false, (1, b));
            return story.Finally(2, (0, a), (1, b));
        }),
        ["a reader goes back"] = ("non-monotonic poll", () =>
        {
            var story = new Story();
            var (a, b) = (story.Send(0), story.Send(1));
            story.Poll("back", true, (0, a), (1, b), (0, a));
            return story.Finally(2, (0, a), (1, b));
        }),
        ["a producer's later send lies before its earlier one"] = ("non-monotonic send", () =>
        {
            var story = new Story();
            var (a, b) = (story.Send(1), story.Send(0));
            return story.Finally(2, (0, b), (1, a));
        }),
        ["a record is read before its commit is called"] = ("pre-committed read", () =>
        {
            var story = new Story();
            var transaction = story.Begin(2);
            var a = story.Write(transaction, 0);
            story.Poll("eager", true, (0, a));
            story.End(transaction, Outcome.Ok);
            return story.Finally(2, (0, a));
        }),
        ["half of a transaction without an answer"] = ("torn transaction", () =>
        {
            var story = new Story();
            var values = story.Transaction(Outcome.Info, 0, 1);
            return story.Finally(3, 3, [(0, values[0], 0)], [(0, values[0], 0), (1, values[1], 0)]);
        }),
        ["two transactions that read each other"] = ("cycle", () =>
        {
            var story = new Story();
            var (one, two) = (story.Begin(1), story.Begin(2));
            var (a, b) = (story.Write(one, 0), story.Write(two, 1));
            story.Read(one, b, 1);
            story.Read(two, a, 0);
            story.End(one, Outcome.Ok);
            story.End(two, Outcome.Ok);
            return story.Finally(4, (0, a), (1, b));
        }),
        ["a client's later transaction lies before its earlier one"] = ("cycle", () =>
        {
            var story = new Story();
            var a = story.Transaction(Outcome.Ok, 2)[0];
            var b = story.Transaction(Outcome.Ok, 0)[0];
            return story.Finally(4, (0, b), (2, a));
        }),
        ["a commit is forgotten"] = ("group offset going back", () =>
        {
            var story = new Story();
            var a = story.Send(0);
            story.Offsets(OperationKind.Commit, "g", 0, 5);
            story.Offsets(OperationKind.Committed, "g", 0, 0);
            return story.Finally(1, (0, a));
        }),
        ["two transactions consume the same input"] = ("input consumed twice or skipped", () =>
        {
            var story = new Story();
            var (one, two) = (story.Begin(1), story.Begin(2));
            var (a, b) = (story.Write(one, 0), story.Write(two, 1));
            one.Offsets.Add(new GroupOffset("g", 0, 0, 10));
            two.Offsets.Add(new GroupOffset("g", 0, 5, 15));
            story.End(one, Outcome.Ok);
            story.End(two, Outcome.Ok);
            return story.Finally(4, (0, a), (1, b));
        }),
        ["input that no transaction consumed"] = ("input consumed twice or skipped", () =>
        {
            var story = new Story();
            var one = story.Begin(1);
            var a = story.Write(one, 0);
            one.Offsets.Add(new GroupOffset("g", 0, 3, 10));
            story.End(one, Outcome.Ok);
            return story.Finally(2, (0, a));
        }),
        ["a transaction that nothing ends"] = ("transaction open at the end", () =>
        {
            var story = new Story();
            var a = story.Transaction(Outcome.Info, 0)[0];
            return story.Finally(0, 1, [], [(0, a, 0)]);
        }),
    };

    public static TheoryData<string> Names => [.. Tales.Keys];

    internal static IEnumerable<string> Analyses => Tales.Values.Select(t => t.Analysis);

    internal static (string Analysis, Events History) Tell(string name) => (Tales[name].Analysis, Tales[name].Tell());
}
