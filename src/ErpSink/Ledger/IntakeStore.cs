using System.Text;
using System.Text.Json;
using Dapper;
using Npgsql;
using Streams.ErpSink.Consuming;
using Streams.ErpSink.Reversing;
using Streams.ErpSink.Routing;
using Streams.Schemas;

namespace Streams.ErpSink.Ledger;

/// <summary>What became of a batch of records.</summary>
public sealed record IntakeCounts(int Planned, int Duplicates, int Conflicts, int Rejected, int AlreadyTaken);

/// <summary>Takes judged records into the ledger: plan rows, work items, dead letters and the position in one transaction.</summary>
public sealed class IntakeStore(NpgsqlDataSource database, RouteTable routes, string deadLettersTopic)
{
    /// <summary>Where to read on, or null for a partition that was never read.</summary>
    public async Task<long?> PositionAsync(string group, string topic, int partition, CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return await connection.ExecuteScalarAsync<long?>(
            "select next_offset from erp.consumer_position where consumer_group = @group and topic = @topic and partition = @partition", new { group, topic, partition });
    }

    /// <summary>
    /// Stores the batch and moves the position behind it. Records below the position were taken before (a former owner of the partition
    /// was faster) and are passed over, so that each offset has one disposition.
    /// </summary>
    public async Task<IntakeCounts> TakeAsync(string group, IReadOnlyList<JudgedRecord> batch, CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var total = new IntakeCounts(0, 0, 0, 0, 0);
        foreach (var partition in batch.GroupBy(r => (r.Record.Topic, r.Record.Partition)).OrderBy(g => g.Key))
        {
            var place = new { group, topic = partition.Key.Topic, partition = partition.Key.Partition };
            await connection.ExecuteAsync("""
                insert into erp.consumer_position (consumer_group, topic, partition, next_offset) values (@group, @topic, @partition, 0) on conflict do nothing
                """, place, transaction);
            var next = await connection.ExecuteScalarAsync<long>("""
                select next_offset from erp.consumer_position where consumer_group = @group and topic = @topic and partition = @partition for update
                """, place, transaction);
            var fresh = partition.Where(r => r.Record.Offset >= next).ToList();
            var counts = await StoreAsync(connection, transaction, fresh, cancel);
            total = Add(total, counts with { AlreadyTaken = partition.Count() - fresh.Count });
            if (fresh.Count == 0) continue;
            await connection.ExecuteAsync("""
                update erp.consumer_position set next_offset = @end, planned = planned + @Planned, duplicates = duplicates + @Duplicates,
                       conflicts = conflicts + @Conflicts, rejected = rejected + @Rejected
                where consumer_group = @group and topic = @topic and partition = @partition
                """, new { place.group, place.topic, place.partition, end = fresh[^1].Record.Offset + 1, counts.Planned, counts.Duplicates, counts.Conflicts, counts.Rejected },
                transaction);
        }
        await transaction.CommitAsync(cancel);
        return total;
    }

    /// <summary>Compares a batch that was read again with the ledger and plans what is missing. The position stays.</summary>
    /// <param name="alongside">What is written in the same transaction.</param>
    public async Task<IntakeCounts> ReplayAsync(IReadOnlyList<JudgedRecord> batch, Func<NpgsqlConnection, NpgsqlTransaction, IntakeCounts, Task> alongside, CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var counts = await StoreAsync(connection, transaction, batch, cancel);
        await alongside(connection, transaction, counts);
        await transaction.CommitAsync(cancel);
        return counts;
    }

