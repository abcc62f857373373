using Streams.ErpSink.Posting;
using Streams.ErpSink.S4Hana;
using Streams.ErpSink.Tests.Wire;
using Streams.Schemas;
using Streams.Simulators;

namespace Streams.ErpSink.Tests;

/// <summary>The connector against a simulator that was written apart from it.</summary>
public sealed class S4HanaAndSimulatorTests
{
    static readonly ErpDocument[] Batch =
    [
        Kinds.Of(DocumentKind.ArInvoice, 1, "10.10", "-0.01"), Kinds.Of(DocumentKind.CreditMemo, 2, "3.30"), Kinds.Of(DocumentKind.GlJournal, 1, "7.77", "-1.00"),
        Kinds.Receipt(1, ("DJ6VKWABMY4Z6QQ1", "10.09")),
    ];

    [Fact]
    public async Task Every_kind_is_posted_in_one_message_once_and_found()
    {
        await using var simulator = await StartAsync(o => o with { Faults = [new FaultRule { Kind = SimulatorFault.BatchShuffled }] });
        using var handler = ErpHttp.Handler();
        using var connector = Connect(simulator, handler);
        Assert.All(Batch, d => Assert.Null(connector.Preflight(d)));
        var first = await connector.PostAsync(Batch, "call-1", CancellationToken.None);
        Assert.All(first, a => Assert.Equal(ErpOutcome.Created, a.Outcome));
        // The same message within its window gets the first answer.
        Assert.Equal(first.Select(a => a.ErpId), (await connector.PostAsync(Batch, "call-1", CancellationToken.None)).Select(a => a.ErpId));
        Assert.Equal(Batch.Length, simulator.Journal.Records.Count);

        var found = await connector.LookUpAsync([.. Batch.Select(d => new ErpItem(d))], CancellationToken.None);
        Assert.All(found, a => Assert.Equal((ErpOutcome.Found, new DateOnly(2026, 7, 31)), (a.Outcome, a.PostedOn!.Value)));
        Assert.Equal(first.Select(a => a.ErpId), found.Select(a => a.ErpId));
        var credited = simulator.Journal.Records.Where(r => r.Lines.Any(l => l.Account.StartsWith("D:", StringComparison.Ordinal) && l.Credit != "0"));
        Assert.Equal(new[] { Batch[1].DocumentKey, Batch[3].DocumentKey }.Order(StringComparer.Ordinal), credited.Select(r => r.Key!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Entries_fail_each_for_its_own_reason()
    {
        await using var simulator = await StartAsync(o => o with { RefusedEntities = new HashSet<string> { "cust-2" }, ClosedPeriods = new HashSet<string> { "2026-06" } });
        using var handler = ErpHttp.Handler();
        using var connector = Connect(simulator, handler);
        var batch = new[] { Batch[0], Batch[1], Batch[2] with { DocumentDate = new DateOnly(2026, 6, 30) } };
        Assert.Equal([(ErpOutcome.Created, null), (ErpOutcome.Validation, "102(F5)"), (ErpOutcome.PeriodClosed, "PERIOD_CLOSED")], (await connector.PostAsync(batch, "c", CancellationToken.None)).Select(a => (a.Outcome, a.Code)));
        Assert.Equal([ErpOutcome.Found, ErpOutcome.Absent, ErpOutcome.Absent], (await connector.LookUpAsync([.. batch.Select(d => new ErpItem(d))], CancellationToken.None)).Select(a => a.Outcome));
    }

    [Theory]
    [InlineData(SimulatorFault.CommitThenDrop, ErpOutcome.Unknown, ErpOutcome.Found)]
    [InlineData(SimulatorFault.CommitThenError, ErpOutcome.Unknown, ErpOutcome.Found)]
    [InlineData(SimulatorFault.CommitThenTruncated, ErpOutcome.Unknown, ErpOutcome.Found)]
    [InlineData(SimulatorFault.CommitThenGarbage, ErpOutcome.Unknown, ErpOutcome.Found)]
    [InlineData(SimulatorFault.ErrorInside200, ErpOutcome.Unknown, ErpOutcome.Absent)]
    [InlineData(SimulatorFault.DropBeforeCommit, ErpOutcome.Unknown, ErpOutcome.Absent)]
    [InlineData(SimulatorFault.RecordChanged, ErpOutcome.Unknown, ErpOutcome.Absent)]
    [InlineData(SimulatorFault.TooManyRequests, ErpOutcome.Throttled, ErpOutcome.Absent)]
    [InlineData(SimulatorFault.Maintenance, ErpOutcome.Throttled, ErpOutcome.Absent)]
    [InlineData(SimulatorFault.Unauthorized, ErpOutcome.Unauthorized, ErpOutcome.Absent)]
    public async Task What_is_unknown_is_known_after_a_look_up(SimulatorFault fault, ErpOutcome posted, ErpOutcome looked)
    {
        await using var simulator = await StartAsync(o => o with { Fault = r => r is { Method: "POST", Nth: 1 } ? fault : SimulatorFault.None });
        using var handler = ErpHttp.Handler();
        using var connector = Connect(simulator, handler);
        Assert.Equal(posted, (await connector.PostAsync([Batch[0]], "c", CancellationToken.None))[0].Outcome);
        Assert.Equal(looked, (await connector.LookUpAsync([new ErpItem(Batch[0])], CancellationToken.None))[0].Outcome);
    }

    static Task<SapSimulator> StartAsync(Func<SimulatorOptions, SimulatorOptions> configure) =>
        SapSimulator.StartAsync(configure(new SimulatorOptions { JournalFile = Path.Combine(Directory.CreateTempSubdirectory("streams-sim-").FullName, "journal.jsonl") }));

    static S4HanaConnector Connect(SapSimulator simulator, HttpMessageHandler handler) =>
        new(new S4HanaOptions { Account = "my300000", BaseAddress = simulator.Address, Login = new ErpLogin.Basic("streams-integration", "simulated-secret") }, handler, TimeProvider.System);
}
