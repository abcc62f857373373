using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>OffsetForLeaderEpoch (23), versions 2–4: there is one leader epoch, 0, and it ends at the high watermark.</summary>
internal static class OffsetForLeaderEpoch
{
    private const int LeaderEpoch = 0;

    public static readonly ApiDefinition Definition = new(ApiKey.OffsetForLeaderEpoch, 2, 4, 4, Handle);

    private static Task Handle(Request request)
    {
        var reader = request.Read();
        var response = request.Response;
        if (request.Version >= 3) reader.ReadInt32();
        response.WriteInt32(0);
        var topics = reader.ReadArrayLength();
        response.WriteArrayLength(topics);
        for (; topics > 0; topics--)
        {
            var name = reader.ReadString();
            response.WriteString(name);
            var partitions = reader.ReadArrayLength(12);
            response.WriteArrayLength(partitions);
            for (; partitions > 0; partitions--)
            {
                var (index, current, epoch) = (reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32());
                reader.SkipTags();
                Write(response, index, request.Node.Find(name, index), current, epoch);
            }
            reader.SkipTags();
            response.WriteTags();
        }
        response.WriteTags();
        return Task.CompletedTask;
    }

    private static void Write(ProtocolWriter response, int index, PartitionLog? log, int current, int epoch)
    {
        var error = log is null ? ErrorCode.UnknownTopicOrPartition
            : log.IsDamaged ? ErrorCode.KafkaStorageError
            : current > LeaderEpoch ? ErrorCode.UnknownLeaderEpoch
            : current < -1 ? ErrorCode.FencedLeaderEpoch : ErrorCode.None;
        var known = error == ErrorCode.None && epoch == LeaderEpoch;
        response.WriteError(error);
        response.WriteInt32(index);
        response.WriteInt32(known ? LeaderEpoch : -1);
        response.WriteInt64(known ? log!.HighWatermark : -1);
        response.WriteTags();
    }
}
