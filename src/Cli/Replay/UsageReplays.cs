using System.Diagnostics;
using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Streams.Aggregators.Metering;
using Streams.Aggregators.Replay;
using Streams.Rating.Contracts;
using Streams.Schemas;

namespace Streams.Cli.Replay;

/// <summary>What a replay took.</summary>
readonly record struct ReplayFigures(long Records, TimeSpan Time)
{
    public static ReplayFigures operator +(ReplayFigures a, ReplayFigures b) => new(a.Records + b.Records, a.Time + b.Time);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Records} records in {Time.TotalSeconds:0.00} s, {Records / Math.Max(Time.TotalSeconds, 0.001):0} a second");
}

/// <summary>Replays of usage.events from Kafka: it is only read, in no group's name, and nothing is written or committed.</summary>
sealed class UsageReplays : IDisposable
{
    const int RecordsBetweenReports = 100_000;

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    readonly ClientConfig _connection;
    readonly IDisposable? _registry;
    readonly IWriterSchemas? _writers;
    readonly int? _schemaId;

    UsageReplays(ClientConfig connection, ContractHistory history, IReadOnlyList<int> partitions, IDisposable? registry, IWriterSchemas? writers, int? schemaId)
    {
        (_connection, History, Partitions) = (connection, history, partitions);
        (_registry, _writers, _schemaId) = (registry, writers, schemaId);
    }

    public ContractHistory History { get; }

    public IReadOnlyList<int> Partitions { get; }

    /// <summary>Reads the history of the contracts. Without a registry every event is taken for one of the schema of now.</summary>
    /// <exception cref="ReplayException">It is not what the pipeline wrote.</exception>
    public static async Task<UsageReplays> OpenAsync(KafkaSettings kafka, CancellationToken cancel)
    {
        var connection = kafka.ToClientConfig();
        var history = new ContractHistory();
        foreach (var record in TopicReader.ReadAll(connection, Topics.ContractEditions)) history.Add(Encoding.UTF8.GetString(record.Message.Key), record.Message.Value);
        var partitions = TopicReader.Partitions(connection, Topics.UsageEvents);
        if (kafka.RegistryUrl is null) return new(connection, history, partitions, null, null, null);
        var registry = kafka.OpenRegistry();
        var id = await registry.GetIdAsync(Topics.Subject(Topics.UsageEvents), UsageEvent.SchemaJson, cancel);
        return new(connection, history, partitions, registry, new RegistryWriterSchemas(registry), id);
    }

    public PartitionReplay Of(int partition, Action<ReplayedDocument>? made = null, RecordJudged? judged = null, IEnumerable<ContractEntry>? instead = null) =>
        new(new(Topics.UsageEvents, partition, Partitions.Count, _schemaId, _writers), History, instead) { Made = made, Judged = judged };

    /// <summary>Gives a partition's records to replays of it, from its start on.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="through">The last offset; null: what is there now.</param>
    /// <param name="report">Told of the share that is done, and the speed.</param>
    /// <param name="replays">They see the records one after the other.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="ReplayException">Records were removed by retention, or their contracts are not on record.</exception>
    public ReplayFigures Run(int partition, long? through, Action<double, string> report, CancellationToken cancel, params PartitionReplay[] replays)
    {
        using var consumer = new ConsumerBuilder<byte[], byte[]>(Config()).SetLogHandler((_, _) => { }).Build();
        var place = new TopicPartition(Topics.UsageEvents, partition);
        var ends = consumer.QueryWatermarkOffsets(place, Patience);
        if (ends.Low.Value > 0) throw new ReplayException($"{Topics.UsageEvents}/{partition} begins at offset {ends.Low}: what was before was removed by retention, and nothing can be proven without it");
        if (through >= ends.High.Value) throw new ReplayException($"{Topics.UsageEvents}/{partition} ends at offset {ends.High}, before {through}: it is not the topic of these documents");
        var last = through ?? ends.High.Value - 1;
        var clock = Stopwatch.StartNew();
        var records = 0L;
        consumer.Assign(new TopicPartitionOffset(place, Offset.Beginning));
        for (var offset = -1L; offset < last;)
        {
            var result = consumer.Consume(Patience) ?? throw new CommandException(ExitCodes.Failed, $"{Topics.UsageEvents}/{partition}: no answer for {Patience.TotalSeconds} s");
            if (result.IsPartitionEOF) break;
            offset = result.Offset.Value;
            if (offset > last) break;
            Process(result, partition, replays);
            if (++records % RecordsBetweenReports != 0) continue;
            cancel.ThrowIfCancellationRequested();
            report((double)offset / (last + 1), $"partition {partition}, {new ReplayFigures(records, clock.Elapsed)}");
        }
        return new(records, clock.Elapsed);
    }

    static void Process(ConsumeResult<byte[], byte[]> result, int partition, PartitionReplay[] replays)
    {
        var (key, value) = (result.Message.Key, result.Message.Value);
        var record = new Streams.Streaming.Record
        {
            Topic = Topics.UsageEvents, Partition = partition, Offset = result.Offset.Value, Timestamp = 0, Key = key, HasKey = key is not null, Value = value, HasValue = value is not null,
        };
        foreach (var replay in replays) replay.Process(record);
    }

    ConsumerConfig Config() => new(_connection)
    {
        GroupId = "streams-reader", EnableAutoCommit = false, EnableAutoOffsetStore = false, EnablePartitionEof = true, IsolationLevel = IsolationLevel.ReadCommitted, AutoOffsetReset = AutoOffsetReset.Error,
        ConsumeResultFields = "none", FetchWaitMaxMs = 10, MaxPartitionFetchBytes = 16 << 20, FetchMaxBytes = 64 << 20, QueuedMaxMessagesKbytes = 128 << 10,
    };

    public void Dispose() => _registry?.Dispose();
}
