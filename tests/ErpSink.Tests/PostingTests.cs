using Streams.ErpSink.Ledger;
using Streams.ErpSink.NetSuite;
using Streams.ErpSink.Posting;
using Streams.ErpSink.Quotas;
using Streams.Simulators;
using Streams.Schemas;

namespace Streams.ErpSink.Tests;

/// <summary>The way from the ledger to the ERP, over HTTP, against every fault.</summary>
public sealed class PostingTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    static int _prefix;

    readonly string _prefixOfTest = $"p{Interlocked.Increment(ref _prefix)}";

    [Theory]
    [InlineData(SimulatorFault.None)]
    [InlineData(SimulatorFault.TooManyRequests)]
    [InlineData(SimulatorFault.ErrorBeforeCommit)]
    [InlineData(SimulatorFault.DropBeforeCommit)]
    [InlineData(SimulatorFault.CommitThenDrop)]
    [InlineData(SimulatorFault.CommitThenError)]
    [InlineData(SimulatorFault.CommitThenGarbage)]
    [InlineData(SimulatorFault.RecordChanged)]
    [InlineData(SimulatorFault.Slow)]
    [InlineData(SimulatorFault.DelayedApply)]
    [InlineData(SimulatorFault.Unauthorized)]
    public async Task Each_document_is_posted_once_whatever_the_first_answer(SimulatorFault fault)
    {
        await using var harness = await SinkHarness.StartAsync(postgres.Database, o => o with
        {
            SlowDelay = TimeSpan.FromMilliseconds(800), ApplyDelay = TimeSpan.FromMilliseconds(150), ConcurrencyLimit = 8,
            Fault = r => r is { Method: "POST", Nth: 1 } ? fault : SimulatorFault.None,
        });
        var documents = Enumerable.Range(1, 5).Select(n => Documents.Create(n, prefix: _prefixOfTest)).ToList();
        await harness.TakeAsync(documents);
        await harness.RunUntilQuietAsync(harness.Loop());
        await harness.AssertPostedOnceAsync(documents);
    }

    [Fact]
    public async Task A_posting_applied_after_it_was_looked_up_and_sent_again_stays_one()
    {
        await using var harness = await SinkHarness.StartAsync(postgres.Database, o => o with
        {
            // Long after the look-ups and the second call, however slow the machine.
            Fault = r => r is { Method: "POST", Nth: 1 } ? SimulatorFault.DelayedApply : SimulatorFault.None, ApplyDelay = TimeSpan.FromSeconds(10),
        });
        var documents = Enumerable.Range(1, 3).Select(n => Documents.Create(n, prefix: _prefixOfTest)).ToList();
        await harness.TakeAsync(documents);
        await harness.RunUntilQuietAsync(harness.Loop());
        await harness.Simulator.DelayedWorkAsync();
        await harness.AssertPostedOnceAsync(documents);
        Assert.Equal(3, harness.Simulator.Figures.DuplicatesRefused);
    }

    [Fact]
    public async Task Poison_goes_to_the_work_list_and_blocks_nobody()
    {
        await using var harness = await SinkHarness.StartAsync(postgres.Database, o => o with
        {
            RefusedEntities = new HashSet<string> { $"{_prefixOfTest}-2" }, ClosedPeriods = new HashSet<string> { "2025-12" },
        });
        var documents = Enumerable.Range(1, 4).Select(n => Documents.Create(n, n == 3 ? "2025-12" : "2026-01", prefix: _prefixOfTest)).ToList();
        await harness.TakeAsync(documents);
        await harness.RunUntilQuietAsync(harness.Loop());

        Assert.Equal(DocumentState.Confirmed, await harness.StateAsync(documents[0].DocumentKey));
        Assert.Equal(DocumentState.Refused, await harness.StateAsync(documents[1].DocumentKey));
        Assert.Equal(DocumentState.Held, await harness.StateAsync(documents[2].DocumentKey));
        Assert.Equal(DocumentState.Confirmed, await harness.StateAsync(documents[3].DocumentKey));
        var items = (await harness.Status.WorkItemsAsync()).Where(i => i.CustomerId!.StartsWith(_prefixOfTest + "-", StringComparison.Ordinal)).ToDictionary(i => i.DocumentKey!);
        Assert.Equal("USER_ERROR", items[documents[1].DocumentKey].Code);
        Assert.Equal("PERIOD_CLOSED", items[documents[2].DocumentKey].Code);
        Assert.Equal(documents[1].Total, items[documents[1].DocumentKey].Amount);
        Assert.All(await harness.Status.ReconcileAsync(), r => Assert.Equal(ExactDecimal.Zero, r.Difference));
    }

    [Fact]
    public async Task A_retry_needs_two_people_and_then_posts_once()
    {
        var closed = new HashSet<string> { "2025-11" };
        await using var harness = await SinkHarness.StartAsync(postgres.Database, o => o with { ClosedPeriods = closed });
        var document = Documents.Create(1, "2025-11", prefix: _prefixOfTest);
        await harness.TakeAsync([document]);
        await harness.RunUntilQuietAsync(harness.Loop());
        var item = (await harness.Status.WorkItemsAsync()).Single(i => i.DocumentKey == document.DocumentKey);

        await Assert.ThrowsAsync<ArgumentException>(() => harness.Status.RetryAsync(item.Id, "ann", "ann"));
        closed.Clear();
        await harness.Status.RetryAsync(item.Id, "ann", "bob");
        await harness.RunUntilQuietAsync(harness.Loop());
        await harness.AssertPostedOnceAsync([document]);
    }

    [Fact]
    public async Task A_record_of_another_content_under_the_key_is_a_conflict_for_people()
    {
        await using var harness = await SinkHarness.StartAsync(postgres.Database);
        var foreign = Documents.Create(5, prefix: _prefixOfTest, factor: 2);
        var ours = Documents.Create(5, prefix: _prefixOfTest);
        using (var handler = ErpHttp.Handler())
        using (var connector = new NetSuiteConnector(harness.NetSuite, handler, TimeProvider.System))
            Assert.Equal(ErpOutcome.Created, (await connector.PostAsync([foreign], "call", CancellationToken.None))[0].Outcome);

        await harness.TakeAsync([ours]);
        await harness.RunUntilQuietAsync(harness.Loop());
        Assert.Equal(DocumentState.Refused, await harness.StateAsync(ours.DocumentKey));
        Assert.Equal("ERP_CONFLICT", (await harness.Status.WorkItemsAsync()).Single(i => i.DocumentKey == ours.DocumentKey).Code);
        Assert.Equal(foreign.Total.ToString(), Assert.Single(harness.Simulator.Journal.Records).Total);
    }

    [Fact]
    public async Task Refused_credentials_stop_the_posting_and_cost_no_attempt()
    {
        var refuse = true;
        await using var harness = await SinkHarness.StartAsync(postgres.Database, o => o with { Fault = _ => refuse ? SimulatorFault.Unauthorized : SimulatorFault.None });
        var document = Documents.Create(1, prefix: _prefixOfTest);
        await harness.TakeAsync([document]);
        var loop = harness.Loop(posting: SinkHarness.Fast with { CallTimeout = TimeSpan.FromSeconds(30) });
        await loop.RunAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(120));

        Assert.NotNull(loop.Blocked);
        Assert.Equal(DocumentState.Planned, await harness.StateAsync(document.DocumentKey));
        Assert.Equal(2, harness.Simulator.Figures.Posts);
        Assert.Equal(2, harness.Simulator.Figures.Tokens);
        Assert.Empty(harness.Simulator.Journal.Records);
        refuse = false;
        await harness.RunUntilQuietAsync(harness.Loop());
        await harness.AssertPostedOnceAsync([document]);
    }

    [Fact]
    public async Task A_journal_entry_balances_and_is_read_back()
    {
        await using var harness = await SinkHarness.StartAsync(postgres.Database);
        var document = Documents.Create(4, kind: DocumentKind.GlJournal, prefix: _prefixOfTest);
        await harness.TakeAsync([document]);
        await harness.RunUntilQuietAsync(harness.Loop());
        await harness.AssertPostedOnceAsync([document]);
        Assert.Equal("journalEntry", harness.Simulator.Journal.Records.Single().Type);
    }

    [Fact]
    public async Task A_credit_memo_is_posted_as_one_and_counts_below_zero()
    {
        await using var harness = await SinkHarness.StartAsync(postgres.Database);
        ErpDocument[] documents =
        [
            Documents.Create(4, prefix: _prefixOfTest, currency: "SEK"), Documents.Create(7, kind: DocumentKind.CreditMemo, prefix: _prefixOfTest, currency: "SEK"),
            Documents.Create(5, kind: DocumentKind.CreditMemo, prefix: _prefixOfTest, currency: "SEK", factor: -1),
        ];
        await harness.TakeAsync(documents);
        await harness.RunUntilQuietAsync(harness.Loop());
        await harness.AssertPostedOnceAsync(documents[..2]);
        Assert.Equal(["creditMemo", "invoice"], harness.Simulator.Journal.Records.Select(r => r.Type).Order(StringComparer.Ordinal));
        Assert.Equal(DocumentState.Refused, await harness.StateAsync(documents[2].DocumentKey));
        var books = Assert.Single(await harness.Status.ReconcileAsync(), r => r.Currency == "SEK");
        Assert.Equal(documents[0].Total - documents[1].Total, books.Confirmed);
        Assert.Equal((-documents[2].Total, ExactDecimal.Zero), (books.Listed, books.Difference));
        Assert.Equal(books.Confirmed, harness.Simulator.Journal.Records.Aggregate(ExactDecimal.Zero, (sum, r) => sum + r.Balance()));
    }

    [Fact]
    public async Task A_later_revision_waits_for_the_earlier_one()
    {
        await using var harness = await SinkHarness.StartAsync(postgres.Database, o => o with
        {
            Fault = r => r is { Method: "POST", Nth: 1 } ? SimulatorFault.ErrorBeforeCommit : SimulatorFault.None,
        });
        ErpDocument[] documents = [Documents.Create(1, revision: 2, prefix: _prefixOfTest), Documents.Create(1, prefix: _prefixOfTest)];
        await harness.TakeAsync(documents);
        await harness.RunUntilQuietAsync(harness.Loop());
        Assert.Equal([documents[1].DocumentKey, documents[0].DocumentKey], harness.Simulator.Journal.Records.Select(r => r.ExternalId));
    }

    [Fact]
    public async Task Two_instances_never_have_more_calls_in_flight_than_the_account_allows()
    {
        await using var harness = await SinkHarness.StartAsync(postgres.Database, o => o with
        {
            ConcurrencyLimit = null, Latency = TimeSpan.FromMilliseconds(8), SlowDelay = TimeSpan.FromMilliseconds(700), FaultPerMille = 0,
            Fault = r => r is { Method: "POST", Nth: 1 } && r.Key[^1] is 'A' or '7' ? SimulatorFault.Slow : SimulatorFault.None,
        });
        // A place is another's when the lease ends, which is the call's time and this: longer than any call is held up on its way.
        var posting = SinkHarness.Fast with { SettleDelay = TimeSpan.FromSeconds(5) };
        var quota = new AccountQuota { Concurrency = 3 };
        var documents = Enumerable.Range(1, 120).Select(n => Documents.Create(n, prefix: _prefixOfTest)).ToList();
        await harness.TakeAsync(documents);
        await harness.RunUntilQuietAsync(harness.Loop("sink-a", posting, quota), harness.Loop("sink-b", posting, quota));
        await harness.AssertPostedOnceAsync(documents);
        Assert.InRange(harness.Simulator.Figures.LargestConcurrency, 2, 3);
    }

    [Fact]
    public async Task A_month_end_of_2000_documents_with_faults_ties_to_the_cent()
    {
        await using var harness = await SinkHarness.StartAsync(postgres.Database, o => o with { FaultPerMille = 30, Seed = 42, Latency = TimeSpan.FromMilliseconds(1) });
        var documents = Enumerable.Range(1, 2000).Select(n => Documents.Create(n, prefix: _prefixOfTest)).ToList();
        foreach (var chunk in documents.Chunk(500).Select((d, i) => (d, i))) await harness.TakeAsync(chunk.d, chunk.i * 500);
        // A place in the quota is given up when its lease ends: it must outlast what a busy machine makes of a call.
        await harness.RunUntilQuietAsync(harness.Loop(posting: SinkHarness.Fast with { CallTimeout = TimeSpan.FromSeconds(2), SettleDelay = TimeSpan.FromSeconds(10) }));

        var journal = harness.Simulator.Journal.Records;
        Assert.Equal(2000, journal.Select(r => r.ExternalId).Distinct().Count());
        Assert.Equal(2000, journal.Count);
        var posted = journal.Aggregate(ExactDecimal.Zero, (sum, r) => sum + ExactDecimal.Parse(r.Total));
        Assert.Equal(documents.Aggregate(ExactDecimal.Zero, (sum, d) => sum + d.Total), posted);
        Assert.InRange(harness.Simulator.Figures.LargestConcurrency, 1, 4);
        Assert.True(harness.Simulator.Figures.FaultsInjected > 20);
        Assert.All(await harness.Status.ReconcileAsync(), r => Assert.Equal(ExactDecimal.Zero, r.Difference));
    }
}
