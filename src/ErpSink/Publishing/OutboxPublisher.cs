using System.Buffers;
using System.Text.Json;
using Confluent.Kafka;
using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;
using Streams.Schemas;
using Streams.Schemas.Registry;

namespace Streams.ErpSink.Publishing;

/// <summary>A record to be published.</summary>
public sealed record OutgoingRecord(string Topic, byte[]? Key, byte[]? Value, IReadOnlyList<KeyValuePair<string, byte[]>> Headers);

/// <summary>Where records go: Kafka, or a list in tests.</summary>
public interface IRecordPublisher
{
    /// <summary>Returns when all of them are acknowledged.</summary>
    Task PublishAsync(IReadOnlyList<OutgoingRecord> records, CancellationToken cancel);
}

/// <summary>
/// Publishes what the ledger's transactions left in the outbox, in order, at least once: a record is marked only after its acknowledgement,
/// and its content was fixed when the transaction committed, so that a second publication is the same bytes.
/// </summary>
public sealed class OutboxPublisher(NpgsqlDataSource database, IRecordPublisher publisher, ISchemaRegistry registry, ErpSinkOptions options, TimeProvider time, ILogger<OutboxPublisher> log)
{
    const int Batch = 500;

    /// <summary>Runs until cancelled; trouble with Kafka, the registry or the database is waited for.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                if (await StepAsync(cancel) == 0) await Task.Delay(options.Posting.IdleDelay, time, cancel);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is KafkaException or SchemaRegistryException or NpgsqlException or TimeoutException)
            {
                Log.PublishingPauses(log, e.Message, e);
                await Task.Delay(options.Posting.ThrottlePause, time, CancellationToken.None);
            }
        }
    }

    /// <summary>Publishes one batch; returns how many records it held. One instance publishes at a time, so that the order stays.</summary>
    public Task<int> StepAsync(CancellationToken cancel = default) => StepAsync(heads: false, cancel);

    /// <summary>Publishes heads of the audit trail. They go apart from the rest: a topic that is missing for one holds up nothing of the other.</summary>
    public Task<int> PublishHeadsAsync(CancellationToken cancel = default) => StepAsync(heads: true, cancel);

    async Task<int> StepAsync(bool heads, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        if (!await connection.ExecuteScalarAsync<bool>("select pg_try_advisory_xact_lock(hashtext(@name))", new { name = heads ? "erp.outbox.heads" : "erp.outbox" }, transaction)) return 0;
        var rows = (await connection.QueryAsync<OutboxRow>("""
            select id as Id, topic as Topic, key as Key, value as Value, headers::text as Headers, encoded as Encoded
            from erp.outbox where published_at is null and (topic = @HeadsTopic) = @heads order by id limit @Batch
            """, new { Batch, options.People.HeadsTopic, heads }, transaction)).AsList();
        if (rows.Count == 0) return 0;
        var schemaIds = await SchemaIdsAsync(rows, cancel);
        KillPoint.Reached("sink.before_publish", options.Instance);
        await publisher.PublishAsync([.. rows.Select(r => ToRecord(r, schemaIds.GetValueOrDefault(r.Topic)))], cancel);
        KillPoint.Reached("sink.after_publish", options.Instance);
        await connection.ExecuteAsync("update erp.outbox set published_at = clock_timestamp() where id = any(@ids)", new { ids = rows.Select(r => r.Id).ToArray() }, transaction);
        await transaction.CommitAsync(cancel);
        Telemetry.Published.Add(rows.Count);
        return rows.Count;
    }

    /// <summary>Receipts, and documents that reverse others.</summary>
    async Task<Dictionary<string, int>> SchemaIdsAsync(IEnumerable<OutboxRow> rows, CancellationToken cancel)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var topic in rows.Where(r => !r.Encoded).Select(r => r.Topic).Distinct(StringComparer.Ordinal))
        {
            ids[topic] = topic == options.DocumentsTopic
                ? await registry.GetIdAsync(Topics.Subject(topic), ErpDocument.SchemaJson, cancel) : await registry.GetIdAsync(Topics.Subject(options.ReceiptsTopic), ErpReceipt.SchemaJson, cancel);
        }
        return ids;
    }

    static OutgoingRecord ToRecord(OutboxRow row, int schemaId)
    {
        var headers = JsonSerializer.Deserialize<SortedDictionary<string, string>>(row.Headers)!
            .Select(h => new KeyValuePair<string, byte[]>(h.Key, Convert.FromBase64String(h.Value))).ToList();
        if (row.Encoded) return new OutgoingRecord(row.Topic, row.Key, row.Value, headers);
        var value = new ArrayBufferWriter<byte>();
        WireFormat.WriteHeader(value, schemaId);
        value.Write(row.Value!);
        return new OutgoingRecord(row.Topic, row.Key, value.WrittenSpan.ToArray(), headers);
    }

    sealed record OutboxRow(long Id, string Topic, byte[]? Key, byte[]? Value, string Headers, bool Encoded);
}
