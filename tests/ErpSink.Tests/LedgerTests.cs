using Dapper;
using Npgsql;
using Streams.ErpSink.Consuming;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.Publishing;
using Streams.ErpSink.Routing;
using Streams.Schemas;
using Streams.Schemas.Avro;
using Streams.Schemas.Registry;

namespace Streams.ErpSink.Tests;

/// <summary>What the database itself refuses, and what the intake makes of good and bad records.</summary>
public sealed class LedgerTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    readonly IntakeStore _store = new(postgres.Database, new RouteTable { Routes = [new Route { Account = "ledger" }] }, Topics.ErpDeadLetters);
    readonly FixedRegistry _registry = new();

    /// <summary>As the posting store does it: a call on record, then the document in it.</summary>
    const string Send = """
        with c as (insert into erp.call (account, call, instance, documents) values ('ledger', 'post', 't', 1) returning id)
        update erp.posting set state = 'sent', outcome = null, call_id = c.id from c where document_key = @DocumentKey
        """;

    [Theory]
    [InlineData("planned", "sent")]
    [InlineData("planned", "confirmed")]
    [InlineData("planned", "refused")]
    [InlineData("claimed", "confirmed")]
    [InlineData("claimed", "unknown")]
    [InlineData("sent", "planned")]
    [InlineData("sent", "confirmed")]
    [InlineData("sent", "claimed")]
    [InlineData("unknown", "planned")]
    [InlineData("unknown", "sent")]
    [InlineData("unknown", "confirmed")]
    [InlineData("unknown", "claimed")]
    public async Task An_edge_without_its_ground_is_refused_by_the_database(string from, string to)
    {
        var document = Documents.Create(1, prefix: $"edge-{from}-{to}");
        await TakeAsync($"edge-{from}-{to}", Documents.Record(document, 0));
        await using var connection = await postgres.Database.OpenConnectionAsync();
        foreach (var state in new[] { "claimed", "sent", "unknown" }.TakeWhile((_, i) => i < Array.IndexOf(["planned", "claimed", "sent", "unknown"], from)))
            await connection.ExecuteAsync(state == "sent" ? Send : "update erp.posting set state = @state, outcome = 'unknown' where document_key = @DocumentKey", new { state, document.DocumentKey });
        var refusal = await Assert.ThrowsAsync<PostgresException>(() =>
            connection.ExecuteAsync("update erp.posting set state = @to where document_key = @DocumentKey", new { to, document.DocumentKey }));
        Assert.StartsWith("ER0", refusal.SqlState, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("finish", "period_closed", "2026-03-01", true)]
    [InlineData("finish", "period_closed", null, false)]
    [InlineData("finish", "absent", "2026-03-01", false)]
    [InlineData("lookup", "period_closed", "2026-03-01", false)]
    public async Task What_was_created_is_planned_again_only_after_its_finish_met_a_closed_period(string call, string outcome, string? date, bool isAllowed)
    {
        var document = Documents.Create(1, prefix: $"draft-{call}-{outcome}-{date}");
        await TakeAsync($"draft-{call}-{outcome}-{date}", Documents.Record(document, 0));
        await using var connection = await postgres.Database.OpenConnectionAsync();
        await connection.ExecuteAsync("update erp.posting set state = 'claimed' where document_key = @DocumentKey", document);
        await connection.ExecuteAsync(Send, document);
        await connection.ExecuteAsync("""
            with c as (insert into erp.call (account, call, instance, documents) select account, @call, 'test', 1 from erp.posting where document_key = @DocumentKey returning id)
            update erp.posting set state = 'created', outcome = 'created', erp_id = 'id-1', call_id = (select id from c) where document_key = @DocumentKey
            """, new { call, document.DocumentKey });
        Task<string?> Plan() => connection.QuerySingleAsync<string?>(
            "update erp.posting set state = 'planned', outcome = @outcome, posting_date = @date::date where document_key = @DocumentKey returning coalesce(erp_id, 'none')", new { outcome, date, document.DocumentKey });
        if (isAllowed) Assert.Equal("none", await Plan());
        else Assert.Equal("ER007", (await Assert.ThrowsAsync<PostgresException>(Plan)).SqlState);
    }

    [Fact]
    public async Task A_confirmed_document_never_changes_and_nothing_is_deleted()
    {
        var document = Documents.Create(1, prefix: "final");
        await TakeAsync("final", Documents.Record(document, 0));
        await using var connection = await postgres.Database.OpenConnectionAsync();
        await connection.ExecuteAsync("""
            update erp.posting set state = 'claimed' where document_key = @DocumentKey
            """, document);
        await connection.ExecuteAsync(Send, document);
        await connection.ExecuteAsync("update erp.posting set state = 'created', outcome = 'created' where document_key = @DocumentKey", document);
        await connection.ExecuteAsync("update erp.posting set state = 'confirmed', outcome = 'found' where document_key = @DocumentKey", document);
        foreach (var change in new[] { "update erp.posting set state = 'planned'", "update erp.posting set erp_id = 'x'", "delete from erp.posting", "delete from erp.document", "update erp.document set total = 1" })
            await Assert.ThrowsAsync<PostgresException>(() => connection.ExecuteAsync($"{change} where document_key = @DocumentKey", document));
        await Assert.ThrowsAsync<PostgresException>(() => connection.ExecuteAsync("delete from erp.transition where document_key = @DocumentKey", document));
        var history = await connection.QueryAsync<string>("select to_state from erp.transition where document_key = @DocumentKey order by id", document);
        Assert.Equal(["planned", "claimed", "sent", "created", "confirmed"], history);
    }

    [Fact]
    public async Task Each_offset_has_one_disposition_and_the_counts_add_up()
    {
        var a = Documents.Create(1, prefix: "count");
        var changed = Documents.Create(1, prefix: "count", factor: 3);
        var unreadable = Documents.Record(a, 3) with { Value = [0, 0, 0, 0, 7, 1, 2, 3] };
        IncomingRecord[] records = [Documents.Record(a, 0), Documents.Record(a, 1), Documents.Record(changed, 2), unreadable, Documents.Record(Documents.Create(2, prefix: "count"), 4)];
        Assert.Equal(new IntakeCounts(2, 1, 1, 1, 0), await TakeAsync("count", records));
        Assert.Equal(new IntakeCounts(0, 0, 0, 0, 5), await TakeAsync("count", records));
        Assert.Equal(5, await _store.PositionAsync("count", Topics.ErpDocuments, 0));
        await using var connection = await postgres.Database.OpenConnectionAsync();
        var lineage = await connection.QuerySingleAsync<(long, long)>("select first_offset, last_offset from erp.lineage_range where document_key = @DocumentKey and line = 1", a);
        Assert.Equal((100, 199), lineage);
    }

    [Fact]
    public async Task Malformed_records_are_kept_with_their_place_and_code()
    {
        var good = Documents.Record(Documents.Create(1, prefix: "bad"), 0);
        var wrongSum = Documents.Create(1, prefix: "bad");
        wrongSum = Documents.Hashed(wrongSum with { Total = wrongSum.Total + ExactDecimal.FromInteger(1) });
        (string Code, IncomingRecord Record)[] cases =
        [
            ("AVRO_MALFORMED", good with { Value = null }),
            ("AVRO_MALFORMED", good with { Value = good.Value![..^9] }),
            ("SCHEMA_UNKNOWN", good with { Value = [0, 0, 0, 0, 99, .. good.Value![5..]] }),
            ("RECORD_KEY_MISMATCH", good with { Key = null }),
            ("TOTAL_MISMATCH", Documents.Record(wrongSum, 0)),
            ("CONTENT_HASH_MISMATCH", Documents.Record(Documents.Create(1, prefix: "bad") with { ContentHash = new string('0', 64) }, 0)),
            ("DOCUMENT_KEY_MISMATCH", Documents.Record(Documents.Hashed(Documents.Create(1, prefix: "bad") with { Period = "2026-02" }), 0)),
            ("CURRENCY_INVALID", Documents.Record(Documents.Hashed(Documents.Create(1, prefix: "bad") with { Currency = "usd" }), 0)),
            ("FIELD_INVALID", Documents.Record(Documents.Hashed(Documents.Create(1, prefix: "bad") with { Tenant = "a\0b" }), 0)),
        ];
        var records = cases.Select((c, i) => c.Record with { Offset = 100 + i }).ToArray();
        Assert.Equal(cases.Length, (await TakeAsync("bad", records)).Rejected);

        var publisher = new ListPublisher();
        var outbox = new OutboxPublisher(postgres.Database, publisher, _registry, Options(), TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<OutboxPublisher>.Instance);
        while (await outbox.StepAsync() > 0) continue;
        for (var i = 0; i < cases.Length; i++)
        {
            var letter = publisher.Records.Single(r => Header(r, DeadLetterHeaders.Offset) == $"{100 + i}");
            Assert.Equal(Topics.ErpDeadLetters, letter.Topic);
            Assert.Equal(cases[i].Code, Header(letter, DeadLetterHeaders.Code));
            Assert.Equal(records[i].Value, letter.Value);
            Assert.Equal(records[i].Key, letter.Key);
        }
    }

    [Fact]
    public async Task Documents_of_the_schema_before_credit_memos_and_of_one_with_later_kinds_are_read()
    {
        const string Now = "[\"AR_INVOICE\",\"GL_JOURNAL\",\"CREDIT_MEMO\",\"UNKNOWN\",\"RECEIPT\"]";
        string With(string symbols) => System.Text.Json.Nodes.JsonNode.Parse(ErpDocument.SchemaJson)!.ToJsonString().Replace(Now, symbols, StringComparison.Ordinal);
        var document = Documents.Record(Documents.Create(1, kind: DocumentKind.GlJournal, prefix: "evolved"), 0);
        var before = With("[\"AR_INVOICE\",\"GL_JOURNAL\"]").Replace(",\"default\":\"UNKNOWN\"", "", StringComparison.Ordinal);
        Assert.DoesNotContain("UNKNOWN\"", before, StringComparison.Ordinal);
        var read = await new DocumentReader(new FixedRegistry(before)).ReadAsync(document);
        Assert.Equal((DocumentKind.GlJournal, null), (read.Document?.Kind, read.Rejection));
        Assert.Equal(document.Value![5..], read.Avro);

        var later = await new DocumentReader(new FixedRegistry(With("[\"AR_INVOICE\",\"DEBIT_NOTE\",\"CREDIT_MEMO\",\"UNKNOWN\"]"))).ReadAsync(document);
        Assert.Equal("KIND_UNKNOWN", later.Rejection?.Code);
        Assert.Equal("SCHEMA_INCOMPATIBLE", (await new DocumentReader(new FixedRegistry(ErpReceipt.SchemaJson)).ReadAsync(document)).Rejection?.Code);
        Assert.Empty(SchemaCompatibility.Check(CompatibilityMode.Backward, AvroSchema.Parse(ErpDocument.SchemaJson), [AvroSchema.Parse(before)]));
    }

    [Fact]
    public async Task A_silent_registry_rejects_nothing()
    {
        _registry.Silent = true;
        await Assert.ThrowsAsync<SchemaRegistryException>(() => new DocumentReader(_registry).ReadAsync(Documents.Record(Documents.Create(1), 0)));
    }

    async Task<IntakeCounts> TakeAsync(string group, params IncomingRecord[] records)
    {
        var reader = new DocumentReader(_registry);
        var judged = new List<JudgedRecord>();
        foreach (var record in records) judged.Add(await reader.ReadAsync(record));
        return await _store.TakeAsync(group, judged);
    }

    static string Header(OutgoingRecord record, string name) => System.Text.Encoding.UTF8.GetString(record.Headers.Single(h => h.Key == name).Value);

    ErpSinkOptions Options() => new()
    {
        Registry = _registry, Postgres = postgres.ConnectionString,
        Accounts = [],
    };
}

/// <summary>Keeps what would be published.</summary>
sealed class ListPublisher : IRecordPublisher
{
    public List<OutgoingRecord> Records { get; } = [];

    public Task PublishAsync(IReadOnlyList<OutgoingRecord> records, CancellationToken cancel)
    {
        Records.AddRange(records);
        return Task.CompletedTask;
    }
}
