using Streams.ErpSink.Mapping;
using Streams.ErpSink.OracleFusion;
using Streams.ErpSink.Posting;
using Streams.ErpSink.Tests.Wire;
using Streams.Schemas;
using Streams.Simulators;

namespace Streams.ErpSink.Tests;

/// <summary>The connector against a simulator that was written apart from it.</summary>
public sealed class FusionAndSimulatorTests
{
    static readonly ErpDocument[] Invoices = [.. Enumerable.Range(1, 3).Select(n => Kinds.Of(DocumentKind.ArInvoice, n, "10.10", "-0.01"))];
    static readonly ErpDocument[] Journals = [.. Enumerable.Range(1, 3).Select(n => Kinds.Of(DocumentKind.GlJournal, n, $"{n}7.77", "-1.00"))];

    [Fact]
    public async Task Receivables_are_posted_found_and_refused_a_second_time()
    {
        await using var simulator = await StartAsync(o => o);
        using var handler = ErpHttp.Handler();
        using var connector = Connect(simulator, handler);
        foreach (var documents in new ErpDocument[][] { Invoices, [.. Enumerable.Range(1, 3).Select(n => Kinds.Of(DocumentKind.CreditMemo, n, "3.30"))], [.. Invoices.Select((d, i) => Kinds.Receipt(i + 1, (d.DocumentKey, "10.09")))] })
        {
            Assert.All(documents, d => Assert.Null(connector.Preflight(d)));
            Assert.All(await connector.PostAsync(documents, "c", CancellationToken.None), a => Assert.Equal(ErpOutcome.Created, a.Outcome));
            Assert.All(await connector.LookUpAsync([.. documents.Select(d => new ErpItem(d))], CancellationToken.None), a => Assert.Equal(ErpOutcome.Found, a.Outcome));
            if (documents[0].Kind != DocumentKind.Receipt)
                Assert.All(await connector.PostAsync(documents, "d", CancellationToken.None), a => Assert.Equal(ErpOutcome.Duplicate, a.Outcome));
        }
        Assert.Equal(9, simulator.Journal.Records.Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Journals_are_imported_together_and_posted_by_a_job(bool autoPost)
    {
        await using var simulator = await StartAsync(o => o, new OracleSetup { AutoPost = autoPost });
        using var handler = ErpHttp.Handler();
        using var connector = Connect(simulator, handler);
        var posted = await connector.PostAsync(Journals, "call-1", CancellationToken.None);
        Assert.All(posted, a => Assert.Equal(ErpOutcome.Accepted, a.Outcome));
        var answers = await connector.LookUpAsync([.. Journals.Zip(posted, (d, a) => new ErpItem(d, Job: a.Job))], CancellationToken.None);
        Assert.All(answers, a => Assert.Equal(autoPost ? ErpOutcome.Found : ErpOutcome.Unposted, a.Outcome));
        Assert.Equal(Journals.Select(j => GlInterface.Debits(j).ToString()), simulator.Journal.Records.Select(r => r.Amount));
    }

    [Fact]
    public async Task A_group_with_one_bad_line_is_refused_as_a_whole_and_the_good_ones_pass_alone()
    {
        await using var simulator = await StartAsync(o => o with { Faults = [new FaultRule { Kind = SimulatorFault.BatchPartial, Keys = Journals[1].DocumentKey }] });
        using var handler = ErpHttp.Handler();
        using var connector = Connect(simulator, handler);
        Assert.All(await PostAndLookUpAsync(Journals, "c1"), a =>
        {
            Assert.Equal((ErpOutcome.Validation, "EF04", Journals.Length), (a.Outcome, a.Code, a.RefusedTogether));
            Assert.Contains("FLEX-VALUE DOES NOT EXIST (SEGMENT=Account)", a.Detail);
        });
        Assert.Empty(simulator.Journal.Records);
        Assert.Equal([ErpOutcome.Found], (await PostAndLookUpAsync([Journals[0]], "c2")).Select(a => a.Outcome));
        Assert.Equal([(ErpOutcome.Validation, null)], (await PostAndLookUpAsync([Journals[1]], "c3")).Select(a => (a.Outcome, a.RefusedTogether)));

        async Task<IReadOnlyList<ErpAnswer>> PostAndLookUpAsync(ErpDocument[] documents, string call)
        {
            var posted = await connector.PostAsync(documents, call, CancellationToken.None);
            return await connector.LookUpAsync([.. documents.Zip(posted, (d, a) => new ErpItem(d, Job: a.Job))], CancellationToken.None);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_closed_period_is_refused_or_moved_which_is_seen(bool adjust)
    {
        await using var simulator = await StartAsync(o => o with { ClosedPeriods = new HashSet<string> { "2026-07" } }, new OracleSetup { AdjustClosedPeriods = adjust });
        using var handler = ErpHttp.Handler();
        using var connector = Connect(simulator, handler);
        var invoice = (await connector.PostAsync([Invoices[0]], "c", CancellationToken.None))[0];
        Assert.Equal(adjust ? ErpOutcome.Created : ErpOutcome.PeriodClosed, invoice.Outcome);
        Assert.Equal(adjust ? new DateOnly(2026, 8, 1) : null, invoice.PostedOn);

        var journal = (await connector.PostAsync([Journals[0]], "c", CancellationToken.None))[0];
        Assert.Equal(ErpOutcome.PeriodClosed, (await connector.LookUpAsync([new ErpItem(Journals[0], Job: journal.Job)], CancellationToken.None))[0].Outcome);
    }

    [Theory]
    [InlineData(DocumentKind.ArInvoice)]
    [InlineData(DocumentKind.CreditMemo)]
    public async Task AutoInvoice_makes_the_good_refuses_the_bad_and_makes_nothing_twice(DocumentKind kind)
    {
        ErpDocument[] documents = [.. Enumerable.Range(1, 3).Select(n => Kinds.Of(kind, n, "10.10", kind == DocumentKind.ArInvoice ? "-0.01" : "0.01"))];
        await using var simulator = await StartAsync(o => o with { Faults = [new FaultRule { Kind = SimulatorFault.BatchPartial, Keys = documents[1].DocumentKey, Next = 1 }] });
        using var handler = ErpHttp.Handler();
        using var connector = Connect(simulator, handler, importAbove: 1);
        Assert.Equal([ErpOutcome.Found, ErpOutcome.Validation, ErpOutcome.Found], (await ImportAsync("c1", documents)).Select(a => a.Outcome));
        // What was refused is gone from the interface: it passes when it is right. What is there is refused, and found.
        Assert.All(await ImportAsync("c2", documents), a => Assert.Equal(ErpOutcome.Found, a.Outcome));
        Assert.Equal(3, simulator.Journal.Records.Count);
        Assert.Equal(2, simulator.Figures.DuplicatesRefused);
        Assert.All(await connector.PostAsync([documents[0]], "c3", CancellationToken.None), a => Assert.Equal(ErpOutcome.Duplicate, a.Outcome));

        async Task<IReadOnlyList<ErpAnswer>> ImportAsync(string call, ErpDocument[] batch)
        {
            var posted = await connector.PostAsync(batch, call, CancellationToken.None);
            Assert.All(posted, a => Assert.Equal(ErpOutcome.Accepted, a.Outcome));
            return await connector.LookUpAsync([.. batch.Zip(posted, (d, a) => new ErpItem(d, Job: a.Job))], CancellationToken.None);
        }
    }

    [Fact]
    public async Task What_came_over_REST_is_refused_by_AutoInvoice_for_its_flexfields()
    {
        await using var simulator = await StartAsync(o => o, new OracleSetup { UniqueTransactionNumbers = false });
        using var handler = ErpHttp.Handler();
        using var rest = Connect(simulator, handler);
        using var imports = Connect(simulator, handler, importAbove: 0);
        await rest.PostAsync([Invoices[0]], "c", CancellationToken.None);
        var posted = await imports.PostAsync([Invoices[0]], "d", CancellationToken.None);
        Assert.Equal(ErpOutcome.Found, (await imports.LookUpAsync([new ErpItem(Invoices[0], Job: posted[0].Job)], CancellationToken.None))[0].Outcome);
        Assert.Equal(1, simulator.Figures.DuplicatesRefused);
        Assert.Single(simulator.Journal.Records);
    }

    [Theory]
    [InlineData(false, ErpOutcome.PeriodClosed)]
    [InlineData(true, ErpOutcome.Found)]
    public async Task AutoInvoice_refuses_or_moves_what_is_in_a_closed_period(bool adjust, ErpOutcome expected)
    {
        await using var simulator = await StartAsync(o => o with { ClosedPeriods = new HashSet<string> { "2026-07" } }, new OracleSetup { AdjustClosedPeriods = adjust });
        using var handler = ErpHttp.Handler();
        using var connector = Connect(simulator, handler, importAbove: 1);
        var posted = await connector.PostAsync(Invoices, "c", CancellationToken.None);
        var answers = await connector.LookUpAsync([.. Invoices.Zip(posted, (d, a) => new ErpItem(d, Job: a.Job))], CancellationToken.None);
        Assert.All(answers, a => Assert.Equal((expected, adjust ? new DateOnly(2026, 8, 1) : null), (a.Outcome, a.PostedOn)));
    }

    [Fact]
    public async Task A_context_that_Oracle_does_not_know_ends_the_job_and_nothing_is_made()
    {
        await using var simulator = await StartAsync(o => o, new OracleSetup { LineContexts = ["OTHER"] });
        using var handler = ErpHttp.Handler();
        using var connector = Connect(simulator, handler, importAbove: 1);
        var posted = await connector.PostAsync(Invoices, "c", CancellationToken.None);
        var answers = await connector.LookUpAsync([.. Invoices.Zip(posted, (d, a) => new ErpItem(d, Job: a.Job))], CancellationToken.None);
        Assert.All(answers, a => Assert.Equal(ErpOutcome.Unknown, a.Outcome));
        Assert.Empty(simulator.Journal.Records);
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
        Assert.Equal(posted, (await connector.PostAsync([Invoices[0]], "c", CancellationToken.None))[0].Outcome);
        Assert.Equal(looked, (await connector.LookUpAsync([new ErpItem(Invoices[0])], CancellationToken.None))[0].Outcome);
    }

    // AutoInvoice is for documents of which it is known whether they are in the ledger's own currency.
    static ErpMapping InDollars => ErpMapping.BuiltIn(FusionOptions.Shape) is var mapping
        ? mapping with { Tables = new Dictionary<string, IReadOnlyDictionary<string, string>>(mapping.Tables) { ["ledgerCurrencies"] = new Dictionary<string, string> { ["*"] = "USD" } } } : throw new InvalidOperationException();

    static Task<OracleSimulator> StartAsync(Func<SimulatorOptions, SimulatorOptions> configure, OracleSetup? account = null) =>
        OracleSimulator.StartAsync(configure(new SimulatorOptions { JournalFile = Path.Combine(Directory.CreateTempSubdirectory("streams-sim-").FullName, "journal.jsonl") }), account);

    // The simulator's batches have the names that the file gives them, and are looked for by whole names.
    static FusionConnector Connect(OracleSimulator simulator, HttpMessageHandler handler, int importAbove = 100) => new(new FusionOptions
    {
        ImportAbove = importAbove, Mapping = InDollars,
        Account = "abcd", BaseAddress = simulator.Address, Login = new ErpLogin.Basic("streams-integration", "simulated-secret"), ReadBack = new FusionReadBack { ExactBatchNames = true },
    }, handler, TimeProvider.System);
}
