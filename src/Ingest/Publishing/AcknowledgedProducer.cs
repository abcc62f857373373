using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Streams.Ingest.Publishing;

/// <summary>
/// An idempotent producer whose sends end with the broker's word: acknowledged, surely not published, or unknown.
/// After a fatal error of the client (its sequence is broken) the next send starts with a new client.
/// </summary>
public sealed class AcknowledgedProducer(KafkaConnection kafka, ILogger<AcknowledgedProducer> logger) : IDisposable
{
    readonly Lock _lock = new();
    IProducer<byte[], byte[]>? _client;
    bool _broken;
    bool _disposed;

    /// <summary>Sends a record to the partition of its key, or to <paramref name="partition"/>. Never throws for what a broker does.</summary>
    /// <param name="timestampMillis">Kafka's record time, milliseconds since the epoch.</param>
    public async Task<Delivery> SendAsync(string topic, byte[] key, byte[] value, long timestampMillis, int? partition = null)
    {
        var message = new Message<byte[], byte[]> { Key = key, Value = value, Timestamp = new(timestampMillis, TimestampType.CreateTime) };
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        try
        {
            var result = await Client().ProduceAsync(new TopicPartition(topic, partition ?? Partition.Any), message);
            return Delivery.Acknowledged(result.Partition, result.Offset);
        }
        catch (ProduceException<byte[], byte[]> e)
        {
            Log.NotAcknowledged(logger, topic, e.Error.Code.ToString(), e.DeliveryResult.Status.ToString());
            // What never left the client's queue cannot have reached the topic; everything else may have.
            return e.DeliveryResult.Status == PersistenceStatus.NotPersisted ? Delivery.NotPublished(e.Error.Reason) : Delivery.Unknown(e.Error.Reason);
        }
        catch (ObjectDisposedException)
        {
            return Delivery.NotPublished("The producer is being closed or replaced");
        }
        finally
        {
            Telemetry.AcknowledgementSeconds.Record(System.Diagnostics.Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
    }

    /// <summary>The partitions of a topic, 0 when it does not exist. Creates nothing.</summary>
    /// <exception cref="KafkaException">No broker answers within <paramref name="timeout"/>.</exception>
    public int CountPartitions(string topic, TimeSpan timeout)
    {
        using var admin = new DependentAdminClientBuilder(Client().Handle).Build();
        return admin.GetMetadata(timeout).Topics.Where(t => t.Topic == topic && !t.Error.IsError).Sum(t => t.Partitions.Count);
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _client?.Flush(kafka.DeliveryTimeout);
            _client?.Dispose();
            _client = null;
        }
    }

    IProducer<byte[], byte[]> Client()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_broken)
            {
                // A fatal error fails the whole queue; every send is to be told before the client goes.
                _client?.Flush(kafka.DeliveryTimeout);
                _client?.Dispose();
                _client = null;
                _broken = false;
            }
            return _client ??= Build();
        }
    }

    IProducer<byte[], byte[]> Build() => new ProducerBuilder<byte[], byte[]>(kafka.ToProducerConfig())
        .SetErrorHandler((_, error) =>
        {
            if (error.IsFatal) Volatile.Write(ref _broken, true);
            Log.KafkaError(logger, error.Code.ToString(), error.IsFatal);
        })
        .SetLogHandler((_, line) => Log.KafkaClient(logger, line.Level.ToString(), line.Message))
        .Build();
}
