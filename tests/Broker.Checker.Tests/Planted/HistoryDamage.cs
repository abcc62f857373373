using Streams.Broker.Checker.Tests.History;

namespace Streams.Broker.Checker.Tests.Planted;

/// <summary>One way to spoil a correct history; null where this one offers no place for it.</summary>
internal sealed record HistoryDamage(string Name, Func<Events, Random, Events?> Inflict)
{
    public static IReadOnlyList<HistoryDamage> All { get; } =
    [
        new("an acknowledged record vanishes", (h, r) => Pick(h, r, o => o.Outcome == Outcome.Ok) is { } victim ? WithReads(h, x => x.Value == victim.Value ? null : x) : null),
        new("a record moves", (h, r) => Pick(h, r, _ => true) is { } victim ? WithReads(h, x => x.Value == victim.Value && h.Sessions[x.Session].Final ? x with { Offset = x.Offset + 1000 } : x) : null),
        new("an aborted record is seen", (h, r) => Aborted(h, r) is { } victim ? WithReads(h, x => x, victim) : null),
        new("a value takes another's place", (h, r) => Pick(h, r, _ => true) is { } victim ? WithReads(h, x => x.Value == victim.Value ? x with { Value = new Value(1_000_000, 0) } : x) : null),
        new("a transaction without an answer is torn", (h, r) => Torn(h, r) is { } victim ? WithReads(h, x => x.Value == victim && h.Sessions[x.Session].ReadCommitted ? null : x) : null),
    ];

    private static Read? Pick(Events history, Random random, Func<Write, bool> which)
    {
        var final = history.Reads.Where(r => history.Sessions[r.Session] is { Final: true, ReadCommitted: true } && which(history.Writes[r.Value].Write)).ToList();
        return final.Count == 0 ? null : final[random.Next(final.Count)];
    }

    private static Read? Aborted(Events history, Random random)
    {
        var session = history.Sessions.Values.First(s => s is { Final: true, ReadCommitted: true });
        var aborted = history.Reads.Where(r => history.Sessions[r.Session] is { Final: true, ReadCommitted: false } && history.Writes[r.Value].Write.Outcome == Outcome.Fail).ToList();
        return aborted.Count == 0 ? null : aborted[random.Next(aborted.Count)] with { Session = session.Id };
    }

    private static Value? Torn(Events history, Random random)
    {
        var torn = history.Effective().Where(o => o.Outcome == Outcome.Info && o.Writes.Count > 1).SelectMany(o => o.Writes).ToList();
        return torn.Count == 0 ? null : torn[random.Next(torn.Count)].Value;
    }

    private static Events WithReads(Events history, Func<Read, Read?> change, Read? added = null)
    {
        foreach (var operation in history.Operations)
        {
            var reads = operation.Reads.Select(change).OfType<Read>().ToList();
            if (added is { } more && reads.Exists(r => r.Session == more.Session)) reads = [.. reads.Append(more).OrderBy(r => r.Partition).ThenBy(r => r.Offset)];
            operation.Reads.Clear();
            operation.Reads.AddRange(reads);
        }
        return new Events(history.Operations, [.. history.Sessions.Values], history.Ends, history.Faults, history.RepeatedMarkers);
    }
}
