using Dapper;
using Npgsql;
using Streams.ErpSink.Consuming;
using Streams.ErpSink.Routing;
using Streams.Schemas;

namespace Streams.ErpSink.Reversing;

/// <summary>A document's way into an account.</summary>
/// <param name="PostingDate">Another date to post it at; null: the document's own.</param>
sealed record Way(string Account, RouteMode Mode, short Priority, DateOnly? PostingDate = null);

/// <summary>Reversals of one batch that the ledger takes in, and where each goes: to where its original was posted, whatever the routes say by now.</summary>
sealed record ReversalBatch(IReadOnlyList<JudgedRecord> Records, IReadOnlyDictionary<string, IReadOnlyList<Way>> WaysByKey);

/// <summary>
/// Takes reversals in: a record that says it reverses a document is that document's counter-document to the byte, or it is rejected. Which reverses which is written down again, so that a ledger
/// that was restored, or made anew from the topic, knows it too.
/// </summary>
static class ReversalIntake
{
    /// <summary>Holds the records to the originals in the ledger. Originals of the same batch must be there already.</summary>
    public static async Task<ReversalBatch> JudgeAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyList<JudgedRecord> records)
    {
        var originals = await OriginalsAsync(connection, transaction, records);
        List<JudgedRecord> judged = [.. records.Select(r => Judge(r, originals.GetValueOrDefault(r.Reverses!)))];
        var links = judged.Where(r => r.Document is not null).DistinctBy(r => r.Reverses).ToList();
        await connection.ExecuteAsync("insert into erp.reversal (document_key, reversal_key) select * from unnest(@originals, @reversals) on conflict do nothing",
            new { originals = links.Select(r => r.Reverses).ToArray(), reversals = links.Select(r => r.Document!.DocumentKey).ToArray() }, transaction);
        return new(judged, links.ToDictionary(r => r.Document!.DocumentKey, r => originals[r.Reverses!].Ways, StringComparer.Ordinal));
    }

    static JudgedRecord Judge(JudgedRecord record, Original? original)
    {
        if (original is null) return Rejected(record, "REVERSAL_UNKNOWN", $"the ledger has no posted document {record.Reverses} that this could reverse");
        if (original.IsReversal) return Rejected(record, "REVERSAL_DIFFERS", $"document {record.Reverses} is a reversal itself");
        if (original.Document.Kind == DocumentKind.Receipt || CounterDocument.Of(original.Document).ContentHash != record.Document!.ContentHash)
            return Rejected(record, "REVERSAL_DIFFERS", $"it is not the counter-document of {record.Reverses}");
        return record;
    }

    static JudgedRecord Rejected(JudgedRecord record, string code, string why) =>
        record with { Document = null, Rejection = new Rejection(code, $"header {DocumentHeaders.Reverses}: {why}", "validation") };

    static async Task<Dictionary<string, Original>> OriginalsAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyList<JudgedRecord> records)
    {
        var rows = await connection.QueryAsync<OriginalRow>("""
            select d.document_key as Key, d.content as Content, exists (select 1 from erp.reversal v where v.reversal_key = d.document_key) as IsReversal,
                   p.account as Account, p.priority as Priority, p.posting_date as PostingDate
            from erp.document d join erp.posting p on p.document_key = d.document_key and p.mode = 'post' where d.document_key = any(@keys) order by d.document_key, p.account
            """, new { keys = records.Select(r => r.Reverses).Distinct().ToArray() }, transaction);
        return rows.GroupBy(r => r.Key, StringComparer.Ordinal).ToDictionary(
            g => g.Key, g => new Original(ErpDocument.Read(g.First().Content), g.First().IsReversal, [.. g.Select(r => new Way(r.Account, RouteMode.Post, r.Priority, r.PostingDate))]), StringComparer.Ordinal);
    }

    sealed record Original(ErpDocument Document, bool IsReversal, IReadOnlyList<Way> Ways);

    sealed record OriginalRow(string Key, byte[] Content, bool IsReversal, string Account, short Priority, DateOnly? PostingDate);
}
