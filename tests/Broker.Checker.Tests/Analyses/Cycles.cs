using Streams.Broker.Checker.Tests.History;

namespace Streams.Broker.Checker.Tests.Analyses;

/// <summary>
/// No order of events explains the history. Events are the beginning and commit of each transaction that took effect, its appends and its reads of other
/// transactions. An append lies between beginning and commit, reads lie there one after another; a client's next transaction begins after the last has ended;
/// write-write: an append at a lower offset came first; write-read: a transaction commits before its record is read. Kafka's transactions may write
/// in any interleaving, so that cycles between whole transactions are no anomaly; one between events is.
/// </summary>
internal static class Cycles
{
    public static void Check(Events history, Finding finding)
    {
        var graph = new EventGraph();
        var transactions = history.Effective().ToDictionary(o => o.Id);
        foreach (var transaction in transactions.Values) AddTransaction(graph, transaction);
        foreach (var client in transactions.Values.Where(t => t.Outcome == Outcome.Ok).GroupBy(t => t.Client)) AddProgramOrder(graph, [.. client]);
        foreach (var partition in history.Committed.Values) AddWriteOrder(graph, [.. partition.Where(p => transactions.ContainsKey(p.Value.Operation))]);
        foreach (var transaction in transactions.Values) AddReads(graph, transaction, transactions, finding);
        finding.Checked += graph.Edges;
        foreach (var cycle in graph.StronglyConnected()) finding.Anomaly($"{string.Join(" -> ", cycle.Take(12))}");
    }

    private static string Begin(Operation t) => FormattableString.Invariant($"begin {t.Id}");

    private static string Commit(Operation t) => FormattableString.Invariant($"commit {t.Id}");

    private static string Append(Value value) => $"append {value}";

    private static void AddTransaction(EventGraph graph, Operation t)
    {
        graph.Add(Begin(t), Commit(t));
        foreach (var write in t.Writes)
        {
            graph.Add(Begin(t), Append(write.Value));
            graph.Add(Append(write.Value), Commit(t));
        }
    }

    private static void AddProgramOrder(EventGraph graph, List<Operation> client)
    {
        for (var i = 1; i < client.Count; i++) graph.Add(Commit(client[i - 1]), Begin(client[i]));
    }

    private static void AddWriteOrder(EventGraph graph, List<Placed> partition)
    {
        for (var i = 1; i < partition.Count; i++) graph.Add(Append(partition[i - 1].Value), Append(partition[i].Value));
    }

    private static void AddReads(EventGraph graph, Operation t, Dictionary<int, Operation> transactions, Finding finding)
    {
        var before = Begin(t);
        foreach (var read in t.Reads)
        {
            if (!transactions.TryGetValue(read.Value.Operation, out var writer)) continue;
            finding.Checked++;
            var step = FormattableString.Invariant($"read {read.Value} in {t.Id}");
            graph.Add(before, step);
            graph.Add(Commit(writer), step);
            before = step;
        }
        graph.Add(before, Commit(t));
    }
}
