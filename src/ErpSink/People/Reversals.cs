using System.Buffers;
using Dapper;
using Npgsql;
using Streams.ErpSink.Reversing;
using Streams.Schemas;

namespace Streams.ErpSink.People;

/// <summary>The counter-document that an approved request publishes, and what it takes back.</summary>
/// <param name="Amount">In the document's own terms: positive for a credit memo.</param>
/// <param name="MappingThen">Version of the mapping that the original was posted by; null: unknown.</param>
/// <param name="MappingNow">Version in force, by which the counter-document would be posted.</param>
public sealed record ReversalEntry(string Reverses, string DocumentKey, string Kind, string Amount, string Currency, string ContentHash, string? MappingThen, string? MappingNow);

/// <summary>Asks for reversals. The ledger's own functions decide; every method works in the transaction of the connection.</summary>
public static class Reversals
{
    /// <summary>Asks for the reversal of a confirmed document. Another person has to approve; then the counter-document goes to the topic of documents and the way of any other.</summary>
    /// <param name="topic">Of the documents.</param>
    /// <exception cref="PeopleException">The document does not exist, is a receipt, a reversal, reversed or not confirmed, its series is under way, its period is signed off, or it is asked for already.</exception>
    public static async Task<long> AskAsync(NpgsqlConnection c, Person by, string documentKey, string topic, string reason)
    {
        // What has no counter-document is refused for its reason by the ledger itself.
        var content = await c.ExecuteScalarAsync<byte[]?>("select content from erp.document where document_key = @documentKey and kind <> 'RECEIPT'", new { documentKey });
        var counter = content is null ? null : CounterDocument.Of(ErpDocument.Read(content));
        return await c.ExecuteScalarAsync<long>("select erp.ask_reversal(@Name, @Method, @documentKey, @key, @hash, @avro, @topic, @reason)",
            new { by.Name, by.Method, documentKey, key = counter?.DocumentKey, hash = counter?.ContentHash, avro = counter is null ? null : Avro(counter), topic, reason });
    }

    /// <summary>What a request publishes; null for requests of other kinds.</summary>
    public static async Task<ReversalEntry?> OfRequestAsync(NpgsqlConnection c, long request)
    {
        var (reverses, content, then, now) = await c.QuerySingleOrDefaultAsync<(string, byte[]?, string?, string?)>("""
            select q.document_key, q.content, p.mapping, (select m.mapping from erp.mapping_version m where m.account = p.account order by m.id desc limit 1)
            from erp.reversal_request q join erp.posting p on p.document_key = q.document_key and p.mode = 'post' where q.request_id = @request order by p.account limit 1
            """, new { request });
        if (content is null) return null;
        var d = ErpDocument.Read(content);
        return new(reverses, d.DocumentKey, Consuming.DocumentRules.KindName(d.Kind), d.Total.ToString(), d.Currency, d.ContentHash, then, now);
    }

    static byte[] Avro(ErpDocument document)
    {
        var buffer = new ArrayBufferWriter<byte>();
        document.Write(buffer);
        return buffer.WrittenSpan.ToArray();
    }
}
