using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Streams.Streaming.Tests;

/// <summary>Topics under names of the test's own, with what is written to and read from them.</summary>
internal sealed class Probe(string bootstrapServers) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly IProducer<byte[]?, byte[]?> producer = new ProducerBuilder<byte[]?, byte[]?>(new ProducerConfig
    {
        BootstrapServers = bootstrapServers, Acks = Acks.All, EnableIdempotence = true, LingerMs = 2,
    }).Build();

    public IAdminClient Admin { get; } = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrapServers }).Build();

    public string Application { get; } = "app-" + Guid.NewGuid().ToString("N")[..8];

    /// <summary>Patient: a machine that stands still for a moment ends no session and no transaction. Tests about their ends ask for less.</summary>
    public StreamConfig Config => new()
    {
        ApplicationId = Application, BootstrapServers = bootstrapServers, SessionTimeout = TimeSpan.FromSeconds(30), TransactionTimeout = TimeSpan.FromSeconds(30),
    };

    /// <summary>What the stream under test logged; shown when something does not come.</summary>
    public CapturedLog Log { get; } = new();

    public string Topic(string name) => $"{Application}-{name}";

    /// <summary>Nothing expires unless told: records of long ago would be gone with the broker's next look at its logs.</summary>
    public async Task<string> CreateAsync(string name, int partitions = 1, Dictionary<string, string>? settings = null)
    {
        var all = new Dictionary<string, string>(settings ?? []);
        all.TryAdd("retention.ms", "-1");
        await Admin.CreateTopicsAsync([new TopicSpecification { Name = Topic(name), NumPartitions = partitions, ReplicationFactor = 1, Configs = all }]);
        return Topic(name);
    }

    public void Send(string topic, string? key, string? value, long timestamp = 1_700_000_000_000, int partition = 0) => producer.Produce(
        new TopicPartition(topic, partition),
        new Message<byte[]?, byte[]?> { Key = Bytes(key), Value = Bytes(value), Timestamp = new Timestamp(timestamp, TimestampType.CreateTime) });

    public void Flush()
    {
        if (producer.Flush(Limit) > 0)
            throw new TimeoutException("not everything was acknowledged");
    }

    /// <param name="enough">Reads no further: the end of a topic that grows all the time is never met.</param>
    public List<ConsumeResult<byte[]?, byte[]?>> Read(string topic, int enough = int.MaxValue)
    {
        var count = Admin.GetMetadata(topic, Limit).Topics[0].Partitions.Count;
        using var consumer = new ConsumerBuilder<byte[]?, byte[]?>(new ConsumerConfig
        {
            BootstrapServers = bootstrapServers, GroupId = "probe", IsolationLevel = IsolationLevel.ReadCommitted, EnablePartitionEof = true, EnableAutoCommit = false,
        }).Build();
        consumer.Assign(Enumerable.Range(0, count).Select(p => new TopicPartitionOffset(topic, p, Offset.Beginning)));
        var records = new List<ConsumeResult<byte[]?, byte[]?>>();
        for (var ended = 0; ended < count && records.Count < enough;)
        {
            var result = consumer.Consume(Limit) ?? throw new TimeoutException($"no end of {topic}");
            if (result.IsPartitionEOF)
                ended++;
            else
                records.Add(result);
        }
        return records;
    }

    /// <summary>Waits until a topic holds as many committed records, and reads to its end, or no further than that.</summary>
    public async Task<List<ConsumeResult<byte[]?, byte[]?>>> ReadAsync(string topic, int count, bool noFurther = false)
    {
        using var limit = new CancellationTokenSource(Limit * 2);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (true)
        {
            var records = Read(topic, noFurther ? count : int.MaxValue);
            if (records.Count >= count)
                return records;
            if (limit.IsCancellationRequested)
                throw new TimeoutException($"{records.Count} of {count} records in {topic}\n{Log}");
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    public long Earliest(string topic, int partition = 0) => Watermarks(topic, partition).Low.Value;

    public WatermarkOffsets Watermarks(string topic, int partition = 0)
    {
        using var consumer = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig { BootstrapServers = bootstrapServers, GroupId = "probe" }).Build();
        return consumer.QueryWatermarkOffsets(new TopicPartition(topic, partition), Limit);
    }

    public static string Text(byte[]? bytes) => Encoding.UTF8.GetString(bytes ?? throw new InvalidOperationException("no bytes"));

    public static Dictionary<string, string> Headers(ConsumeResult<byte[]?, byte[]?> record) =>
        record.Message.Headers.ToDictionary(h => h.Key, h => Text(h.GetValueBytes()));

    public static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    public static async Task EventuallyAsync(Func<bool> condition, TimeSpan? within = null)
    {
        using var limit = new CancellationTokenSource(within ?? Limit * 2);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!condition())
            await timer.WaitForNextTickAsync(limit.Token);
    }

    public void Dispose()
    {
        producer.Dispose();
        Admin.Dispose();
    }

    private static byte[]? Bytes(string? text) => text is null ? null : Encoding.UTF8.GetBytes(text);
}

/// <summary>A processor of a single function.</summary>
internal sealed class Each(Action<IProcessorContext, ProbeRecord> process, Action<IProcessorContext>? init = null) : IProcessor
{
    private IProcessorContext context = null!;

    public void Init(IProcessorContext context)
    {
        this.context = context;
        init?.Invoke(context);
    }

    public void Process(in Record record) =>
        process(context, new ProbeRecord(record.Topic, record.HasKey ? record.Key.ToArray() : null, record.HasValue ? record.Value.ToArray() : null, record.Timestamp));
}

internal sealed record ProbeRecord(string Topic, byte[]? Key, byte[]? Value, long Timestamp)
{
    public string Text => Probe.Text(Value);
}
