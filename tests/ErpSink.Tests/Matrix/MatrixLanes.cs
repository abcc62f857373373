using System.Collections.Concurrent;
using Streams.Schemas;
using Streams.Testing;

namespace Streams.ErpSink.Tests.Matrix;

/// <summary>Runs scenarios in lanes, each with a ledger of its own whose clock it moves. At the end of a lane the checker from outside sees all of it.</summary>
/// <param name="server">One that may be stopped is for one lane; null: the shared one, for six.</param>
sealed class MatrixLanes(bool checkFromOutside = false, Planted? planted = null, string? server = null) : IDisposable
{
    int Lanes => server is null ? 6 : 1;

    readonly string _folder = Directory.CreateTempSubdirectory("streams-matrix-").FullName;
    readonly ConcurrentQueue<(int Number, Scenario Scenario, Interruption? Interruption)> _queue = [];
    readonly ConcurrentDictionary<int, ScenarioResult> _results = [];
    readonly ConcurrentQueue<string> _verdicts = [];

    /// <summary>What the checker from outside said, a line for each lane.</summary>
    public IReadOnlyCollection<string> Verdicts => _verdicts;

    public void Dispose()
    {
        KillPoint.Hook = null;
        Directory.Delete(_folder, recursive: true);
    }

    public Task<IReadOnlyList<ScenarioResult>> RunAsync(IReadOnlyList<Scenario> scenarios) => RunAsync([.. scenarios.Select(s => (s, (Interruption?)null))]);

    public async Task<IReadOnlyList<ScenarioResult>> RunAsync(IReadOnlyList<(Scenario Scenario, Interruption? Interruption)> scenarios)
    {
        for (var i = 0; i < scenarios.Count; i++) _queue.Enqueue((i + 1, scenarios[i].Scenario, scenarios[i].Interruption));
        await Task.WhenAll(Enumerable.Range(0, Math.Min(Lanes, scenarios.Count)).Select(lane => Task.Run(() => RunLaneAsync(lane))));
        return [.. _results.OrderBy(r => r.Key).Select(r => r.Value)];
    }

    async Task RunLaneAsync(int lane)
    {
        await using var ledger = await LedgerClock.StartAsync(server);
        var checkable = new List<ScenarioRun>();
        while (_queue.TryDequeue(out var next))
        {
            await using var run = new ScenarioRun(next.Scenario, ledger, _folder, next.Number, planted, next.Interruption);
            var result = _results[next.Number] = await RunOneAsync(run, next.Scenario);
            // What somebody did in the ERP is no fault of the sink, and the checker would say that it is.
            if (result.IsGreen && next.Scenario.Fault.Name != "F-39") checkable.Add(run);
        }
        if (checkFromOutside && ThreeWayChecker.Missing is null) _verdicts.Enqueue(CheckFromOutside(lane, ledger, checkable));
    }

    // What goes wrong in one scenario is its own cell's red.
    static async Task<ScenarioResult> RunOneAsync(ScenarioRun run, Scenario scenario)
    {
        try
        {
            return await run.RunAsync();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return new ScenarioResult(scenario, false, 0, 0, 0, [(DocumentKind.Unknown, $"{e.GetType().Name}: {e.Message}")]);
        }
    }

    string CheckFromOutside(int lane, LedgerClock ledger, List<ScenarioRun> runs)
    {
        var (names, documents) = (Path.Combine(_folder, $"names-{lane}.json"), Path.Combine(_folder, $"documents-{lane}.jsonl"));
        File.WriteAllText(names, ThreeWay.NetSuiteNames);
        File.WriteAllText(documents, ThreeWay.Records(runs.SelectMany(r => r.Documents)));
        var arguments = runs.SelectMany(r => new[] { "--journal", $"{r.Account}={r.JournalFile}" })
            .Concat(runs.Where(r => r.Account.StartsWith("netsuite", StringComparison.Ordinal)).SelectMany(r => new[] { "--names", $"{r.Account}={names}" }));
        return ThreeWayChecker.Verdict([.. arguments, "--postgres", ledger.ConnectionString, "--documents", documents, "--only"]);
    }
}
