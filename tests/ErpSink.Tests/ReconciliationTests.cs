using System.Buffers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Streams.ErpSink.Posting;
using Streams.ErpSink.Quotas;
using Streams.ErpSink.Reconciliation;
using Streams.Schemas;
using Streams.Schemas.Registry;

namespace Streams.ErpSink.Tests;

/// <summary>What differs between usage, ledger and ERP is found, aged, accepted or gone; and a period is signed only when nothing does.</summary>
public sealed class ReconciliationTests : IAsyncLifetime
{
    Plant _plant = null!;
    NpgsqlDataSource _database = null!;

    public async Task InitializeAsync()
    {
        _plant = await Plant.StartAsync();
        _database = NpgsqlDataSource.Create(_plant.ConnectionString);
    }

    public async Task DisposeAsync()
    {
        await _database.DisposeAsync();
        await _plant.DisposeAsync();
    }

    [Fact]
    public async Task Each_kind_of_drift_in_the_ERP_is_found_accepted_and_voids_a_sign_off()
    {
        var documents = await ConfirmedAsync(10);
        string Key(int n) => documents[n].DocumentKey;
        _plant.Erp.Edit(Key(0), r => r with { Total = r.Total + ExactDecimal.FromInteger(1) });
        _plant.Erp.Edit(Key(1), _ => null);
        _plant.Erp.Make(documents[2]);
        _plant.Erp.Edit(Key(3), r => r with { Posted = false });
        _plant.Erp.Edit(Key(4), _ => null);
        _plant.Erp.Make(documents[4]);
        _plant.Erp.Edit(Key(5), r => r with { Date = r.Date.AddDays(-2) });
        _plant.Erp.Edit(Key(6), r => r with { Date = r.Date.AddMonths(1) });
        (string, string)[] expected =
        [
            (Key(0), DifferenceClass.Edited), (Key(1), DifferenceClass.Deleted), (Key(2), DifferenceClass.Duplicate), (Key(3), DifferenceClass.Unposted), (Key(4), DifferenceClass.Replaced),
            (Key(5), DifferenceClass.DateMoved), (Key(6), DifferenceClass.PeriodMoved),
        ];
        using var account = Account();
        var counts = await ReadBack(account).WalkAsync("2026-01", CancellationToken.None);
        Assert.Equal((10L, 7L, 0L), (counts.Documents, counts.Differences, counts.Unanswered));
        var store = new DifferenceStore(_database);
        var found = await store.ListAsync("2026-01");
        Assert.Equal(expected.Order(), found.Select(d => (d.Subject, d.Class)).Order());
        Assert.All(found, d => Assert.Equal(("accounting", documents.Single(x => x.DocumentKey == d.DocumentKey).Total, "US01"), (d.Owner, d.Amount, d.LegalEntity)));

        var signOffs = new SignOffStore(_database);
        Assert.Contains("7 differences", (await Assert.ThrowsAsync<SignOffRefusedException>(() => signOffs.SignAsync("2026-01", "US01", "ann", null))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(() => store.AcceptAsync(found[0].Id, "ann", " "));
        foreach (var d in found) await store.AcceptAsync(d.Id, "ann", "agreed with the customer");
        await ReadBack(account).WalkAsync("2026-01", CancellationToken.None);
        Assert.Empty(await store.ListAsync("2026-01"));
        var signed = await signOffs.SignAsync("2026-01", "US01", "ann", "January");
        await Assert.ThrowsAsync<SignOffRefusedException>(() => signOffs.SignAsync("2026-01", "US01", "ann", null));
        Assert.Equal(0, await signOffs.VerifyAsync());
        Assert.Empty(await new ReadBackStore(_database, "OPEN").NextAsync("", null, 100, CancellationToken.None));

        _plant.Erp.Edit(Key(9), r => r with { Currency = "CHF" });
        await ReadBack(account).WalkAsync("2026-01", CancellationToken.None);
        var voided = (await signOffs.ListAsync()).Single();
        Assert.Equal((signed.Id, "reconciliation"), (voided.Id, voided.VoidedBy));
        Assert.Contains("edited", voided.VoidReason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_document_that_comes_after_the_sign_off_voids_it()
    {
        await ConfirmedAsync(3);
        using var account = Account();
        await ReadBack(account).WalkAsync(null, CancellationToken.None);
        var signOffs = new SignOffStore(_database);
        await signOffs.SignAsync("2026-01", "US01", "ann", null);
        await _plant.ProduceAsync([Documents.Create(99, prefix: "late")]);
        await _plant.RunUntilAsync("select exists (select 1 from erp.sign_off where voided_at is not null)");
    }

    [Fact]
    public async Task The_background_walk_finds_an_edit_and_sees_when_it_is_undone()
    {
        var documents = await ConfirmedAsync(6);
        ErpSinkOptions Walking(ErpSinkOptions o) => o with { Reconciliation = o.Reconciliation with { ReadBack = true, ReadBackInterval = TimeSpan.FromMilliseconds(50), ReadBackPercent = 100 } };
        _plant.Erp.Edit(documents[2].DocumentKey, r => r with { Total = ExactDecimal.FromInteger(7) });
        await _plant.RunUntilAsync("select exists (select 1 from erp.difference where class = 'edited' and resolved_at is null)", Walking);
        _plant.Erp.Edit(documents[2].DocumentKey, r => r with { Total = documents[2].Total });
        await _plant.RunUntilAsync("select exists (select 1 from erp.difference where class = 'edited' and resolved_at is not null)", Walking);
        Assert.Equal(6, _plant.Erp.Posts);
    }

    [Fact]
    public async Task An_ERP_that_does_not_answer_is_no_difference_and_one_absence_is_none_yet()
    {
        var documents = await ConfirmedAsync(2);
        using var account = Account();
        _plant.Erp.Silence = new ErpAnswer(ErpOutcome.Unknown, Code: "TIMEOUT");
        Assert.Equal(2, (await ReadBack(account).WalkAsync(null, CancellationToken.None)).Unanswered);
        _plant.Erp.Silence = new ErpAnswer(ErpOutcome.Absent);
        Assert.True(await ReadBack(account).StepAsync(CancellationToken.None));
        _plant.Erp.Silence = null;
        await ReadBack(account).WalkAsync(null, CancellationToken.None);
        Assert.Empty(await new DifferenceStore(_database).ListAsync());
        Assert.Equal("found", await _plant.QueryAsync<string>("select outcome from erp.read_back where document_key = @DocumentKey", documents[0]));
    }

    [Fact]
    public async Task What_is_on_no_list_or_does_not_move_is_a_difference_until_it_is_mended()
    {
        await ConfirmedAsync(2);
        await _plant.QueryAsync<long>("""
            with d as (insert into erp.document (document_key, content_hash, tenant, legal_entity, kind, customer_id, contract_id, contract_version, period, revision, currency, document_date, total,
                rated_total, content, source_topic, source_partition, source_offset, planned_at) select 'AAAAAAAAAAAAAAA' || n, content_hash, tenant, legal_entity, kind, customer_id, contract_id, contract_version, period, revision, currency, document_date, total,
                rated_total, content, source_topic, source_partition, 1000 + n, clock_timestamp() - interval '3 days' from erp.document, generate_series(1, 3) n where document_key = (select min(document_key) from erp.document) returning document_key),
            l as (insert into erp.document_line select d.document_key, 1, 'p', 'm', 1, total, total, 0, 0 from d, (select total from erp.document limit 1) t returning 1)
            select count(*) from d, l
            """);
        await _plant.QueryAsync<long>("""
            with p as (insert into erp.posting (document_key, account, state, kind, revision) values ('AAAAAAAAAAAAAAA1', 'OPEN', 'refused', 'AR_INVOICE', 1), ('AAAAAAAAAAAAAAA2', 'OPEN', 'unknown', 'AR_INVOICE', 1) returning 1)
            select count(*) from p
            """);
        var checks = new LedgerChecks(_database, new ReconciliationOptions());
        await checks.CheckAsync();
        await checks.CheckAsync();
        var found = await new DifferenceStore(_database).ListAsync();
        Assert.Equal(["ledger_sum", "not_listed", "stuck", "without_posting"], found.Select(d => d.Class).Order(StringComparer.Ordinal));
        Assert.Equal(["AAAAAAAAAAAAAAA1", "AAAAAAAAAAAAAAA2", "AAAAAAAAAAAAAAA3"], found.Where(d => d.DocumentKey is not null).Select(d => d.DocumentKey!).Order(StringComparer.Ordinal));
        await _plant.QueryAsync<long>("""
            with w as (insert into erp.work_item (code, detail, document_key, account, amount, currency, source_topic, source_partition, source_offset)
                       select 'X', '', document_key, 'OPEN', total, currency, source_topic, source_partition, source_offset from erp.document where document_key = 'AAAAAAAAAAAAAAA1' returning 1) select count(*) from w
            """);
        await checks.CheckAsync();
        Assert.DoesNotContain(await new DifferenceStore(_database).ListAsync(), d => d.Class == "not_listed");
    }

    [Fact]
    public async Task Usage_that_a_disposition_passes_by_or_claims_twice_is_found()
    {
        await _plant.ProduceAsync(Topics.UsageEvents, 0, [.. Enumerable.Range(0, 30).Select(n => new byte[] { (byte)n })]);
        await _plant.ProduceAsync(Topics.UsageDispositions, 0, [Disposition(0, 9, 10, 9, 1), Disposition(10, 14, 5, 5, 0)]);
        using var host = _plant.Build();
        var tally = host.Services.GetRequiredService<UsageTally>();
        await tally.AddAsync(CancellationToken.None);
        await tally.AddAsync(CancellationToken.None);
        var figures = (await tally.UsageAsync()).Single();
        Assert.Equal((15L, 14L, 1L, 0L), (figures.Records, figures.Accepted, figures.Late, figures.Difference));
        Assert.Empty(await new DifferenceStore(_database).ListAsync());

        await _plant.ProduceAsync(Topics.UsageDispositions, 0, [Disposition(17, 19, 3, 3, 0), Disposition(18, 29, 10, 10, 0)]);
        await tally.AddAsync(CancellationToken.None);
        var found = await new DifferenceStore(_database).ListAsync();
        Assert.Equal([("disposition_twice", "usage.events/0/18"), ("usage_without_disposition", "usage.events/0/15"), ("usage_without_disposition", "usage.events/0/18")], found.Select(d => (d.Class, d.Subject)).Order());
        Assert.StartsWith("2 records between offsets 15 and 16", found.Single(d => d.Subject.EndsWith("/15", StringComparison.Ordinal)).Cause, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_billed_is_held_against_the_ledger()
    {
        var documents = await ConfirmedAsync(3);
        var total = documents.Aggregate(ExactDecimal.Zero, (sum, d) => sum + d.Total);
        await _plant.ProduceAsync(Topics.BillingDocuments, 0, [Json("period", $"\"net\":\"{total + ExactDecimal.FromInteger(7)}\",\"tax\":\"1.50\",\"credit\":\"0.50\"")]);
        await _plant.ProduceAsync(Topics.BillingJournal, 1, [Json("unposted", "\"due\":\"8\""), Json("correction", "\"due\":\"5\"")]);
        using var host = _plant.Build();
        var tally = host.Services.GetRequiredService<UsageTally>();
        await tally.AddAsync(CancellationToken.None);
        await tally.AddAsync(CancellationToken.None);
        var checks = new LedgerChecks(_database, new ReconciliationOptions());
        Assert.Empty(await checks.CheckAsync());
        await _plant.ProduceAsync(Topics.BillingDocuments, 1, [Json("period", "\"net\":\"3.10\",\"tax\":\"0\",\"credit\":\"0\"")]);
        await tally.AddAsync(CancellationToken.None);
        var found = Assert.Single(await checks.CheckAsync());
        Assert.Equal(("billed_not_in_ledger", "USD", ExactDecimal.Parse("3.10")), (found.Class, found.Subject, found.Amount));

        static byte[] Json(string kind, string amounts) => System.Text.Encoding.UTF8.GetBytes($"{{\"kind\":\"{kind}\",\"currency\":\"USD\",{amounts}}}");
    }

    /// <summary>Two documents reach the ERP within one journal, which names their positions; the others by themselves.</summary>
    [Fact]
    public async Task What_waits_for_its_journal_is_no_difference_and_is_found_in_it_afterwards()
    {
        var alone = await ConfirmedAsync(2);
        var summed = Enumerable.Range(11, 2).Select(n => Documents.Create(n, prefix: "recon")).ToList();
        await _plant.ProduceAsync(Topics.ErpEntries, 0, [.. alone.Concat(summed).Select(d => Documents.Record(d, 0).Value!)]);
        var total = alone.Concat(summed).Aggregate(ExactDecimal.Zero, (sum, d) => sum + d.Total);
        var waiting = summed.Aggregate(ExactDecimal.Zero, (sum, d) => sum + d.Total);
        await _plant.ProduceAsync(Topics.BillingDocuments, 0, [System.Text.Encoding.UTF8.GetBytes($"{{\"kind\":\"period\",\"currency\":\"USD\",\"net\":\"{total}\",\"tax\":\"0\",\"credit\":\"0\"}}")]);
        using var host = _plant.Build();
        var tally = host.Services.GetRequiredService<UsageTally>();
        await tally.AddAsync(CancellationToken.None);
        var billed = Assert.Single(await tally.BilledAsync());
        Assert.Equal((waiting, total - waiting, ExactDecimal.Zero), (billed.Waiting, billed.InLedger, billed.Difference));

        var lines = summed.SelectMany(d => d.Lines).Select((l, i) => l with { Line = i + 1, Lineage = [new LineageRange { Topic = Topics.ErpEntries, Partition = 0, FirstOffset = 2, LastOffset = 3, Events = 2 }] }).ToList();
        var journal = Documents.Create(1, kind: DocumentKind.GlJournal, prefix: "journal") with { Lines = lines, Total = waiting, RatedTotal = summed.Aggregate(ExactDecimal.Zero, (sum, d) => sum + d.RatedTotal) };
        await _plant.ProduceAsync([Documents.Hashed(journal)]);
        await _plant.RunUntilAsync("select count(*) = 3 from erp.document");
        await tally.AddAsync(CancellationToken.None);
        billed = Assert.Single(await tally.BilledAsync());
        Assert.Equal((ExactDecimal.Zero, total, ExactDecimal.Zero), (billed.Waiting, billed.InLedger, billed.Difference));
        Assert.Equal([alone[0].DocumentKey, alone[1].DocumentKey, journal.DocumentKey, journal.DocumentKey], await _plant.QueryAsync<string[]>("select array_agg(in_document order by \"offset\") from erp.entry"));
    }

    [Theory]
    [InlineData(60, 1, 10, 1, 0, 10_000)]     // 60 a minute, a tenth: one in 10 s
    [InlineData(60, 1, 10, 2, 5_000, 15_000)] // two requests, and 5 s have passed
    [InlineData(60, 1, 100, 1, 2_000, 0)]
    [InlineData(null, 4, 10, 1, 600, 900)]    // of four lines, 0.4 of one
    [InlineData(null, 20, 10, 1, 600, 0)]
    public void Reading_back_keeps_to_its_share_of_the_quota(int? requests, int concurrency, int percent, int made, int tookMs, int pauseMs) =>
        Assert.Equal(TimeSpan.FromMilliseconds(pauseMs), Reconciliation.ReadBack.Pause(new AccountQuota { Requests = requests, Concurrency = concurrency }, percent, made, TimeSpan.FromMilliseconds(tookMs)));

    async Task<IReadOnlyList<ErpDocument>> ConfirmedAsync(int count)
    {
        var documents = Enumerable.Range(1, count).Select(n => Documents.Create(n, prefix: "recon")).ToList();
        await _plant.ProduceAsync(documents);
        await _plant.RunUntilAsync($"select count(*) filter (where state = 'confirmed') = {count} from erp.posting");
        return documents;
    }

    ErpAccount Account()
    {
        var options = _plant.Options;
        return new ErpAccount(options.Accounts[0], _database, "recon", options.Posting, TimeProvider.System);
    }

    ReadBack ReadBack(ErpAccount account) =>
        new(account, _database, _plant.Options with { Instance = "recon", Reconciliation = new ReconciliationOptions { ReadBackPercent = 100 } }, TimeProvider.System, NullLogger.Instance);

    static byte[] Disposition(long first, long last, long records, long accepted, long late)
    {
        var value = new ArrayBufferWriter<byte>();
        WireFormat.WriteHeader(value, 1);
        new Dispositions { Topic = Topics.UsageEvents, Partition = 0, FirstOffset = first, LastOffset = last, Records = records, Accepted = accepted, Late = late, Duplicate = 0, Parked = 0, DeadLettered = 0, Control = 0, WindowsClosed = 0, StreamTime = default }.Write(value);
        return value.WrittenSpan.ToArray();
    }
}
