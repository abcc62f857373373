using System.Diagnostics;
using Streams.Broker.Checker.Tests.Analyses;
using Streams.Broker.Checker.Tests.History;
using Streams.Broker.Checker.Tests.Workload;

namespace Streams.Broker.Checker.Tests.Nemeses;

/// <summary>What a run under one nemesis gave.</summary>
internal sealed record RunResult(string Server, string Nemesis, int Seed, int Strikes, Events History, IReadOnlyList<Finding> Findings, IReadOnlyDictionary<string, int> Sometimes, TimeSpan Time)
{
    public long Anomalies => Findings.Sum(f => f.Anomalies) + Sometimes.Where(s => s.Key.StartsWith("ANOMALY", StringComparison.Ordinal)).Sum(s => s.Value);
}

/// <summary>One run: a server, a nemesis, clients at work, the final phase, the analyses.</summary>
internal static class Rehearsal
{
    private const string TransactionGroup = "transactions";
    private const string PlainGroup = "plain";
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(20);

    /// <summary>Runs until there are enough operations and at least <paramref name="strikes"/> faults.</summary>
    /// <param name="hurried">Whether the clients are short of time.</param>
    public static async Task<RunResult> PlayAsync(Nemesis nemesis, int seed, int operations, int strikes, bool hurried)
    {
        var watch = Stopwatch.StartNew();
        await nemesis.StartAsync();
        var run = new Run(new Cluster(nemesis.BootstrapServers, $"checked-{seed}", 4, hurried), seed, operations);
        await run.Cluster.CreateTopicAsync();
        var transactors = Enumerable.Range(10, 4).Select(c => new TransactionWorker(run, c, c == 13 ? null : TransactionGroup)).ToList();
        var workers = Start(run, transactors);
        var striking = nemesis.WorkAsync(run, run.RandomFor(0));
        while ((!run.Enough || nemesis.Strikes < strikes) && watch.Elapsed < Longest && !workers.IsFaulted && !striking.IsFaulted) await Task.Delay(20);
        run.Stop();
        await striking;
        await workers.WaitAsync(Cluster.Patience * 2);
        if (!run.Enough) throw new TimeoutException($"{run.Journal.Count} of {operations} operations within {Longest} under {nemesis.Name}");
        FinalPhase.Play(run, transactors.Select(t => t.TransactionalId), [TransactionGroup, PlainGroup]);
        var history = run.Journal.Close(nemesis.Server.MarkersRepeatedPerKill * nemesis.Strikes);
        RareConditions.Find(run, history);
        return new RunResult(nemesis.Server.Name, nemesis.Name, seed, nemesis.Strikes, history, AllAnalyses.Check(history), run.Sometimes, watch.Elapsed);
    }

    private static Task Start(Run run, List<TransactionWorker> transactors)
    {
        List<Action> work = [.. transactors.Select(t => (Action)t.Work)];
        for (var c = 20; c < 23; c++) work.Add(new SendWorker(run, c).Work);
        work.Add(new ReadWorker(run, 30, readCommitted: true).Work);
        work.Add(new ReadWorker(run, 31, readCommitted: false).Work);
        for (var c = 40; c < 42; c++) work.Add(new GroupWorker(run, c, PlainGroup).Work);
        return WhenAllOrOne(work.Select(w => Task.Factory.StartNew(w, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
    }

    /// <summary>Completes when all have, but fails as soon as one has.</summary>
    private static async Task WhenAllOrOne(IEnumerable<Task> tasks)
    {
        var open = tasks.ToList();
        while (open.Count > 0)
        {
            var done = await Task.WhenAny(open);
            open.Remove(done);
            await done;
        }
    }
}