    /// <summary>Reversals come last: what they reverse may stand in the same batch.</summary>
    async Task<IntakeCounts> StoreAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyList<JudgedRecord> records, CancellationToken cancel)
    {
        var counts = await StoreAsync(connection, transaction, [.. records.Where(r => r.Reverses is null).Select(Routed)], WaysOf, cancel);
        if (records.All(r => r.Reverses is null)) return counts;
        var reversals = await ReversalIntake.JudgeAsync(connection, transaction, [.. records.Where(r => r.Reverses is not null)]);
        return Add(counts, await StoreAsync(connection, transaction, reversals.Records, d => reversals.WaysByKey[d.DocumentKey], cancel));
    }

    async Task<IntakeCounts> StoreAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyList<JudgedRecord> records, Func<ErpDocument, IEnumerable<Way>> ways, CancellationToken cancel)
    {
        var inserted = await InsertDocumentsAsync(connection, transaction, records, cancel);
        var present = await PresentAsync(connection, transaction, [.. records.Where(r => r.Document is not null && !inserted.Contains(PlaceOf(r)))]);
        int planned = 0, duplicates = 0, conflicts = 0, rejected = 0;
        var fresh = new List<JudgedRecord>(inserted.Count);
        foreach (var record in records)
        {
            if (record.Document is not { } document)
            {
                rejected++;
                await RejectAsync(connection, transaction, record, record.Rejection!);
            }
            else if (inserted.Contains(PlaceOf(record)))
            {
                planned++;
                fresh.Add(record);
            }
            else if (present[document.DocumentKey] is var known && known != document.ContentHash)
            {
                conflicts++;
                await RejectAsync(connection, transaction, record,
                    new("CONTENT_CONFLICT", $"content_hash: document {document.DocumentKey} is in the ledger with {known}, this one has {document.ContentHash}", "validation"));
            }
            else
            {
                duplicates++;
            }
        }
        await InsertLinesAsync(connection, fresh, cancel);
        await InsertPostingsAsync(connection, transaction, [.. fresh.SelectMany(r => ways(r.Document!).Select(way => (r.Document!, way)))]);
        return new IntakeCounts(planned, duplicates, conflicts, rejected, 0);
    }

    static (string Topic, int Partition, long Offset) PlaceOf(JudgedRecord record) => (record.Record.Topic, record.Record.Partition, record.Record.Offset);

    /// <summary>Hashes of what the ledger has under the keys of these records.</summary>
    static async Task<Dictionary<string, string>> PresentAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyList<JudgedRecord> records)
    {
        if (records.Count == 0) return [];
        var rows = await connection.QueryAsync<(string Key, string Hash)>("select document_key, content_hash from erp.document where document_key = any(@keys)",
            new { keys = records.Select(r => r.Document!.DocumentKey).Distinct().ToArray() }, transaction);
        return rows.ToDictionary(r => r.Key, r => r.Hash, StringComparer.Ordinal);
    }

    /// <summary>A document that no route posts would lie in the ledger for ever: it goes to the work list, and is read again when there is one.</summary>
    JudgedRecord Routed(JudgedRecord record) => record.Document is not { } document || routes.Of(document).Count > 0 ? record
        : record with { Document = null, Rejection = new Rejection("NO_ROUTE", $"document {document.DocumentKey} of {document.LegalEntity}, customer {document.CustomerId}: no route posts it anywhere", "routing") };

    IEnumerable<Way> WaysOf(ErpDocument document) => routes.Of(document).Select(r => new Way(r.Account, r.Mode, r.Priority));

    static async Task InsertPostingsAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyList<(ErpDocument Document, Way Way)> postings)
    {
        if (postings.Count == 0) return;
        await connection.ExecuteAsync("""
            insert into erp.posting (document_key, account, mode, state, kind, revision, priority, posting_date)
            select p.key, p.account, p.mode, case p.mode when 'compare' then 'comparing' else 'planned' end, p.kind, p.revision, p.priority, p.posting_date
            from unnest(@keys, @accounts, @modes, @kinds, @revisions, @priorities, @dates) as p (key, account, mode, kind, revision, priority, posting_date)
            """, new
        {
            keys = postings.Select(p => p.Document.DocumentKey).ToArray(), accounts = postings.Select(p => p.Way.Account).ToArray(),
            modes = postings.Select(p => p.Way.Mode == RouteMode.Compare ? "compare" : "post").ToArray(), kinds = postings.Select(p => DocumentRules.KindName(p.Document.Kind)).ToArray(),
            revisions = postings.Select(p => p.Document.Revision).ToArray(), priorities = postings.Select(p => p.Way.Priority).ToArray(),
            dates = postings.Select(p => p.Way.PostingDate).ToArray(),
        }, transaction);
    }

    static async Task<HashSet<(string, int, long)>> InsertDocumentsAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyList<JudgedRecord> records, CancellationToken cancel)
    {
        var judged = records.Where(r => r.Document is not null).ToList();
        if (judged.Count == 0) return [];
        var d = judged.ConvertAll(r => r.Document!);
        var rows = await connection.QueryAsync<(string, int, long)>(new CommandDefinition("""
            insert into erp.document (document_key, content_hash, tenant, legal_entity, kind, customer_id, contract_id, contract_version, period, revision, currency,
                                      document_date, total, rated_total, content, source_topic, source_partition, source_offset)
            select * from unnest(@keys, @hashes, @tenants, @entities, @kinds, @customers, @contracts, @versions, @periods, @revisions, @currencies,
                                 @dates, @totals, @rated, @contents, @topics, @partitions, @offsets)
            on conflict (document_key) do nothing
            returning source_topic, source_partition, source_offset
            """, new
        {
            keys = d.Select(x => x.DocumentKey).ToArray(), hashes = d.Select(x => x.ContentHash).ToArray(), tenants = d.Select(x => x.Tenant).ToArray(),
            entities = d.Select(x => x.LegalEntity).ToArray(), kinds = d.Select(x => DocumentRules.KindName(x.Kind)).ToArray(), customers = d.Select(x => x.CustomerId).ToArray(),
            contracts = d.Select(x => x.ContractId).ToArray(), versions = d.Select(x => x.ContractVersion).ToArray(), periods = d.Select(x => x.Period).ToArray(),
            revisions = d.Select(x => x.Revision).ToArray(), currencies = d.Select(x => x.Currency).ToArray(), dates = d.Select(x => x.DocumentDate).ToArray(),
            totals = d.Select(x => x.Total.ToDecimal()).ToArray(), rated = d.Select(x => x.RatedTotal.ToDecimal()).ToArray(), contents = judged.Select(r => r.Avro!).ToArray(),
            topics = judged.Select(r => r.Record.Topic).ToArray(), partitions = judged.Select(r => r.Record.Partition).ToArray(), offsets = judged.Select(r => r.Record.Offset).ToArray(),
        }, transaction, cancellationToken: cancel));
        return rows.ToHashSet();
    }

    static async Task InsertLinesAsync(NpgsqlConnection connection, IReadOnlyList<JudgedRecord> records, CancellationToken cancel)
    {
        if (records.Count == 0) return;
        await using (var lines = await connection.BeginBinaryImportAsync("copy erp.document_line from stdin (format binary)", cancel))
        {
            foreach (var (document, line) in records.SelectMany(r => r.Document!.Lines.Select(l => (r.Document!, l))))
            {
                await lines.WriteRowAsync(cancel, document.DocumentKey, line.Line, line.Product, line.Meter, line.Quantity.ToDecimal(), line.RatedAmount.ToDecimal(),
                    line.Amount.ToDecimal(), line.Windows, line.Events);
            }
            await lines.CompleteAsync(cancel);
        }
        await using var ranges = await connection.BeginBinaryImportAsync("copy erp.lineage_range from stdin (format binary)", cancel);
        foreach (var (document, line) in records.SelectMany(r => r.Document!.Lines.Select(l => (r.Document!, l))))
        {
            for (var i = 0; i < line.Lineage.Count; i++)
            {
                var range = line.Lineage[i];
                await ranges.WriteRowAsync(cancel, document.DocumentKey, line.Line, i + 1, range.Topic, range.Partition, range.FirstOffset, range.LastOffset, range.Events);
            }
        }
        await ranges.CompleteAsync(cancel);
    }

    async Task RejectAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, JudgedRecord record, Rejection rejection)
    {
        var (r, d) = (record.Record, record.Document);
        var detail = rejection.Detail.Replace("\0", "\\0", StringComparison.Ordinal);
        var opened = await connection.ExecuteAsync("""
            insert into erp.work_item (code, detail, document_key, customer_id, amount, currency, source_topic, source_partition, source_offset)
            values (@Code, @detail, @key, @customer, @amount, @currency, @Topic, @Partition, @Offset) on conflict do nothing
            """, new { rejection.Code, detail, key = d?.DocumentKey, customer = d?.CustomerId, amount = d is null ? null : (decimal?)DocumentRules.Balance(d).ToDecimal(), currency = d?.Currency, r.Topic, r.Partition, r.Offset },
            transaction);
        if (opened == 0) return;
        await connection.ExecuteAsync("""
            insert into erp.outbox (topic, key, value, headers, encoded) values (@deadLettersTopic, @Key, @Value, cast(@headers as jsonb), true)
            """, new { deadLettersTopic, r.Key, r.Value, headers = DeadLetterHeadersOf(r, rejection, detail) }, transaction);
    }

    static string DeadLetterHeadersOf(IncomingRecord record, Rejection rejection, string detail)
    {
        var headers = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in record.Headers)
        {
            if (!name.Contains('\0')) headers[name] = Convert.ToBase64String(value ?? []);
        }
        Set(DeadLetterHeaders.Exception, "Streams.ErpSink.Rejection");
        Set(DeadLetterHeaders.Message, detail);
        Set(DeadLetterHeaders.Topic, record.Topic);
        Set(DeadLetterHeaders.Partition, record.Partition.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Set(DeadLetterHeaders.Offset, record.Offset.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Set(DeadLetterHeaders.Code, rejection.Code);
        Set(DeadLetterHeaders.Stage, rejection.Stage);
        Set(DeadLetterHeaders.Attempt, "1");
        return JsonSerializer.Serialize(headers);

        void Set(string name, string value) => headers[name] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value));
    }

    static IntakeCounts Add(IntakeCounts a, IntakeCounts b) =>
        new(a.Planned + b.Planned, a.Duplicates + b.Duplicates, a.Conflicts + b.Conflicts, a.Rejected + b.Rejected, a.AlreadyTaken + b.AlreadyTaken);
}
