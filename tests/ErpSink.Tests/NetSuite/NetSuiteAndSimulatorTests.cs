using Streams.ErpSink.NetSuite;
using Streams.ErpSink.Posting;
using Streams.ErpSink.Tests.Wire;
using Streams.Schemas;
using Streams.Simulators;

namespace Streams.ErpSink.Tests;

/// <summary>The connector against a simulator that was written apart from it.</summary>
public sealed class NetSuiteAndSimulatorTests
{
    static readonly TokenBasedKeys Keys = new("ck", "cs", "tk", "ts");

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    public async Task Every_kind_is_posted_and_found(int batch)
    {
        await using var simulator = await StartAsync();
        using var connector = new Connected(simulator, batch);
        var invoices = Enumerable.Range(1, 3).Select(n => Kinds.Of(DocumentKind.ArInvoice, n, "10.10", "-0.01")).ToList();
        foreach (var documents in new List<ErpDocument>[]
        {
            invoices,
            [.. Enumerable.Range(1, 3).Select(n => Kinds.Of(DocumentKind.GlJournal, n, "7.77", "-1.00"))],
            [.. Enumerable.Range(1, 3).Select(n => Kinds.Of(DocumentKind.CreditMemo, n, "3.30"))],
            [.. invoices.Select((d, i) => Kinds.Receipt(i + 1, (d.DocumentKey, "10.09")))],
        })
        {
            var first = await connector.PostedAsync(documents, "call-1" + documents[0].Kind);
            Assert.All(first, a => Assert.Equal(batch > 1 ? ErpOutcome.Accepted : ErpOutcome.Created, a.Outcome));
            var items = documents.Zip(first, (d, a) => new ErpItem(d, a.ErpId, a.Job)).ToList();
            Assert.All(await connector.Value.LookUpAsync(items, CancellationToken.None), a => Assert.Equal(ErpOutcome.Found, a.Outcome));
            // The same call again is the same job; each of them again is a duplicate.
            Assert.All(await connector.PostedAsync(documents, "call-1" + documents[0].Kind), a => Assert.Equal(batch > 1 ? ErpOutcome.Accepted : ErpOutcome.Duplicate, a.Outcome));
        }
        Assert.Equal(12, simulator.Journal.Records.Count);
        Assert.Equal(simulator.Journal.Records.Count, simulator.Journal.Records.Select(r => r.Key).Distinct().Count());
    }

    [Fact]
    public async Task What_a_job_refuses_says_why_and_what_waits_for_approval_is_not_posted()
    {
        await using var simulator = await StartAsync(o => o with { RefusedEntities = new HashSet<string> { "cust-2" }, ClosedPeriods = new HashSet<string> { "2026-06" } }, new NetSuiteSetup { TokenBased = Keys, ApprovalOfJournals = true });
        using var connector = new Connected(simulator, 100);
        var invoices = Enumerable.Range(1, 3).Select(n => Kinds.Of(DocumentKind.ArInvoice, n, "1") with { DocumentDate = n == 3 ? new DateOnly(2026, 6, 30) : new DateOnly(2026, 7, 31) }).ToList();
        var posted = await connector.PostedAsync(invoices, "call-1");
        var answers = await connector.Value.LookUpAsync([.. invoices.Zip(posted, (d, a) => new ErpItem(d, Job: a.Job))], CancellationToken.None);
        Assert.Equal([ErpOutcome.Found, ErpOutcome.Validation, ErpOutcome.PeriodClosed], answers.Select(a => a.Outcome));

        var journals = Enumerable.Range(1, 2).Select(n => Kinds.Of(DocumentKind.GlJournal, n, "1")).ToList();
        posted = await connector.PostedAsync(journals, "call-2");
        Assert.All(await connector.Value.LookUpAsync([.. journals.Zip(posted, (d, a) => new ErpItem(d, Job: a.Job))], CancellationToken.None), a => Assert.Equal(ErpOutcome.Unposted, a.Outcome));
    }

    [Theory]
    [InlineData(SimulatorFault.CommitThenDrop, ErpOutcome.Found)]
    [InlineData(SimulatorFault.DropBeforeCommit, ErpOutcome.Absent)]
    [InlineData(SimulatorFault.CommitThenError, ErpOutcome.Found)]
    [InlineData(SimulatorFault.CommitThenTruncated, ErpOutcome.Found)]
    [InlineData(SimulatorFault.RecordChanged, ErpOutcome.Absent)]
    public async Task What_is_unknown_is_known_after_a_look_up(SimulatorFault fault, ErpOutcome expected)
    {
        await using var simulator = await StartAsync(o => o with { Fault = r => r is { Method: "POST", RecordType: "invoice", Nth: 1 } ? fault : SimulatorFault.None });
        using var connector = new Connected(simulator, 1);
        var invoice = Kinds.Of(DocumentKind.ArInvoice, 1, "1.10");
        var posted = (await connector.PostedAsync([invoice], "c"))[0];
        // What is cut off behind its headers still names the new record.
        Assert.Contains(posted.Outcome, fault == SimulatorFault.CommitThenTruncated ? new[] { ErpOutcome.Unknown, ErpOutcome.Created } : [ErpOutcome.Unknown]);
        Assert.Equal(expected, (await connector.Value.LookUpAsync([new ErpItem(invoice)], CancellationToken.None))[0].Outcome);
    }

    static Task<NetSuiteSimulator> StartAsync(Func<SimulatorOptions, SimulatorOptions>? configure = null, NetSuiteSetup? account = null)
    {
        var options = new SimulatorOptions { JournalFile = Path.Combine(Directory.CreateTempSubdirectory("streams-sim-").FullName, "journal.jsonl") };
        return NetSuiteSimulator.StartAsync(configure?.Invoke(options) ?? options, account ?? new NetSuiteSetup { TokenBased = Keys });
    }

    sealed class Connected : IDisposable
    {
        readonly SocketsHttpHandler _handler = ErpHttp.Handler();

        public Connected(SimulatedErp simulator, int batch) => Value = new NetSuiteConnector(
            new NetSuiteOptions { Account = "1234567", BaseAddress = simulator.Address, Token = new NetSuiteToken("ck", "cs", "tk", "ts"), BatchSize = batch, SynchronousUpTo = batch == 1 ? 100 : 1 }, _handler, TimeProvider.System);

        public NetSuiteConnector Value { get; }

        public Task<IReadOnlyList<ErpAnswer>> PostedAsync(IReadOnlyList<ErpDocument> documents, string call)
        {
            Assert.All(documents, d => Assert.Null(Value.Preflight(d)));
            return Value.PostAsync(documents, call, CancellationToken.None);
        }

        public void Dispose()
        {
            Value.Dispose();
            _handler.Dispose();
        }
    }
}
