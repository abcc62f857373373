using Dapper;
using Npgsql;
using Streams.ErpSink.Status;
using Streams.Schemas;

namespace Streams.ConsolePages;

/// <summary>Reads the posting ledger, in connections that can only read and only for a few seconds.</summary>
public sealed class LedgerConsoleData : IConsoleData, IAsyncDisposable
{
    const string Columns = """
        d.document_key as Key, p.state as State, p.reason as Reason, customer_id as Customer, contract_id as Contract, period as Period, d.revision as Revision,
        total::text as Total, currency as Currency, p.erp_id as ErpId, p.attempts as Attempts, d.kind as Kind, legal_entity as LegalEntity, content_hash as ContentHash,
        source_topic as SourceTopic, source_partition as SourcePartition, source_offset as SourceOffset
        """;

    readonly NpgsqlDataSource _database;
    readonly ErpSinkStatus _status;

    /// <param name="postgres">Npgsql connection string of the ledger's database.</param>
    public LedgerConsoleData(string postgres)
    {
        var connection = new NpgsqlConnectionStringBuilder(postgres)
        {
            ApplicationName = "streams-console", MaxPoolSize = 4, CommandTimeout = 10, Options = "-c default_transaction_read_only=on -c statement_timeout=8000",
        };
        _database = NpgsqlDataSource.Create(connection);
        _status = new(_database);
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    public async Task<LedgerOverview> OverviewAsync(CancellationToken cancel) =>
        new(await _status.ByStateAsync(cancel), await _status.ReconcileAsync(cancel), await _status.IntakeAsync(cancel), await _status.CallsAsync(cancel));

    public async Task<IReadOnlyList<DocumentSummary>> DocumentsAsync(string? state, string? after, int most, CancellationToken cancel)
    {
        var rows = await QueryAsync<DocumentRow>($"""
            select {Columns} from erp.document d join erp.posting p on p.document_key = d.document_key and p.mode = 'post'
            where (@state::text is null or p.state = @state) and (@after::text is null or d.document_key > @after) order by d.document_key limit @most
            """, new { state, after, most }, cancel);
        return [.. rows.Select(r => r.ToSummary())];
    }

    public async Task<DocumentDetail?> DocumentAsync(string key, CancellationToken cancel)
    {
        var row = (await QueryAsync<DocumentRow>($"select {Columns} from erp.document d join erp.posting p on p.document_key = d.document_key and p.mode = 'post' where d.document_key = @key", new { key }, cancel)).SingleOrDefault();
        if (row is null) return null;
        var lines = await QueryAsync<LineRow>("""
            select line as Line, product as Product, meter as Meter, quantity::text as Quantity, rated_amount::text as RatedAmount, amount::text as Amount,
                   windows as Windows, events as Events
            from erp.document_line where document_key = @key order by line
            """, new { key }, cancel);
        var links = (await QueryAsync<(string? Reverses, string? ReversedBy)>("""
            select (select document_key from erp.reversal where reversal_key = @key), (select reversal_key from erp.reversal where document_key = @key)
            """, new { key }, cancel)).Single();
        return new(row.ToSummary(), row.Kind, row.LegalEntity, row.ContentHash, row.SourceTopic, row.SourcePartition, row.SourceOffset,
            [.. lines.Select(l => l.ToLine())], await _status.AttemptsAsync(key, cancel), await _status.LineageAsync(key, cancel)) { Reverses = links.Reverses, ReversedBy = links.ReversedBy };
    }

    public Task<IReadOnlyList<WorkItem>> WorkListAsync(int most, CancellationToken cancel) => _status.WorkItemsAsync(resolved: false, most, cancel);

    async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object parameters, CancellationToken cancel)
    {
        await using var connection = await _database.OpenConnectionAsync(cancel);
        return (await connection.QueryAsync<T>(new CommandDefinition(sql, parameters, cancellationToken: cancel))).AsList();
    }

    sealed record DocumentRow(
        string Key, string State, string? Reason, string Customer, string Contract, string Period, int Revision, string Total, string Currency, string? ErpId, int Attempts,
        string Kind, string LegalEntity, string ContentHash, string SourceTopic, int SourcePartition, long SourceOffset)
    {
        public DocumentSummary ToSummary() =>
            new(Key, State, Reason, Customer, Contract, Period, Revision, new Money(ExactDecimal.Parse(Total), Currency), ErpId, Attempts);
    }

    sealed record LineRow(int Line, string Product, string Meter, string Quantity, string RatedAmount, string Amount, long Windows, long Events)
    {
        public DocumentLine ToLine() =>
            new(Line, Product, Meter, ExactDecimal.Parse(Quantity), ExactDecimal.Parse(RatedAmount), ExactDecimal.Parse(Amount), Windows, Events);
    }
}
