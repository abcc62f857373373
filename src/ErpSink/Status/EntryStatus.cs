using Dapper;
using Npgsql;

namespace Streams.ErpSink.Status;

/// <summary>A document as billing made it, and the one of the ledger that it is in.</summary>
/// <param name="Place">Partition and offset in erp.entries.</param>
/// <param name="InDocument">Itself, or its summary journal; null: it waits.</param>
/// <param name="State">Of that document's posting.</param>
public sealed record EntryLine(string Place, string DocumentKey, string DocumentDate, string Currency, decimal Balance, string? InDocument, string? Account, string? State, string? ErpId);

/// <summary>Follows documents into summary journals and back. It knows what reconciliation has read so far.</summary>
public sealed class EntryStatus(NpgsqlDataSource database)
{
    /// <param name="document">The key of a journal, or of a document that may be in one; null: all that wait for a journal.</param>
    public async Task<IReadOnlyList<EntryLine>> EntriesAsync(string? document, int most, CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return (await connection.QueryAsync<EntryLine>(new CommandDefinition("""
            select e.partition || ':' || e."offset" as Place, e.document_key as DocumentKey, to_char(e.document_date, 'YYYY-MM-DD') as DocumentDate, e.currency as Currency, e.balance as Balance,
                   e.in_document as InDocument, p.account as Account, p.state as State, p.erp_id as ErpId
            from erp.entry e left join erp.posting p on p.document_key = e.in_document and p.mode = 'post'
            where case when @document is null then e.in_document is null else e.in_document = @document or e.document_key = @document end
            order by e.partition, e."offset" limit @most
            """, new { document, most }, cancellationToken: cancel))).AsList();
    }
}
