using Confluent.Kafka;
using Streams.ErpSink.Consuming;
using Streams.ErpSink.Ledger;
using Streams.Schemas;
using Streams.Schemas.Avro;
using Streams.Schemas.Registry;

namespace Streams.ErpSink.Restore;

/// <summary>What Kafka remembers of the sink: the group's committed offsets, and the receipts. No group is joined and nothing is committed.</summary>
public sealed class TopicHeads(ErpSinkOptions options, IntakeStore store, TimeProvider time)
{
    const int Batch = 500;
    static readonly TimeSpan KafkaTimeout = TimeSpan.FromSeconds(15);

    /// <summary>Kafka's side is read first: the ledger is written before it, so that a ledger that is behind has lost something.</summary>
    public async Task<IReadOnlyList<PartitionHead>> HeadsAsync(CancellationToken cancel)
    {
        var kafka = await Task.Run(ReadHeads, cancel);
        var heads = new List<PartitionHead>();
        foreach (var head in kafka) heads.Add(head with { Ledger = await store.PositionAsync(options.Group, head.Topic, head.Partition, cancel) ?? 0 });
        return heads;
    }

    /// <summary>The receipts of the topic from these offsets up to where it ends now; a batch ends with the offset to go on from.</summary>
    public async Task ReadReceiptsAsync(Func<int, Task<long>> from, Func<int, IReadOnlyList<RememberedReceipt>, long, Task> handle, CancellationToken cancel)
    {
        using var consumer = Consumer();
        foreach (var partition in Partitions(consumer, options.ReceiptsTopic))
        {
            var limits = consumer.QueryWatermarkOffsets(new TopicPartition(options.ReceiptsTopic, partition), KafkaTimeout);
            var next = Math.Max(await from(partition), limits.Low.Value);
            if (next >= limits.High.Value) continue;
            consumer.Assign(new TopicPartitionOffset(options.ReceiptsTopic, partition, next));
            for (var ended = false; !ended;)
            {
                (var receipts, next, ended) = await Task.Run(() => ReadBatch(consumer, next, limits.High.Value, cancel), cancel);
                await handle(partition, receipts, next);
            }
        }
    }

    (List<RememberedReceipt> Receipts, long Next, bool Ended) ReadBatch(IConsumer<byte[]?, byte[]?> consumer, long next, long end, CancellationToken cancel)
    {
        var (receipts, heard) = (new List<RememberedReceipt>(), time.GetTimestamp());
        while (receipts.Count < Batch)
        {
            cancel.ThrowIfCancellationRequested();
            var result = consumer.Consume(TimeSpan.FromMilliseconds(200));
            if (result is null && time.GetElapsedTime(heard) > KafkaTimeout) throw new TimeoutException($"{options.ReceiptsTopic} does not answer");
            if (result is null) continue;
            if (result.IsPartitionEOF || result.Offset.Value >= end) return (receipts, Math.Max(next, Math.Min(end, result.Offset.Value)), true);
            heard = time.GetTimestamp();
            next = result.Offset.Value + 1;
            if (Read(result) is { State: ReceiptState.Confirmed } receipt) receipts.Add(new RememberedReceipt(result.Partition.Value, result.Offset.Value, receipt));
            if (next >= end) return (receipts, next, true);
        }
        return (receipts, next, false);
    }

    static ErpReceipt? Read(ConsumeResult<byte[]?, byte[]?> record)
    {
        try
        {
            return record.Message.Value is { } value && WireFormat.TryRead(value, out _, out var payload) ? ErpReceipt.Read(payload) : null;
        }
        catch (AvroException)
        {
            // Not a receipt of this sink: it can say nothing of the ledger.
            return null;
        }
    }

    List<PartitionHead> ReadHeads()
    {
        using var consumer = Consumer();
        var partitions = Partitions(consumer, options.DocumentsTopic).Select(p => new TopicPartition(options.DocumentsTopic, p)).ToList();
        if (partitions.Count == 0) return [];
        return [.. consumer.Committed(partitions, KafkaTimeout).Select(c =>
            new PartitionHead(c.Topic, c.Partition.Value, 0, Math.Max(0, c.Offset.Value), consumer.QueryWatermarkOffsets(c.TopicPartition, KafkaTimeout).High.Value))];
    }

    static IReadOnlyList<int> Partitions(IConsumer<byte[]?, byte[]?> consumer, string topic)
    {
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        var metadata = admin.GetMetadata(topic, KafkaTimeout).Topics.Single();
        if (metadata.Error.Code == ErrorCode.UnknownTopicOrPart) return [];
        return metadata.Error.IsError ? throw new KafkaException(metadata.Error) : [.. metadata.Partitions.Select(p => p.PartitionId).Order()];
    }

    IConsumer<byte[]?, byte[]?> Consumer() => new ConsumerBuilder<byte[]?, byte[]?>(ConsumerSettings.For(options, options.Group)).SetLogHandler((_, _) => { }).Build();
}
