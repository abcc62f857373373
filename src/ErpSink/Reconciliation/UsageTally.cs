using System.Text.Json;
using Confluent.Kafka;
using Dapper;
using Npgsql;
using Streams.ErpSink.Consuming;
using Streams.ErpSink.Ledger;
using Streams.Schemas;
using Streams.Schemas.Avro;
using Streams.Schemas.Registry;

namespace Streams.ErpSink.Reconciliation;

/// <summary>What became of the records of one partition of the usage, by the sums of usage.dispositions.</summary>
public sealed record UsageFigures(string Topic, int Partition, long Records, long Accepted, long Duplicate, long Late, long Parked, long DeadLettered, long Control, long Routed)
{
    /// <summary>Records that the counts do not add up to: zero.</summary>
    public long Difference => Records - Accepted - Duplicate - Late - Parked - DeadLettered - Control - Routed;
}

/// <summary>
/// What was billed in one currency (net and tax, less credits), what of it is not for an ERP, what waits for its summary journal, and what the ledger holds; credit memos count below zero. What people reversed was billed all the same: reversals do not count.
/// </summary>
public sealed record BilledFigures(string Currency, long Documents, ExactDecimal Billed, ExactDecimal Unposted, ExactDecimal Waiting, ExactDecimal InLedger)
{
    /// <summary>Billed - not for an ERP - waiting - in the ledger: zero when no document is on its way.</summary>
    public ExactDecimal Difference => Billed - Unposted - Waiting - InLedger;
}

/// <summary>
/// Adds up usage.dispositions and what was billed as they grow, and looks into usage.events where a disposition leaves offsets out: markers of transactions may stand there,
/// records may not.
/// </summary>
public sealed class UsageTally(NpgsqlDataSource database, ErpSinkOptions options, TimeProvider time)
{
    const int Batch = 1000;
    static readonly TimeSpan KafkaTimeout = TimeSpan.FromSeconds(15);

    /// <summary>Goes on from where the last call ended.</summary>
    public async Task AddAsync(CancellationToken cancel)
    {
        await EachAsync(Topics.UsageDispositions, AddDispositionsAsync, cancel);
        await EachAsync(Topics.BillingDocuments, AddBilledAsync, cancel);
        await EachAsync(Topics.BillingJournal, AddUnpostedAsync, cancel);
        await EachAsync(Topics.ErpEntries, AddEntriesAsync, cancel);
        await PlaceEntriesAsync(cancel);
    }

    public async Task<IReadOnlyList<UsageFigures>> UsageAsync(CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return (await connection.QueryAsync<UsageFigures>("""
            select topic as Topic, partition as Partition, records as Records, accepted as Accepted, duplicate as Duplicate, late as Late, parked as Parked, dead_lettered as DeadLettered, control as Control, routed as Routed
            from erp.tally_disposition order by topic, partition
            """)).AsList();
    }

    public async Task<IReadOnlyList<BilledFigures>> BilledAsync(CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return await BilledAsync(connection, null);
    }

