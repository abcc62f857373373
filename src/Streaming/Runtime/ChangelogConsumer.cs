using System.Runtime.InteropServices;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Streams.Streaming.Native;

namespace Streams.Streaming.Runtime;

/// <summary>Reads any number of changelog partitions through one consumer, in batches. The consumer is there only while there is something to read.</summary>
internal sealed class ChangelogConsumer(string name, StreamConfig config, ILogger logger) : IDisposable
{
    private readonly List<ChangelogPartition> partitions = [];
    private readonly Dictionary<(nint Topic, int Partition), ChangelogPartition?> lookup = [];
    private IConsumer<Ignore, Ignore>? consumer;
    private BatchReader? reader;

    public IReadOnlyList<ChangelogPartition> Partitions => partitions;

    public void Add(IReadOnlyCollection<ChangelogPartition> more)
    {
        if (more.Count == 0)
            return;
        if (consumer is null)
        {
            consumer = new ConsumerBuilder<Ignore, Ignore>(ClientConfigs.Reader(config, name))
                .SetLogHandler((_, message) => logger.ClientMessage(name, message.Message))
                .Build();
            reader = new BatchReader(consumer);
        }
        partitions.AddRange(more);
        lookup.Clear();
        consumer.IncrementalAssign(more.Select(c => new TopicPartitionOffset(c.Partition, c.Position)));
    }

    public void Remove(IReadOnlyCollection<ChangelogPartition> done)
    {
        if (done.Count == 0)
            return;
        partitions.RemoveAll(done.Contains);
        lookup.Clear();
        if (partitions.Count == 0)
            Dispose();
        else
            consumer!.IncrementalUnassign(done.Select(c => c.Partition));
    }

    /// <summary>Waits for records and applies one batch.</summary>
    /// <returns>Messages met, records or ends.</returns>
    /// <exception cref="StreamsException">A partition cannot be read on.</exception>
    public int Read(TimeSpan timeout)
    {
        if (reader is null)
            return 0;
        var count = reader.Read(timeout);
        try
        {
            Apply(count);
        }
        finally
        {
            reader.Release();
        }
        return count;
    }

    public void Dispose()
    {
        partitions.Clear();
        lookup.Clear();
        reader?.Dispose();
        consumer?.Dispose();
        (reader, consumer) = (null, null);
    }

    private unsafe void Apply(int count)
    {
        NativeMessage* last = null;
        ChangelogPartition? current = null;
        long records = 0;
        for (var i = 0; i < count; i++)
        {
            var message = reader![i];
            if (last is null || last->Topic != message->Topic || last->Partition != message->Partition)
            {
                current?.Moved(last, last->Error != 0);
                current = Find(message);
            }
            last = message;
            if (current is null || current.Position >= current.End)
                continue;
            if (message->Error != 0)
            {
                AtError(current, message);
                continue;
            }
            current.Apply(message);
            records++;
        }
        current?.Moved(last, last->Error != 0);
        Telemetry.Restored.Add(records);
    }

    private unsafe ChangelogPartition? Find(NativeMessage* message)
    {
        if (message->Topic == 0)
            return null;
        if (lookup.TryGetValue((message->Topic, message->Partition), out var known))
            return known;
        var topic = Marshal.PtrToStringUTF8(LibRdKafka.rd_kafka_topic_name(message->Topic));
        var found = partitions.Find(c => c.Partition.Partition.Value == message->Partition && c.Partition.Topic == topic);
        lookup[(message->Topic, message->Partition)] = found;
        return found;
    }

    private static unsafe void AtError(ChangelogPartition changelog, NativeMessage* message)
    {
        if (message->Error != BatchReader.EndOfPartition)
            throw new StreamsException($"changelog {changelog.Partition} at {changelog.Position} of {changelog.End}: {(ErrorCode)message->Error} "
                + Marshal.PtrToStringUTF8((nint)message->Value, checked((int)message->ValueLength)));
        changelog.ReachEnd(message->Offset);
    }
}
