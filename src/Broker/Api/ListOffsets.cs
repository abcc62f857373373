using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>
/// ListOffsets (2), versions 1–7: the end, the start, the newest timestamp (from 7 on) and the first record at or after a time. The special times of later
/// versions (-4, -5: tiered storage) are refused.
/// </summary>
internal static class ListOffsets
{
    private const long Latest = -1;
    private const long Earliest = -2;
    private const long MaxTimestamp = -3;
    private const int LeaderEpoch = 0;
    private const int AnyEpoch = -1;

    public static readonly ApiDefinition Definition = new(ApiKey.ListOffsets, 1, 7, 6, Handle);

    private sealed record Wanted(string Topic, List<(int Partition, int Epoch, long Timestamp)> Partitions);

    private static Task Handle(Request request)
    {
        var topics = Parse(request, out var committedOnly);
        var asked = topics.SelectMany(t => t.Partitions.Select(p => (t.Topic, p.Partition))).CountBy(p => p).Where(c => c.Value > 1).Select(c => c.Key).ToHashSet();
        var response = request.Response;
        if (request.Version >= 2) response.WriteInt32(0);
        response.WriteArrayLength(topics.Count);
        foreach (var topic in topics)
        {
            response.WriteString(topic.Topic);
            response.WriteArrayLength(topic.Partitions.Count);
            foreach (var (index, epoch, timestamp) in topic.Partitions)
            {
                var log = request.Node.Find(topic.Topic, index);
                var error = asked.Contains((topic.Topic, index)) ? ErrorCode.InvalidRequest : Check(log, epoch, timestamp, request.Version);
                Write(request, index, error, error == ErrorCode.None ? Look(log!, timestamp, committedOnly) : null);
            }
            response.WriteTags();
        }
        response.WriteTags();
        return Task.CompletedTask;
    }

    private static List<Wanted> Parse(Request request, out bool committedOnly)
    {
        var reader = request.Read();
        reader.ReadInt32();
        committedOnly = request.Version >= 2 && reader.ReadInt8() == 1;
        var topics = new List<Wanted>();
        for (var left = reader.ReadArrayLength(); left > 0; left--)
        {
            var topic = new Wanted(reader.ReadString(), []);
            for (var partitions = reader.ReadArrayLength(12); partitions > 0; partitions--)
            {
                topic.Partitions.Add((reader.ReadInt32(), request.Version >= 4 ? reader.ReadInt32() : AnyEpoch, reader.ReadInt64()));
                reader.SkipTags();
            }
            reader.SkipTags();
            topics.Add(topic);
        }
        return topics;
    }

    private static ErrorCode Check(PartitionLog? log, int epoch, long timestamp, short version) =>
        timestamp < MaxTimestamp || (timestamp == MaxTimestamp && version < 7) ? ErrorCode.UnsupportedVersion
        : log is null ? ErrorCode.UnknownTopicOrPartition
        : log.IsDamaged ? ErrorCode.KafkaStorageError
        : epoch is AnyEpoch or LeaderEpoch ? ErrorCode.None
        : epoch > LeaderEpoch ? ErrorCode.UnknownLeaderEpoch : ErrorCode.FencedLeaderEpoch;

    private static (long Offset, long Timestamp)? Look(PartitionLog log, long timestamp, bool committedOnly) => timestamp switch
    {
        Latest => (log.EndFor(committedOnly), -1),
        Earliest => (log.LogStartOffset, -1),
        MaxTimestamp => log.FindMaxTimestamp(log.EndFor(committedOnly)),
        _ => log.FindTimestamp(timestamp, log.EndFor(committedOnly)),
    };

    private static void Write(Request request, int index, ErrorCode error, (long Offset, long Timestamp)? found)
    {
        var response = request.Response;
        response.WriteInt32(index);
        response.WriteError(error);
        response.WriteInt64(found?.Timestamp ?? -1);
        response.WriteInt64(found?.Offset ?? -1);
        if (request.Version >= 4) response.WriteInt32(found is null ? -1 : LeaderEpoch);
        response.WriteTags();
    }
}
