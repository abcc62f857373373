using System.Diagnostics;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;
using Streams.Schemas.Registry;

namespace Streams.Broker.Registry;

/// <summary>
/// The schemas topic: the only durable copy of what the registry knows. Records are appended with acks=all and take effect when they are read back,
/// so memory never holds what the log does not. Not safe for concurrent use.
/// </summary>
sealed class SchemaLog : IDisposable
{
    static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);

    readonly EmbeddedRegistryOptions _options;
    readonly Action<LogRecord> _apply;
    readonly ILogger _log;
    readonly TopicPartition _partition;
    readonly IConsumer<byte[], byte[]?> _consumer;
    readonly IConsumer<byte[], byte[]?> _ends;
    readonly IAdminClient _admin;
    IProducer<byte[], byte[]?> _producer;
    long _position;

    public SchemaLog(EmbeddedRegistryOptions options, Action<LogRecord> apply, ILogger log)
    {
        _options = options;
        _apply = apply;
        _log = log;
        _partition = new(options.Topic, 0);
        _admin = new AdminClientBuilder(Settings()).SetLogHandler((_, m) => Log.Client(log, m.Message)).Build();
        _producer = NewProducer();
        var reading = new ConsumerConfig(Settings())
        {
            GroupId = "streams-registry", // asked for by the client; no offset is ever committed
            EnableAutoCommit = false,
            EnablePartitionEof = true,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            IsolationLevel = IsolationLevel.ReadCommitted,
        };
        _ends = new ConsumerBuilder<byte[], byte[]?>(reading).SetLogHandler((_, m) => Log.Client(log, m.Message)).Build();
        _consumer = new ConsumerBuilder<byte[], byte[]?>(reading).SetLogHandler((_, m) => Log.Client(log, m.Message)).Build();
    }

    public void Dispose()
    {
        _consumer.Close();
        _consumer.Dispose();
        _ends.Dispose();
        _producer.Dispose();
        _admin.Dispose();
    }

    /// <summary>Creates the topic when it is missing, and reads it from its beginning to its end.</summary>
    /// <exception cref="InvalidOperationException">The topic exists but could lose schemas: several partitions, or not compacted.</exception>
    public async Task OpenAsync(CancellationToken cancel)
    {
        await CreateAsync();
        await OnceKnownAsync(CheckAsync, cancel);
        _consumer.Assign(new TopicPartitionOffset(_partition, Offset.Beginning));
        await OnceKnownAsync(() => { ReadToEnd(_options.StartTimeout, cancel); return Task.CompletedTask; }, cancel);
    }

    /// <summary>Appends records, in order, and applies them; returns when they are durable.</summary>
    /// <exception cref="RegistryError">50001 or 50002: whether a record was written is unknown, the next call of <see cref="CatchUp"/> will tell.</exception>
    public async Task AppendAsync(IReadOnlyList<LogRecord> records)
    {
        try
        {
            foreach (var record in records)
            {
                await _producer.ProduceAsync(_partition, new() { Key = record.Key, Value = record.Value });
            }
        }
        catch (KafkaException e)
        {
            if (e.Error.IsFatal) Renew();
            throw Failure("written", e);
        }
        CatchUp();
    }

    /// <summary>Reads what was appended since, be it by this registry or another.</summary>
    public void CatchUp()
    {
        try
        {
            ReadToEnd(_options.StoreTimeout, CancellationToken.None);
        }
        catch (KafkaException e)
        {
            throw Failure("read", e);
        }
    }

    IProducer<byte[], byte[]?> NewProducer()
    {
        var settings = new ProducerConfig(Settings())
        {
            Acks = Acks.All,
            EnableIdempotence = true,
            LingerMs = 0,
            MessageTimeoutMs = (int)_options.StoreTimeout.TotalMilliseconds,
        };
        return new ProducerBuilder<byte[], byte[]?>(settings).SetLogHandler((_, m) => Log.Client(_log, m.Message)).Build();
    }

    /// <summary>A fatal error (a lost sequence) ends a producer for good.</summary>
    void Renew()
    {
        _producer.Dispose();
        _producer = NewProducer();
    }

    void ReadToEnd(TimeSpan timeout, CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        var end = End(timeout);
        while (_position < end)
        {
            var left = timeout - watch.Elapsed;
            if (left <= TimeSpan.Zero) throw new RegistryError(SchemaRegistryErrors.OperationTimedOut, $"Reading topic {_options.Topic} stopped at offset {_position} of {end}");
            cancel.ThrowIfCancellationRequested();
            var result = _consumer.Consume(left < Poll ? left : Poll);
            if (result is null) continue;
            _position = result.IsPartitionEOF ? result.Offset.Value : result.Offset.Value + 1;
            if (!result.IsPartitionEOF) Apply(result);
        }
    }

    /// <summary>The high watermark. Not asked on the reader's connection, where the answer would wait behind a fetch of an idle topic.</summary>
    long End(TimeSpan timeout) => _ends.QueryWatermarkOffsets(_partition, timeout).High.Value;

    void Apply(ConsumeResult<byte[], byte[]?> result)
    {
        try
        {
            if (result.Message.Key is null) throw new InvalidDataException("The record has no key");
            _apply(new(result.Message.Key, result.Message.Value));
        }
        catch (InvalidDataException e)
        {
            Log.UnreadableRecord(_log, _options.Topic, result.Offset.Value, e.Message); // it stays in the topic; the schemas around it must remain usable
        }
    }

    async Task CreateAsync()
    {
        var topic = new TopicSpecification
        {
            Name = _options.Topic,
            NumPartitions = 1,
            ReplicationFactor = -1, // the broker's default
            Configs = new() { ["cleanup.policy"] = "compact" },
        };
        try
        {
            await _admin.CreateTopicsAsync([topic], new() { RequestTimeout = _options.StoreTimeout, OperationTimeout = _options.StoreTimeout });
        }
        catch (CreateTopicsException e) when (e.Results.All(r => r.Error.Code == ErrorCode.TopicAlreadyExists))
        {
            Log.TopicExists(_log, _options.Topic);
        }
    }

    /// <summary>A topic that was just created is known to a broker, and has a leader, only a little later.</summary>
    async Task OnceKnownAsync(Func<Task> action, CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await action();
                return;
            }
            catch (KafkaException e) when (IsNotYetKnown(e) && watch.Elapsed < _options.StartTimeout)
            {
                await Task.Delay(Poll, cancel);
            }
        }
    }

    static bool IsNotYetKnown(KafkaException e)
    {
        var error = e is DescribeConfigsException d ? d.Results.Select(r => r.Error).FirstOrDefault(r => r.IsError) ?? e.Error : e.Error;
        return error.Code is ErrorCode.UnknownTopicOrPart or ErrorCode.LeaderNotAvailable or ErrorCode.NotLeaderForPartition;
    }

    async Task CheckAsync()
    {
        var topic = _admin.GetMetadata(_options.Topic, _options.StoreTimeout).Topics.Single();
        if (topic.Error.IsError) throw new KafkaException(topic.Error);
        var partitions = topic.Partitions.Count;
        if (partitions > 1) throw new InvalidOperationException($"Topic {_options.Topic} has {partitions} partitions; a registry needs exactly one");
        var resource = new ConfigResource { Type = ResourceType.Topic, Name = _options.Topic };
        var described = await _admin.DescribeConfigsAsync([resource], new() { RequestTimeout = _options.StoreTimeout });
        var policy = described.Single().Entries.TryGetValue("cleanup.policy", out var entry) ? entry.Value : "";
        if (policy != "compact") throw new InvalidOperationException($"Topic {_options.Topic} has cleanup.policy={policy}; with anything but compact, schemas would be lost");
    }

    RegistryError Failure(string what, KafkaException e) => new(
        e.Error.Code is ErrorCode.Local_MsgTimedOut or ErrorCode.Local_TimedOut or ErrorCode.RequestTimedOut ? SchemaRegistryErrors.OperationTimedOut : SchemaRegistryErrors.StoreError,
        $"Topic {_options.Topic} could not be {what}: {e.Error.Reason}", e);

    Dictionary<string, string> Settings() => new(_options.ClientSettings) { ["bootstrap.servers"] = _options.BootstrapServers };
}
