using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>What a fetch gets of one partition.</summary>
internal readonly record struct PartitionRead(
    ErrorCode Error, long HighWatermark, long LastStableOffset, long LogStartOffset, LogSlice Slice, IReadOnlyCollection<AbortedTransaction> Aborted);

/// <summary>What a fetch gets as things are, in the order in which it was asked for.</summary>
internal sealed class FetchRead
{
    public List<PartitionRead> Partitions { get; } = [];

    /// <summary>Whether to answer now: as many bytes as were asked for, or an error to tell.</summary>
    public bool IsEnough { get; private set; }

    public static FetchRead Of(Node node, FetchQuery query)
    {
        var read = new FetchRead();
        long bytes = 0;
        foreach (var topic in query.Topics)
        {
            foreach (var wanted in topic.Partitions)
            {
                var partition = Read(node, query, topic, wanted, (int)Math.Max(0, query.MaxBytes - bytes), bytes == 0);
                bytes += partition.Slice.Length;
                read.Partitions.Add(partition);
                read.IsEnough |= partition.Error != ErrorCode.None;
            }
        }
        read.IsEnough |= bytes >= query.MinBytes;
        return read;
    }

    private static PartitionRead Read(Node node, FetchQuery query, WantedTopic topic, WantedPartition wanted, int left, bool first)
    {
        if (topic.Topic is { } known && !ReferenceEquals(node.Find(known.Name), known)) return Refused(query.ById ? ErrorCode.UnknownTopicId : ErrorCode.UnknownTopicOrPartition);
        if (topic.Topic is null && query.ById) return Refused(ErrorCode.UnknownTopicId);
        if (topic.Topic?.Find(wanted.Index) is not { } log) return Refused(ErrorCode.UnknownTopicOrPartition);
        if (ErrorOf(log, wanted) is var error && error != ErrorCode.None) return Refused(error) with { HighWatermark = -1, LogStartOffset = -1 };
        var (high, stable) = (log.HighWatermark, log.LastStableOffset);
        var slice = log.Slice(wanted.Offset, query.CommittedOnly ? stable : high, Math.Min(wanted.MaxBytes, left), first);
        var aborted = query.CommittedOnly && slice.Length > 0 ? log.AbortedBetween(wanted.Offset, slice.EndOffset) : [];
        return new PartitionRead(ErrorCode.None, high, stable, log.LogStartOffset, slice, aborted);
    }

    private static ErrorCode ErrorOf(PartitionLog log, WantedPartition wanted)
    {
        if (log.IsDamaged) return ErrorCode.KafkaStorageError;
        if (wanted.LeaderEpoch > 0) return ErrorCode.UnknownLeaderEpoch;
        return wanted.Offset < log.LogStartOffset || wanted.Offset > log.LogEndOffset ? ErrorCode.OffsetOutOfRange : ErrorCode.None;
    }

    private static PartitionRead Refused(ErrorCode error) => new(error, -1, -1, -1, default, []);
}
