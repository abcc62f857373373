using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;
using Streams.ErpSink.Consuming;
using Streams.ErpSink.Ledger;
using Streams.Schemas;

namespace Streams.ErpSink.Replay;

/// <summary>
/// Reads a part of the documents topic again and compares it with the ledger: what is there already is only compared, what is missing is planned,
/// once. No position goes back; the posting itself is the sink's, which knows each key.
/// </summary>
public sealed class ReplayPlanner(NpgsqlDataSource database, IntakeStore store, DocumentReader reader, ErpSinkOptions options, ILogger<ReplayPlanner> log)
{
    const int Batch = 500;
    static readonly TimeSpan KafkaTimeout = TimeSpan.FromSeconds(15);

    /// <summary>What a replay of this scope would do now. Changes nothing.</summary>
    public async Task<ReplayPlan> PlanAsync(ReplayScope scope, CancellationToken cancel = default)
    {
        var ranges = await RangesAsync(scope, cancel);
        var states = await StatesAsync(cancel);
        var tally = new ReplayTally(states);
        var read = new SortedDictionary<int, long>();
        await ReadAsync(scope, ranges, batch =>
        {
            foreach (var record in batch)
            {
                read[record.Record.Partition] = read.GetValueOrDefault(record.Record.Partition) + 1;
                tally.Add(record);
            }
            return Task.CompletedTask;
        }, cancel);
        return tally.ToPlan(options.DocumentsTopic, scope, [.. ranges.Select(r => r with { Records = read.GetValueOrDefault(r.Partition) })]);
    }

    /// <summary>Executes a plan that still holds.</summary>
    /// <exception cref="ReplayRefusedException">The group has active members, or the topic or the ledger have moved since the plan was made.</exception>
    public async Task<ReplayResult> ExecuteAsync(ReplayScope scope, string planHash, CancellationToken cancel = default)
    {
        await RefuseActiveGroupAsync();
        var plan = await PlanAsync(scope, cancel);
        if (plan.Hash != planHash) throw new ReplayRefusedException($"The topic or the ledger have moved since plan {planHash[..Math.Min(12, planHash.Length)]} was made: plan again");
        long records = 0, planned = 0, compared = 0, conflicts = 0, rejected = 0;
        await ReadAsync(scope, plan.Partitions, async batch =>
        {
            var counts = await store.ReplayAsync(batch, cancel);
            records += batch.Count;
            planned += counts.Planned;
            compared += counts.Duplicates;
            conflicts += counts.Conflicts;
            rejected += counts.Rejected;
        }, cancel);
        Log.Replayed(log, records, (int)planned, (int)compared);
        return new ReplayResult(plan, records, planned, compared, conflicts, rejected);
    }