    internal static async Task<IReadOnlyList<BilledFigures>> BilledAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction)
    {
        var rows = await connection.QueryAsync<(string Currency, long Documents, decimal Amount, decimal Unposted, decimal Waiting, decimal InLedger)>("""
            select b.currency, b.documents, b.amount, b.unposted, coalesce((select sum(e.balance) from erp.entry e where e.currency = b.currency and e.in_document is null), 0), coalesce((select sum(d.balance) from erp.document d where d.currency = b.currency and not exists (select 1 from erp.reversal v where v.reversal_key = d.document_key)), 0) from erp.tally_billed b order by b.currency
            """, transaction: transaction);
        return [.. rows.Select(r => new BilledFigures(r.Currency, r.Documents, r.Amount.ToExact(), r.Unposted.ToExact(), r.Waiting.ToExact(), r.InLedger.ToExact()))];
    }

    async Task EachAsync(string topic, Func<NpgsqlConnection, NpgsqlTransaction, IConsumer<byte[]?, byte[]?>, IReadOnlyList<ConsumeResult<byte[]?, byte[]?>>, Task> add, CancellationToken cancel)
    {
        using var consumer = Consumer();
        using var looker = Consumer();
        foreach (var partition in Partitions(consumer, topic))
        {
            var limits = consumer.QueryWatermarkOffsets(new TopicPartition(topic, partition), KafkaTimeout);
            for (var ended = false; !ended;)
            {
                await using var connection = await database.OpenConnectionAsync(cancel);
                await using var transaction = await connection.BeginTransactionAsync(cancel);
                await connection.ExecuteAsync("insert into erp.tally_position values (@topic, @partition, 0) on conflict do nothing", new { topic, partition }, transaction);
                var next = await connection.ExecuteScalarAsync<long>("select next_offset from erp.tally_position where topic = @topic and partition = @partition for update", new { topic, partition }, transaction);
                (var records, next, ended) = await Task.Run(() => Read(consumer, topic, partition, Math.Max(next, limits.Low.Value), limits.High.Value, Batch, cancel), cancel);
                await add(connection, transaction, looker, records);
                await connection.ExecuteAsync("update erp.tally_position set next_offset = @next where topic = @topic and partition = @partition", new { topic, partition, next }, transaction);
                await transaction.CommitAsync(cancel);
            }
        }
    }

    async Task AddDispositionsAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, IConsumer<byte[]?, byte[]?> looker, IReadOnlyList<ConsumeResult<byte[]?, byte[]?>> records)
    {
        foreach (var record in records)
        {
            var d = Dispositions.Read(Payload(record));
            var before = await connection.ExecuteScalarAsync<long?>("select last_offset from erp.tally_disposition where topic = @Topic and partition = @Partition", new { d.Topic, d.Partition }, transaction);
            var differences = await CompareAsync(looker, d, before, record);
            await DifferenceStore.ReportAsync(connection, transaction, differences);
            await connection.ExecuteAsync("""
                insert into erp.tally_disposition as t values (@Topic, @Partition, @FirstOffset, @LastOffset, @Records, @Accepted, @Duplicate, @Late, @Parked, @DeadLettered, @Control, @Routed)
                on conflict (topic, partition) do update set last_offset = greatest(t.last_offset, excluded.last_offset), records = t.records + excluded.records, accepted = t.accepted + excluded.accepted,
                    duplicate = t.duplicate + excluded.duplicate, late = t.late + excluded.late, parked = t.parked + excluded.parked, dead_lettered = t.dead_lettered + excluded.dead_lettered,
                    control = t.control + excluded.control, routed = t.routed + excluded.routed
                """, new { d.Topic, d.Partition, d.FirstOffset, d.LastOffset, d.Records, d.Accepted, d.Duplicate, d.Late, d.Parked, d.DeadLettered, d.Control, d.Routed }, transaction);
        }
    }

    async Task<IReadOnlyList<Difference>> CompareAsync(IConsumer<byte[]?, byte[]?> looker, Dispositions d, long? before, ConsumeResult<byte[]?, byte[]?> record)
    {
        var found = new List<Difference>();
        if (d.FirstOffset <= before)
            found.Add(new Difference(DifferenceClass.DispositionTwice, $"{d.Topic}/{d.Partition}/{d.FirstOffset}", "", $"offsets {d.FirstOffset} to {Math.Min(before.Value, d.LastOffset)} have two dispositions", $"{record.TopicPartitionOffset}"));
        var between = await CountAsync(looker, d.Topic, d.Partition, (before ?? -1) + 1, d.FirstOffset - 1);
        if (between > 0) found.Add(Missing(d.Topic, d.Partition, (before ?? -1) + 1, d.FirstOffset - 1, between, record));
        if (d.Records == d.LastOffset - d.FirstOffset + 1) return found;
        var within = await CountAsync(looker, d.Topic, d.Partition, d.FirstOffset, d.LastOffset);
        if (within != d.Records) found.Add(Missing(d.Topic, d.Partition, d.FirstOffset, d.LastOffset, within - d.Records, record));
        return found;
    }

    static Difference Missing(string topic, int partition, long first, long last, long records, ConsumeResult<byte[]?, byte[]?> record) =>
        new(DifferenceClass.UsageWithoutDisposition, $"{topic}/{partition}/{first}", "", $"{records} records between offsets {first} and {last} have no disposition", $"{record.TopicPartitionOffset}");

    /// <summary>Committed records between two offsets, both included.</summary>
    async Task<long> CountAsync(IConsumer<byte[]?, byte[]?> looker, string topic, int partition, long first, long last)
    {
        if (last < first) return 0;
        var (count, next, ended) = (0L, first, false);
        while (!ended)
        {
            (var records, next, ended) = await Task.Run(() => Read(looker, topic, partition, next, last + 1, Batch, CancellationToken.None));
            count += records.Count;
        }
        return count;
    }

    static async Task AddBilledAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, IConsumer<byte[]?, byte[]?> looker, IReadOnlyList<ConsumeResult<byte[]?, byte[]?>> records)
    {
        foreach (var record in records)
        {
            using var document = Json(record);
            var amount = Amount(document, "net") + Amount(document, "tax") - Amount(document, "credit");
            await AddAsync(connection, transaction, document, 1, amount, ExactDecimal.Zero);
        }
    }

    static async Task AddUnpostedAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, IConsumer<byte[]?, byte[]?> looker, IReadOnlyList<ConsumeResult<byte[]?, byte[]?>> records)
    {
        foreach (var record in records)
        {
            using var entry = Json(record);
            if (entry.RootElement.GetProperty("kind").GetString() == "unposted") await AddAsync(connection, transaction, entry, 0, ExactDecimal.Zero, Amount(entry, "due"));
        }
    }

    static async Task AddEntriesAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, IConsumer<byte[]?, byte[]?> looker, IReadOnlyList<ConsumeResult<byte[]?, byte[]?>> records)
    {
        var entries = records.Select(r => (r.Partition, r.Offset, Document: ErpDocument.Read(Payload(r)))).ToList();
        await connection.ExecuteAsync("""
            insert into erp.entry (partition, "offset", document_key, currency, document_date, balance)
            select * from unnest(@partitions, @offsets, @keys, @currencies, @dates, @balances) on conflict do nothing
            """, new
        {
            partitions = entries.Select(e => e.Partition.Value).ToArray(), offsets = entries.Select(e => e.Offset.Value).ToArray(), keys = entries.Select(e => e.Document.DocumentKey).ToArray(),
            currencies = entries.Select(e => e.Document.Currency).ToArray(), dates = entries.Select(e => e.Document.DocumentDate).ToArray(), balances = entries.Select(e => DocumentRules.Balance(e.Document).ToDecimal()).ToArray(),
        }, transaction);
    }

    /// <summary>Finds the documents of the ledger that entries are in: themselves, or journals by their lineage.</summary>
    async Task PlaceEntriesAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition("""
            update erp.entry e set in_document = d.document_key from erp.document d where e.in_document is null and d.document_key = e.document_key;
            update erp.entry e set in_document = r.document_key from erp.lineage_range r
            where e.in_document is null and r.topic = @topic and r.partition = e.partition and e."offset" between r.first_offset and r.last_offset
              and not exists (select 1 from erp.reversal v where v.reversal_key = r.document_key)
            """, new { topic = Topics.ErpEntries }, cancellationToken: cancel));
    }

    static Task<int> AddAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, JsonDocument of, int documents, ExactDecimal amount, ExactDecimal unposted) => connection.ExecuteAsync("""
        insert into erp.tally_billed as t values (@currency, @documents, @amount, @unposted)
        on conflict (currency) do update set documents = t.documents + excluded.documents, amount = t.amount + excluded.amount, unposted = t.unposted + excluded.unposted
        """, new { currency = of.RootElement.GetProperty("currency").GetString(), documents, amount = amount.ToDecimal(), unposted = unposted.ToDecimal() }, transaction);

    static ExactDecimal Amount(JsonDocument of, string name) => ExactDecimal.Parse(of.RootElement.GetProperty(name).GetString()!);

    static JsonDocument Json(ConsumeResult<byte[]?, byte[]?> record) => JsonDocument.Parse(record.Message.Value ?? throw new JsonException($"{record.TopicPartitionOffset} is empty"));

    /// <summary>Up to so many records from an offset, where to go on, and whether the end was reached.</summary>
    (List<ConsumeResult<byte[]?, byte[]?>> Records, long Next, bool Ended) Read(IConsumer<byte[]?, byte[]?> consumer, string topic, int partition, long from, long end, int most, CancellationToken cancel)
    {
        var records = new List<ConsumeResult<byte[]?, byte[]?>>();
        if (from >= end) return (records, from, true);
        consumer.Assign(new TopicPartitionOffset(topic, partition, from));
        var (next, heard) = (from, time.GetTimestamp());
        while (records.Count < most)
        {
            cancel.ThrowIfCancellationRequested();
            var result = consumer.Consume(TimeSpan.FromMilliseconds(200));
            if (result is null && time.GetElapsedTime(heard) > KafkaTimeout) throw new TimeoutException($"{topic} {partition} does not answer");
            if (result is null) continue;
            if (result.IsPartitionEOF || result.Offset.Value >= end) return (records, Math.Max(next, Math.Min(end, result.Offset.Value)), true);
            heard = time.GetTimestamp();
            records.Add(result);
            next = result.Offset.Value + 1;
            if (next >= end) return (records, next, true);
        }
        return (records, next, false);
    }

    static ReadOnlySpan<byte> Payload(ConsumeResult<byte[]?, byte[]?> record) =>
        record.Message.Value is { } value && WireFormat.TryRead(value, out _, out var payload) ? payload : throw new AvroException($"{record.TopicPartitionOffset} is not in the wire format");

    static IReadOnlyList<int> Partitions(IConsumer<byte[]?, byte[]?> consumer, string topic)
    {
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        var metadata = admin.GetMetadata(topic, KafkaTimeout).Topics.Single();
        if (metadata.Error.Code == ErrorCode.UnknownTopicOrPart) return [];
        return metadata.Error.IsError ? throw new KafkaException(metadata.Error) : [.. metadata.Partitions.Select(p => p.PartitionId).Order()];
    }

    IConsumer<byte[]?, byte[]?> Consumer() => new ConsumerBuilder<byte[]?, byte[]?>(ConsumerSettings.For(options, options.Group + "-reconciliation")).SetLogHandler((_, _) => { }).Build();
}
