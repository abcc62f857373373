using System.Text;
using System.Text.Json;
using Dapper;
using Npgsql;
using Streams.ErpSink.Consuming;
using Streams.Schemas;

namespace Streams.ErpSink.Ledger;

/// <summary>What became of a batch of records.</summary>
public sealed record IntakeCounts(int Planned, int Duplicates, int Conflicts, int Rejected, int AlreadyTaken);

/// <summary>Takes judged records into the ledger: plan rows, work items, dead letters and the position in one transaction.</summary>
public sealed class IntakeStore(NpgsqlDataSource database, string deadLettersTopic)
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
    public async Task<IntakeCounts> ReplayAsync(IReadOnlyList<JudgedRecord> batch, CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var counts = await StoreAsync(connection, transaction, batch, cancel);
        await transaction.CommitAsync(cancel);
        return counts;
    }

    async Task<IntakeCounts> StoreAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyList<JudgedRecord> records, CancellationToken cancel)
    {
        var inserted = await InsertDocumentsAsync(connection, transaction, records, cancel);
        int planned = 0, duplicates = 0, conflicts = 0, rejected = 0;
        var details = new List<JudgedRecord>();
        foreach (var record in records)
        {
            if (record.Document is null)
            {
                rejected++;
                await RejectAsync(connection, transaction, record, record.Rejection!);
            }
            else if (inserted.Contains(record))
            {
                planned++;
                details.Add(record);
            }
            else if (await ConflictAsync(connection, transaction, record) is { } conflict)
            {
                conflicts++;
                await RejectAsync(connection, transaction, record, conflict);
            }
            else
            {
                duplicates++;
            }
        }
        await InsertLinesAsync(connection, transaction, details, cancel);
        return new IntakeCounts(planned, duplicates, conflicts, rejected, 0);
    }

    static async Task<HashSet<JudgedRecord>> InsertDocumentsAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyList<JudgedRecord> records, CancellationToken cancel)
    {
        var documents = records.Where(r => r.Document is not null).ToList();
        var inserted = new HashSet<JudgedRecord>(ReferenceEqualityComparer.Instance);
        if (documents.Count == 0) return inserted;
        await using var batch = new NpgsqlBatch(connection, transaction);
        foreach (var record in documents) batch.BatchCommands.Add(InsertDocument(record));
        await batch.ExecuteNonQueryAsync(cancel);
        for (var i = 0; i < documents.Count; i++)
        {
            if (batch.BatchCommands[i].RecordsAffected == 1) inserted.Add(documents[i]);
        }
        return inserted;
    }

    static NpgsqlBatchCommand InsertDocument(JudgedRecord record)
    {
        var (d, r) = (record.Document!, record.Record);
        return Command("""
            insert into erp.document (document_key, content_hash, tenant, legal_entity, kind, customer_id, contract_id, contract_version, period, revision, currency,
                                      document_date, total, rated_total, content, source_topic, source_partition, source_offset)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) on conflict (document_key) do nothing
            """, d.DocumentKey, d.ContentHash, d.Tenant, d.LegalEntity, DocumentRules.KindName(d.Kind), d.CustomerId, d.ContractId, d.ContractVersion, d.Period,
            d.Revision, d.Currency, d.DocumentDate, d.Total.ToDecimal(), d.RatedTotal.ToDecimal(), record.Avro, r.Topic, r.Partition, r.Offset);
    }

    static async Task InsertLinesAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyList<JudgedRecord> records, CancellationToken cancel)
    {
        if (records.Count == 0) return;
        await using var batch = new NpgsqlBatch(connection, transaction);
        foreach (var document in records.Select(r => r.Document!))
        {
            foreach (var line in document.Lines)
            {
                batch.BatchCommands.Add(Command("insert into erp.document_line values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                    document.DocumentKey, line.Line, line.Product, line.Meter, line.Quantity.ToDecimal(), line.RatedAmount.ToDecimal(), line.Amount.ToDecimal(),
                    line.Windows, line.Events));
                if (line.Lineage.Count > 0) batch.BatchCommands.Add(InsertLineage(document.DocumentKey, line));
            }
        }
        await batch.ExecuteNonQueryAsync(cancel);
    }

    static NpgsqlBatchCommand InsertLineage(string key, ErpDocumentLine line) => Command("""
        insert into erp.lineage_range
        select $1, $2, r.ordinal, r.topic, r.partition, r.first_offset, r.last_offset, r.events
        from unnest($3, $4, $5, $6, $7) with ordinality as r (topic, partition, first_offset, last_offset, events, ordinal)
        """, key, line.Line, line.Lineage.Select(r => r.Topic).ToArray(), line.Lineage.Select(r => r.Partition).ToArray(),
        line.Lineage.Select(r => r.FirstOffset).ToArray(), line.Lineage.Select(r => r.LastOffset).ToArray(), line.Lineage.Select(r => r.Events).ToArray());

    static NpgsqlBatchCommand Command(string sql, params object[] parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in parameters) command.Parameters.Add(new NpgsqlParameter { Value = value });
        return command;
    }

    static async Task<Rejection?> ConflictAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, JudgedRecord record)
    {
        var d = record.Document!;
        var present = await connection.ExecuteScalarAsync<string>("select content_hash from erp.document where document_key = @DocumentKey", new { d.DocumentKey }, transaction);
        return present == d.ContentHash ? null
            : new Rejection("CONTENT_CONFLICT", $"content_hash: document {d.DocumentKey} is in the ledger with {present}, this one has {d.ContentHash}", "validation");
    }

    async Task RejectAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, JudgedRecord record, Rejection rejection)
    {
        var (r, d) = (record.Record, record.Document);
        var detail = rejection.Detail.Replace("\0", "\\0", StringComparison.Ordinal);
        var opened = await connection.ExecuteAsync("""
            insert into erp.work_item (code, detail, document_key, customer_id, amount, currency, source_topic, source_partition, source_offset)
            values (@Code, @detail, @key, @customer, @amount, @currency, @Topic, @Partition, @Offset) on conflict do nothing
            """, new { rejection.Code, detail, key = d?.DocumentKey, customer = d?.CustomerId, amount = d?.Total.ToDecimal(), currency = d?.Currency, r.Topic, r.Partition, r.Offset },
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
