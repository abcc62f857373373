using System.Diagnostics;
using System.Runtime.InteropServices;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Streams.Streaming.Native;

namespace Streams.Streaming.Runtime;

/// <summary>Reads any number of changelog partitions through one consumer, in batches. The consumer is there only while there is something to read.</summary>
internal sealed class ChangelogConsumer(string name, StreamConfig config, ILogger logger) : IDisposable
{
    private static readonly TimeSpan LookupTimeout = TimeSpan.FromSeconds(10), Grace = TimeSpan.FromSeconds(30);
    private readonly List<ChangelogPartition> partitions = [];
    private readonly Dictionary<(nint Topic, int Partition), ChangelogPartition?> lookup = [];
    private readonly Dictionary<ChangelogPartition, (long Position, long Since, bool Waits)> lost = [];
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
        FindLost();
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
        lost.Clear();
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

    /// <summary>
    /// Where a broker has just come back, or by an older leader epoch, the client may conclude that a position is not in the log. The log is asked, and read on
    /// from there when it has it, be it after a while.
    /// </summary>
    private void FindLost()
    {
        foreach (var (changelog, (position, since, _)) in lost.Where(l => l.Value.Waits && partitions.Contains(l.Key)).ToList())
        {
            if (changelog.Position != position)
                continue;
            var log = consumer!.QueryWatermarkOffsets(changelog.Partition, LookupTimeout);
            if (position < log.Low.Value || Stopwatch.GetElapsedTime(since) > Grace)
                throw new StreamsException($"changelog {changelog.Partition} at {position} of {changelog.End}: the log holds {log.Low} to {log.High}");
            if (position > log.High.Value)
                continue;
            consumer.IncrementalUnassign([changelog.Partition]);
            consumer.IncrementalAssign([new TopicPartitionOffset(changelog.Partition, position)]);
            lost[changelog] = (position, since, Waits: false);
        }
        foreach (var found in lost.Keys.Where(c => !partitions.Contains(c) || c.Position != lost[c].Position).ToList())
            lost.Remove(found);
    }

    private unsafe void AtError(ChangelogPartition changelog, NativeMessage* message)
    {
        if (message->Error is (int)ErrorCode.Local_AutoOffsetReset or (int)ErrorCode.Local_LogTruncation)
        {
            logger.PlaceLost(changelog.Partition.ToString(), changelog.Position, Marshal.PtrToStringUTF8((nint)message->Value, checked((int)message->ValueLength)));
            var since = lost.TryGetValue(changelog, out var known) && known.Position == changelog.Position ? known.Since : Stopwatch.GetTimestamp();
            lost[changelog] = (changelog.Position, since, Waits: true);
            return;
        }
        if (message->Error != BatchReader.EndOfPartition)
            throw new StreamsException($"changelog {changelog.Partition} at {changelog.Position} of {changelog.End}: {(ErrorCode)message->Error} "
                + Marshal.PtrToStringUTF8((nint)message->Value, checked((int)message->ValueLength)));
        changelog.ReachEnd(message->Offset);
    }
}
