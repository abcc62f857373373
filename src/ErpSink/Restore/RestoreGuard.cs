using Confluent.Kafka;
using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Streams.ErpSink.Restore;

/// <summary>
/// Notices that PostgreSQL was put back to an older state, before anything is posted on its word: the ledger's position is behind what the group committed, the topic of
/// receipts holds confirmations that the ledger does not have, or a number was given out twice. Kafka is the memory that a backup of the database does not put back.
/// </summary>
public sealed class RestoreGuard(NpgsqlDataSource database, ErpSinkOptions options, TopicHeads heads, ILogger<RestoreGuard> log) : IDisposable
{
    readonly SemaphoreSlim _one = new(1, 1);
    readonly RestoreStore _store = new(database);
    string? _suspicion;

    /// <summary>Something was seen that only an older ledger explains; the next check opens a restore.</summary>
    public void Suspect(string evidence) => Volatile.Write(ref _suspicion, evidence);

    /// <summary>Compares the ledger with what Kafka remembers; where the ledger is the older one, all that is not at its end is marked to be looked up.</summary>
    /// <exception cref="TimeoutException">Kafka does not answer, so that nothing can be said: the caller waits and asks again.</exception>
    public async Task CheckAsync(CancellationToken cancel = default)
    {
        await _one.WaitAsync(cancel);
        try
        {
            var suspicion = Volatile.Read(ref _suspicion);
            var partitions = await heads.HeadsAsync(cancel);
            var behind = new List<PartitionHead>();
            foreach (var p in partitions.Where(p => p.Ledger < p.Committed))
            {
                if (!await _store.CoversAsync(p, cancel)) behind.Add(p);
            }
            var evidence = new List<string>(behind.Select(p => $"{p.Topic} {p.Partition} was taken in up to {p.Committed}, the ledger says {p.Ledger}"));
            if (suspicion is not null) evidence.Add(suspicion);
            long? restore = evidence.Count > 0 ? await OpenAsync(string.Join("; ", evidence), partitions, cancel) : null;
            await CheckReceiptsAsync(restore, partitions, cancel);
            Interlocked.CompareExchange(ref _suspicion, null, suspicion);
            Reconciliation.Telemetry.Show(await _store.FiguresAsync(cancel));
        }
        catch (KafkaException e)
        {
            throw new TimeoutException($"Kafka does not answer ({e.Error.Reason}): whether the ledger is the latest cannot be told", e);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Closes restores of which all is accounted for.</summary>
    public async Task ExplainAsync(CancellationToken cancel)
    {
        foreach (var id in await _store.ExplainAsync(options.Group, cancel)) Log.RestoreExplained(log, id);
        Reconciliation.Telemetry.Show(await _store.FiguresAsync(cancel));
    }

    public void Dispose() => _one.Dispose();

    // The place up to which receipts were checked is part of the ledger: one that was put back checks the lost time again.
    Task CheckReceiptsAsync(long? restore, IReadOnlyList<PartitionHead> partitions, CancellationToken cancel) => heads.ReadReceiptsAsync(PositionAsync, async (partition, receipts, next) =>
    {
        var lost = await _store.LostAsync(receipts, cancel);
        if (lost.Count > 0)
        {
            restore ??= await OpenAsync($"{options.ReceiptsTopic} {partition} holds {lost.Count} confirmations from offset {lost[0].Offset} on that the ledger does not have", partitions, cancel);
            await _store.RememberAsync(restore.Value, lost, cancel);
        }
        await using var connection = await database.OpenConnectionAsync(cancel);
        await connection.ExecuteAsync("""
            insert into erp.tally_position values (@topic, @partition, @next) on conflict (topic, partition) do update set next_offset = greatest(erp.tally_position.next_offset, excluded.next_offset)
            """, new { topic = options.ReceiptsTopic, partition, next });
    }, cancel);

    async Task<long> PositionAsync(int partition)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<long?>("select next_offset from erp.tally_position where topic = @ReceiptsTopic and partition = @partition", new { options.ReceiptsTopic, partition }) ?? 0;
    }

    async Task<long> OpenAsync(string evidence, IReadOnlyList<PartitionHead> partitions, CancellationToken cancel)
    {
        Log.Restored(log, evidence);
        return await _store.OpenAsync(evidence, partitions, cancel);
    }
}
