using Confluent.Kafka;

namespace Streams.ErpSink.Publishing;

/// <summary>Publishes with an idempotent producer, acks=all.</summary>
public sealed class KafkaPublisher : IRecordPublisher, IDisposable
{
    readonly IProducer<byte[]?, byte[]?> _producer;

    public KafkaPublisher(ErpSinkOptions options) =>
        _producer = new ProducerBuilder<byte[]?, byte[]?>(new ProducerConfig(options.KafkaSettings.ToDictionary())
        {
            BootstrapServers = options.BootstrapServers,
            EnableIdempotence = true,
            Acks = Acks.All,
            Partitioner = Partitioner.Murmur2Random,
            LingerMs = 5,
            MessageTimeoutMs = 60_000,
        }).Build();

    public Task PublishAsync(IReadOnlyList<OutgoingRecord> records, CancellationToken cancel) => Task.WhenAll(records.Select(record =>
    {
        var message = new Message<byte[]?, byte[]?> { Key = record.Key, Value = record.Value, Headers = [] };
        foreach (var (name, value) in record.Headers) message.Headers.Add(name, value);
        return _producer.ProduceAsync(record.Topic, message, cancel);
    }));

    public void Dispose() => _producer.Dispose();
}
