using System.Diagnostics;
using Dapper;
using Npgsql;
using Streams.ConsolePages;
using Streams.ErpSink.Ledger;
using Streams.Schemas;
using Streams.Testing;

namespace Streams.Cli.Tests.Observability;

/// <summary>The pages' questions against the ledger's real tables.</summary>
public sealed class LedgerConsoleDataTests : IAsyncLifetime
{
    const string First = "AAAAAAAAAAAAAAAA", Second = "BBBBBBBBBBBBBBBB";

    TestDatabase _database = null!;
    LedgerConsoleData _data = null!;

    public async Task InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync();
        var postgres = _database.ConnectionString;
        await using (var database = NpgsqlDataSource.Create(postgres)) await LedgerSchema.ApplyAsync(database);
        foreach (var key in new[] { First, Second }) await ExecuteAsync(postgres, Insert(key));
        await ExecuteAsync(postgres, "insert into erp.work_item (code, detail, document_key, amount, currency, source_topic, source_partition, source_offset) "
            + $"values ('PERIOD_CLOSED', 'January is closed', '{First}', 12.5, 'EUR', 'erp.documents', 3, 42)");
        _data = new(postgres);
    }

    public async Task DisposeAsync()
    {
        await _data.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task A_document_has_its_lines_attempts_and_lineage()
    {
        var document = await _data.DocumentAsync(First, default);

        Assert.NotNull(document);
        Assert.Equal(new Money(ExactDecimal.Parse("12.5"), "EUR"), document.Summary.Total);
        var line = Assert.Single(document.Lines);
        Assert.Equal((ExactDecimal.Parse("3.000000001"), ExactDecimal.Parse("12.499"), ExactDecimal.Parse("12.5")), (line.Quantity, line.RatedAmount, line.Amount));
        Assert.Equal("lookup", Assert.Single(document.Attempts).Call);
        Assert.Equal(("usage.events", 7L, 9L), (document.Lineage.Single().Topic, document.Lineage.Single().FirstOffset, document.Lineage.Single().LastOffset));
        Assert.Null(await _data.DocumentAsync("nothing", default));
    }

    [Fact]
    public async Task Documents_come_by_state_and_page()
    {
        Assert.Equal([First, Second], (await _data.DocumentsAsync(null, null, 10, default)).Select(d => d.Key));
        Assert.Equal([Second], (await _data.DocumentsAsync("planned", First, 10, default)).Select(d => d.Key));
        Assert.Single(await _data.DocumentsAsync(null, null, 1, default));
        Assert.Empty(await _data.DocumentsAsync("confirmed", null, 10, default));
    }

    [Fact]
    public async Task The_overview_and_the_work_list_are_read()
    {
        var overview = await _data.OverviewAsync(default);

        Assert.Equal(("planned", 2L, ExactDecimal.FromInteger(25)), (overview.States.Single().State, overview.States.Single().Documents, overview.States.Single().Total));
        Assert.Equal(ExactDecimal.Zero, overview.Reconciliations.Single().Difference);
        Assert.Equal(2, overview.Calls.Single().Calls);
        Assert.Equal("January is closed", Assert.Single(await _data.WorkListAsync(10, default)).Detail);
    }

    static string Insert(string key) => $"""
        insert into erp.document (document_key, content_hash, tenant, legal_entity, kind, customer_id, contract_id, contract_version, period, revision, currency, document_date,
            total, rated_total, content, source_topic, source_partition, source_offset)
        values ('{key}', '{new string('a', 64)}', 't', 'US01', 'AR_INVOICE', 'cust-{key}', 'c', 1, '2026-01', 1, 'EUR', '2026-01-31', 12.5, 12.499, '', 'erp.documents', 3, 42);
        insert into erp.document_line values ('{key}', 1, 'product', 'api.requests', 3.000000001, 12.499, 12.5, 2, 3);
        insert into erp.lineage_range values ('{key}', 1, 1, 'usage.events', 5, 7, 9, 3);
        insert into erp.call (account, call, instance, documents) values ('1', 'lookup', 'test', 1);
        insert into erp.posting (document_key, account, kind, revision, call_id) values ('{key}', '1', 'AR_INVOICE', 1, (select max(id) from erp.call))
        """;

    static async Task ExecuteAsync(string postgres, string sql)
    {
        await using var database = NpgsqlDataSource.Create(postgres);
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync(sql);
    }
}
