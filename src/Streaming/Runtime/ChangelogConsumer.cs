using System.Diagnostics;
using System.Runtime.InteropServices;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Streams.Streaming.Native;

namespace Streams.Streaming.Runtime;

/// <summary>Reads any number of changelog partitions through one consumer, in batches. The consumer is there only while there is something to read.</summary>
internal sealed class ChangelogConsumer(string name, StreamConfig config, ILogger logger) : IDisposable
{
    /// <summary>Records applied between two looks at the clock.</summary>
    private const int Run = 64;
    private const int Few = 500;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1);
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
        FreeKept(done);
        partitions.RemoveAll(done.Contains);
        lookup.Clear();
        if (partitions.Count == 0)
            Dispose();
        else
            consumer!.IncrementalUnassign(done.Select(c => c.Partition));
    }

    /// <summary>Waits for records and applies those of one batch, for about the given time: what is left stays for the next call.</summary>
    /// <returns>Messages met, records or ends.</returns>
    /// <exception cref="StreamsException">A partition cannot be read on.</exception>
    public int Read(TimeSpan timeout)
    {
        if (reader is null)
            return 0;
        FindLost();
        var deadline = Stopwatch.GetTimestamp() + (long)(timeout.TotalSeconds * Stopwatch.Frequency);
        if (reader.Count == 0 && reader.Read(timeout) < Few)
        {
            // The client is slower than the store: a moment later there is a batch worth waking up for.
            Thread.Sleep(Pause);
            reader.Read(TimeSpan.Zero);
        }
        var met = 0;
        try
        {
            met = Apply(deadline);
        }
        finally
        {
            // Behind a failure nothing is kept: whoever goes on begins at the positions.
            reader.Keep(met == 0 ? reader.Count : met);
        }
        return met;
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

    /// <returns>How many messages are done with.</returns>
    private unsafe int Apply(long deadline)
    {
        var next = 0;
        while (next < reader!.Count)
        {
            var changelog = reader[next] is null ? null : Find(reader[next]);
            var end = RunFrom(next, changelog);
            if (changelog is not null && changelog.Position < changelog.End)
                Apply(changelog, next, end);
            next = end;
            if (Stopwatch.GetTimestamp() >= deadline)
                break;
        }
        return next;
    }

    /// <summary>The end of the records of one partition that follow each other, a run at most; an error is a run of its own.</summary>
    private unsafe int RunFrom(int start, ChangelogPartition? changelog)
    {
        var end = start + 1;
        if (changelog is null || reader![start]->Error != 0)
            return end;
        var first = reader[start];
        var limit = Math.Min(reader.Count, start + Run);
        while (end < limit && reader[end] is var next && next is not null && next->Error == 0 && next->Topic == first->Topic && next->Partition == first->Partition
            && reader[end - 1]->Offset + 1 < changelog.End)
            end++;
        return end;
    }

    private unsafe void Apply(ChangelogPartition changelog, int start, int end)
    {
        var last = reader![end - 1];
        if (last->Error != 0)
        {
            AtError(changelog, last);
        }
        else
        {
            var records = stackalloc ChangelogRecord[Run];
            for (var i = start; i < end; i++)
            {
                var message = reader[i];
                records[i - start] = new((byte*)message->Key, checked((int)message->KeyLength), (byte*)message->Value, checked((int)message->ValueLength));
            }
            changelog.Apply(new ReadOnlySpan<ChangelogRecord>(records, end - start), last->Offset);
            Telemetry.Restored.Add(end - start);
        }
        changelog.Moved(last, last->Error != 0);
    }

    /// <summary>A partition that comes back is read from its new position: what was fetched before must not come first.</summary>
    private unsafe void FreeKept(IReadOnlyCollection<ChangelogPartition> done)
    {
        for (var i = 0; i < reader!.Count; i++)
        {
            if (reader[i] is not null && Find(reader[i]) is { } changelog && done.Contains(changelog))
                reader.Free(i);
        }
        reader.Keep(0);
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