    async Task RefuseActiveGroupAsync()
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig(options.KafkaSettings.ToDictionary()) { BootstrapServers = options.BootstrapServers }).Build();
        var groups = await admin.DescribeConsumerGroupsAsync([options.Group], new DescribeConsumerGroupsOptions { RequestTimeout = KafkaTimeout });
        var members = groups.ConsumerGroupDescriptions.Sum(g => g.Members.Count);
        if (members > 0) throw new ReplayRefusedException($"Group {options.Group} has {members} active members: stop the sink first");
    }

    async Task<List<ReplayPartition>> RangesAsync(ReplayScope scope, CancellationToken cancel)
    {
        using var consumer = Consumer();
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        var topic = admin.GetMetadata(options.DocumentsTopic, KafkaTimeout).Topics.Single();
        if (topic.Error.IsError) throw new KafkaException(topic.Error);
        var ranges = new List<ReplayPartition>();
        foreach (var id in topic.Partitions.Select(p => p.PartitionId).Order())
        {
            var partition = new TopicPartition(options.DocumentsTopic, id);
            var limits = consumer.QueryWatermarkOffsets(partition, KafkaTimeout);
            var from = scope switch
            {
                ReplayScope.FromOffset offset => offset.Offset,
                ReplayScope.FromTime time => consumer.OffsetsForTimes([new(partition, new Confluent.Kafka.Timestamp(time.Time.UtcDateTime))], KafkaTimeout)[0].Offset.Value,
                _ => limits.Low.Value,
            };
            if (from < 0 || from > limits.High.Value) from = limits.High.Value;
            var current = await store.PositionAsync(options.Group, options.DocumentsTopic, id, cancel) ?? 0;
            ranges.Add(new ReplayPartition(id, current, Math.Max(from, limits.Low.Value), limits.High.Value, 0));
        }
        return ranges;
    }

    async Task ReadAsync(ReplayScope scope, IReadOnlyList<ReplayPartition> ranges, Func<IReadOnlyList<JudgedRecord>, Task> handle, CancellationToken cancel)
    {
        using var consumer = Consumer();
        foreach (var range in ranges.Where(r => r.New < r.End))
        {
            consumer.Assign(new TopicPartitionOffset(options.DocumentsTopic, range.Partition, range.New));
            var batch = new List<JudgedRecord>();
            var deadline = DateTime.UtcNow + KafkaTimeout;
            while (true)
            {
                cancel.ThrowIfCancellationRequested();
                var result = consumer.Consume(TimeSpan.FromMilliseconds(200));
                if (result is null)
                {
                    if (DateTime.UtcNow > deadline) throw new TimeoutException($"{options.DocumentsTopic} {range.Partition} does not answer");
                    continue;
                }
                deadline = DateTime.UtcNow + KafkaTimeout;
                if (result.IsPartitionEOF || result.Offset.Value >= range.End) break;
                var judged = await reader.ReadAsync(ConsumerSettings.ToRecord(result), cancel);
                if (Covers(scope, judged)) batch.Add(judged);
                if (batch.Count >= Batch) await FlushAsync(batch, handle);
                if (result.Offset.Value == range.End - 1) break;
            }
            await FlushAsync(batch, handle);
        }
    }

    static async Task FlushAsync(List<JudgedRecord> batch, Func<IReadOnlyList<JudgedRecord>, Task> handle)
    {
        if (batch.Count > 0) await handle([.. batch]);
        batch.Clear();
    }

    static bool Covers(ReplayScope scope, JudgedRecord record) => scope is not ReplayScope.OfPeriod period || record.Document?.Period == period.Period;

    async Task<Dictionary<string, (string Hash, string State)>> StatesAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var rows = await connection.QueryAsync<(string Key, string Hash, string State)>("select document_key, content_hash, state from erp.document");
        return rows.ToDictionary(r => r.Key, r => (r.Hash, r.State), StringComparer.Ordinal);
    }

    // A group of its own that never joins: partitions are assigned by hand, nothing is committed.
    IConsumer<byte[]?, byte[]?> Consumer() =>
        new ConsumerBuilder<byte[]?, byte[]?>(ConsumerSettings.For(options, options.Group + "-replay")).SetLogHandler((_, _) => { }).Build();
}

/// <summary>Adds up what a replay meets.</summary>
sealed class ReplayTally(IReadOnlyDictionary<string, (string Hash, string State)> ledger)
{
    readonly SortedDictionary<string, string> _seen = new(StringComparer.Ordinal);
    readonly SortedDictionary<string, ReplayMoney> _affected = new(StringComparer.Ordinal);
    readonly SortedDictionary<string, ReplayMoney> _toBePosted = new(StringComparer.Ordinal);
    readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    long _confirmed, _underWay, _conflicts, _rejected;

    public void Add(JudgedRecord record)
    {
        var (fate, document) = (Judge(record), record.Document);
        _hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture,
            $"{record.Record.Partition}|{record.Record.Offset}|{document?.DocumentKey}|{document?.ContentHash}|{fate}\n")));
    }

    string Judge(JudgedRecord record)
    {
        if (record.Document is not { } document)
        {
            _rejected++;
            return "rejected";
        }
        var known = _seen.TryGetValue(document.DocumentKey, out var hash) ? (Hash: hash, State: "seen")
            : ledger.TryGetValue(document.DocumentKey, out var row) ? (Hash: row.Hash, State: row.State) : (Hash: null, State: "new");
        if (known.Hash is not null && known.Hash != document.ContentHash)
        {
            _conflicts++;
            return "conflict";
        }
        if (known.State == "seen") return "seen";
        _seen[document.DocumentKey] = document.ContentHash;
        Count(_affected, document);
        if (known.State == "new") Count(_toBePosted, document);
        else if (known.State == DocumentState.Confirmed) _confirmed++;
        else _underWay++;
        return known.State;
    }

    public ReplayPlan ToPlan(string topic, ReplayScope scope, IReadOnlyList<ReplayPartition> partitions) => new(
        topic, scope, partitions, [.. _affected.Values], [.. _toBePosted.Values], _confirmed, _underWay, _conflicts, _rejected,
        Convert.ToHexStringLower(_hash.GetHashAndReset()));

    static void Count(SortedDictionary<string, ReplayMoney> money, ErpDocument document)
    {
        var sum = money.GetValueOrDefault(document.Currency) ?? new ReplayMoney(document.Currency, 0, ExactDecimal.Zero);
        money[document.Currency] = sum with { Documents = sum.Documents + 1, Total = sum.Total + document.Total };
    }
}
